//! e = silu(W₁ silu(W₀ features(t))): the embedding of time.

use super::activation::silu;
use crate::kernel::{Direction, linear};
use vapo_format::Matrix;
use vapo_format::architecture::{FREQUENCIES, TIME_FEATURES};

/// Sets `embedding` for `time`; `hidden` is as long.
pub(super) fn embed(first: &Matrix<'_>, second: &Matrix<'_>, time: f32, hidden: &mut [f32], embedding: &mut [f32]) {
    let features = features(time);
    linear(first, Direction::Forward, 1, &features, hidden);
    hidden.iter_mut().for_each(|value| *value = silu(*value));
    linear(second, Direction::Forward, 1, hidden, embedding);
    embedding.iter_mut().for_each(|value| *value = silu(*value));
}

/// Sines of time times each frequency, then cosines.
fn features(time: f32) -> [f32; TIME_FEATURES] {
    let mut features = [0.0; TIME_FEATURES];
    let (sines, cosines) = features.split_at_mut(FREQUENCIES.len());
    for ((sine, cosine), frequency) in sines.iter_mut().zip(cosines).zip(FREQUENCIES) {
        (*sine, *cosine) = libm::sincosf(time * frequency);
    }
    features
}
