//! The images of a step.

use crate::dataset::{Batches, Dataset, Flips};
use crate::run::config::Config;

/// Numbers of the images of a step: the next ones of a permutation of the data set.
pub(super) fn indices(batches: &mut Batches, step: u64) -> Vec<usize> {
    let mut indices = Vec::new();
    batches.indices(step, &mut indices);
    indices
}

/// The images of these numbers, (N, d) in −1 to 1, as the step sees them: some of them mirrored.
pub(super) fn images(config: &Config, dataset: &Dataset, step: u64, indices: &[usize]) -> Vec<f32> {
    let mut data = Vec::new();
    dataset.fill(indices, &mut data);
    if config.flip {
        let place = step.wrapping_mul(indices.len() as u64);
        Flips::new(config.seed).apply(place, dataset.shape(), &mut data);
    }
    data
}
