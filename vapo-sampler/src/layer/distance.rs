//! Φ = ½‖x − f‖² of the inputs f and x, in float arithmetic.
//!
//! The cotangent of Φ is 1: nothing comes after it.

use super::{At, Compute, Room, Values};
use crate::arithmetic::float::Float;
use vapo_format::layer::Distance;

impl Compute<Float> for Distance {
    fn forward(&self, _: &At<'_>, _: Values<'_, f32>, _: &mut [f32], _: Room<'_>) {}

    fn reverse(&self, _: &At<'_>, [f, x, _]: Values<'_, f32>, _: &mut [f32], to: &mut [f32], _: usize, _: Room<'_>) {
        to.iter_mut().zip(f).zip(x).for_each(|((to, f), x)| *to = f - x);
    }
}

/// ½‖x − f‖².
pub(crate) fn potential(f: &[f32], x: &[f32]) -> f32 {
    0.5 * f.iter().zip(x).map(|(f, x)| (x - f) * (x - f)).sum::<f32>()
}
