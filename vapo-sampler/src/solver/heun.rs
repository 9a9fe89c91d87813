//! x + ½h·(f + f̃), where f̃ is the velocity at the place that Euler's step predicts.

use super::{Drift, free};

/// Corrects the predicted x + h·f. Noise that the prediction holds stays as it is.
pub(super) fn correct(
    drift: &impl Drift,
    first: usize,
    x: &mut [f32],
    velocity: &[f32],
    predicted: &[f32],
    width: f32,
) {
    for ((x, velocity), predicted) in free(drift, first, x.iter_mut().zip(velocity).zip(predicted)) {
        *x += 0.5 * width * (predicted - velocity);
    }
}
