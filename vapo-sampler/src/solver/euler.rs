//! x + h·f.

use super::{Drift, free};

pub(super) fn advance(drift: &impl Drift, first: usize, x: &mut [f32], velocity: &[f32], width: f32) {
    free(drift, first, x.iter_mut().zip(velocity)).for_each(|(x, velocity)| *x += width * velocity);
}
