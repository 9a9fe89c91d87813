//! Sums and moments in f64, always in the same order.

/// Partial sums of [`dot`].
const LANES: usize = 8;

/// Σ a·b. Several partial sums run side by side, so that the latency of an addition does not bound the loop.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += f64::from(a[lane]) * f64::from(b[lane]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    sums.iter().sum::<f64>() + rest
}

/// Subtracts the mean.
pub(crate) fn centred(mut values: Vec<f64>) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter_mut().for_each(|value| *value -= mean);
    values
}

/// Standard deviation of values that are already centred, over their number.
pub(crate) fn std(centred: &[f64]) -> f64 {
    (centred.iter().map(|value| value * value).sum::<f64>() / centred.len() as f64).sqrt()
}

/// The values in f64.
pub(crate) fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_product_takes_every_element_once() {
        for length in [0, 1, 7, 8, 9, 23, 64] {
            let values: Vec<f32> = (1..=length).map(|value| value as f32).collect();
            let expected: u32 = (1..=length as u32).map(|value| value * value).sum();
            assert_eq!(dot(&values, &values), f64::from(expected));
        }
    }

    #[test]
    fn moments() {
        let values = centred(widen(&[1.0, 2.0, 6.0]));
        assert_eq!(values, [-2.0, -1.0, 3.0]);
        assert_eq!(std(&values), (14.0f64 / 3.0).sqrt());
    }
}
