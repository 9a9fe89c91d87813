//! In float arithmetic.

use crate::arithmetic::float::Float;
use crate::layer::{At, Compute, Room, Values};
use crate::observer::{Activation, Observer};
use vapo_format::layer::Silu;

impl Compute<Float> for Silu {
    fn forward(&self, at: &At<'_>, [_, film, _]: Values<'_, f32>, y: &mut [f32], _: Room<'_>) {
        // Extents are at least 1; the compiler cannot know.
        let channels = usize::from(at.output.channels).max(1);
        if let Some((scale, shift)) = film.split_at_checked(channels).filter(|_| !film.is_empty()) {
            for pixel in y.chunks_exact_mut(channels) {
                for ((y, scale), shift) in pixel.iter_mut().zip(scale).zip(shift) {
                    *y = silu(modulated(*y, scale, shift));
                }
            }
        } else {
            y.iter_mut().for_each(|y| *y = silu(*y));
        }
    }

    fn observe(&self, observer: &mut impl Observer, node: u16, at: &At<'_>, [_, film, _]: Values<'_, f32>, y: &[f32]) {
        let channels = usize::from(at.output.channels).max(1);
        let Some((scale, shift)) = film.split_at_checked(channels).filter(|_| !film.is_empty()) else {
            return observer.float(node, Activation::Value, y);
        };
        for pixel in y.chunks_exact(channels) {
            for ((x, scale), shift) in pixel.iter().zip(scale).zip(shift) {
                observer.float(node, Activation::Value, &[modulated(*x, scale, shift)]);
            }
        }
    }

    fn reverse(&self, at: &At<'_>, [x, film, _]: Values<'_, f32>, g: &mut [f32], _: &mut [f32], _: usize, _: Room<'_>) {
        let channels = usize::from(at.output.channels).max(1);
        if let Some((scale, shift)) = film.split_at_checked(channels).filter(|_| !film.is_empty()) {
            for (pixel, x) in g.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
                for (((g, x), scale), shift) in pixel.iter_mut().zip(x).zip(scale).zip(shift) {
                    *g *= silu_rate(modulated(*x, scale, shift)) * (1.0 + scale);
                }
            }
        } else {
            g.iter_mut().zip(x).for_each(|(g, x)| *g *= silu_rate(*x));
        }
    }
}

fn modulated(x: f32, scale: &f32, shift: &f32) -> f32 {
    x * (1.0 + scale) + shift
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

fn silu(x: f32) -> f32 {
    x * sigmoid(x)
}

/// d silu(x) / dx.
fn silu_rate(x: f32) -> f32 {
    let s = sigmoid(x);
    s * (1.0 + x * (1.0 - s))
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
