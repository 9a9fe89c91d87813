//! SiLU, silu(x) = x / (1 + e⁻ˣ).

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

/// silu(x).
pub(super) fn silu(x: f32) -> f32 {
    x * sigmoid(x)
}

/// d silu(x) / dx.
pub(super) fn silu_rate(x: f32) -> f32 {
    let s = sigmoid(x);
    s * (1.0 + x * (1.0 - s))
}

/// Sets `y` to silu(x).
pub(super) fn silu_into(x: &[f32], y: &mut [f32]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y = silu(x));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_and_rate_agree_with_f64() {
        for i in -2000..=2000 {
            let x = i as f32 / 50.0;
            let exact = f64::from(x);
            let s = 1.0 / (1.0 + libm::exp(-exact));
            let (value, rate) = (exact * s, s * (1.0 + exact * (1.0 - s)));
            assert!((f64::from(silu(x)) - value).abs() < 2e-6, "silu({x})");
            assert!((f64::from(silu_rate(x)) - rate).abs() < 2e-6, "the rate at {x}");
        }
    }

    #[test]
    fn limits_are_finite() {
        assert_eq!((silu(-1e30), silu_rate(-1e30)), (0.0, 0.0));
        assert_eq!((silu(1e30), silu_rate(1e30)), (1e30, 1.0));
    }
}
