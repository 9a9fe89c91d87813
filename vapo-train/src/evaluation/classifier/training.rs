//! The classifier's training: cross entropy over shuffled batches, Adam, a learning rate that falls.

use crate::arithmetic::random::generator;
use crate::dataset::Dataset;
use crate::evaluation::classifier::{Classifier, Network, SHARD};
use crate::evaluation::features::pixels;
use crate::evaluation::{EvaluationError, ImageSet};
use crate::optimiser::{Adam, learning_rate};
use rayon::prelude::*;
use std::num::NonZeroUsize;

/// How a classifier is trained. The same recipe on the same data gives the same bytes, on any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Optimiser steps.
    pub steps: u64,
    /// Images a step.
    pub batch: usize,
    /// Peak learning rate.
    pub learning_rate: f32,
    /// Seed of initial weights and batches.
    pub seed: u64,
}

/// Passes over the data set, and the least and greatest number of steps that they may come to.
const EPOCHS: usize = 6;
const STEPS: std::ops::RangeInclusive<u64> = 800..=4000;
const WARM_UP: u64 = 100;

impl Recipe {
    /// The recipe for so many images: the same for everybody, so that distances can be compared.
    pub fn standard(images: usize) -> Self {
        let batch = 128;
        let steps = ((EPOCHS * images / batch) as u64).clamp(*STEPS.start(), *STEPS.end());
        Recipe { steps, batch, learning_rate: 2e-3, seed: 0 }
    }
}

/// Trains a classifier on the threads of the current pool. `observe` is told after every step.
///
/// # Errors
/// The data set has no labels, or labels of one class alone.
pub fn train(dataset: &Dataset, recipe: Recipe, mut observe: impl FnMut()) -> Result<Classifier, EvaluationError> {
    let fault = || dataset.label_fault().map(str::to_owned);
    let refused = || EvaluationError::Labels { dataset: dataset.name().to_owned(), fault: fault() };
    let labels = dataset.labels().ok_or_else(refused)?;
    if labels.iter().all(|label| *label == labels[0]) {
        return Err(refused());
    }
    let classes = usize::from(labels.iter().copied().max().unwrap_or(0)) + 1;
    let images = ImageSet::of_dataset(dataset)?;
    let network = Network::new(images.shape(), classes);
    let mut parameters = network.initial(&mut generator(recipe.seed));
    let mut adam = Adam::new(parameters.len());
    let mut batches = dataset.batches(NonZeroUsize::new(recipe.batch).unwrap_or(NonZeroUsize::MIN), recipe.seed);
    let mut indices = Vec::new();
    for step in 0..recipe.steps {
        batches.indices(step, &mut indices);
        let gradient = gradient(&network, &parameters, &images, labels, &indices);
        let progress = step as f32 / recipe.steps as f32;
        let rate = learning_rate(recipe.learning_rate, step, WARM_UP, progress);
        adam.update(&mut parameters, &gradient, rate).expect("the gradient has a value a parameter");
        observe();
    }
    Ok(Classifier { network, parameters, data: images.sha256(labels), accuracy: None })
}

/// The gradient of the mean loss of a batch. Shards are summed in their order.
fn gradient(network: &Network, parameters: &[f32], images: &ImageSet, labels: &[u8], indices: &[usize]) -> Vec<f32> {
    let matrices = network.matrices(parameters);
    let of_shard = |shard: &[usize]| {
        let bytes: Vec<u8> = shard.iter().flat_map(|&index| images.image(index)).copied().collect();
        let labels: Vec<u8> = shard.iter().map(|&index| labels[index]).collect();
        network.gradient(&matrices, pixels(&bytes), &labels).1
    };
    let parts: Vec<Vec<f32>> = indices.par_chunks(SHARD).map(of_shard).collect();
    let mut sum = vec![0.0; parameters.len()];
    for part in parts {
        sum.iter_mut().zip(part).for_each(|(sum, value)| *sum += value / indices.len() as f32);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Source, Split};
    use vapo_format::Shape;

    #[test]
    fn digits_are_learned() {
        let split = |split| Dataset::load(Source::Digits, split, None).unwrap();
        let (trained, test) = (split(Split::Train), split(Split::Test));
        let mut classifier = train(&trained, Recipe::standard(trained.len()), || ()).unwrap();
        classifier.measure(&ImageSet::of_dataset(&test).unwrap(), test.labels().unwrap());
        assert!(classifier.accuracy().unwrap() > 0.95, "{:?}", classifier.accuracy());
    }

    #[test]
    fn threads_do_not_matter_and_seeds_do() {
        let dataset = Dataset::load(Source::Digits, Split::Test, None).unwrap();
        let on = |threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let recipe = Recipe { steps: 5, seed, ..Recipe::standard(0) };
            pool.install(|| train(&dataset, recipe, || ()).unwrap().parameters)
        };
        assert_eq!(on(1, 0), on(3, 0));
        assert_ne!(on(1, 0), on(1, 1));
    }

    #[test]
    fn a_data_set_without_classes_is_refused() {
        let shape = Shape { channels: 1, height: 1, width: 1 };
        for labels in [None, Some(vec![3, 3])] {
            let dataset = Dataset::new("dots", shape, 1, vec![0, 1], labels).unwrap();
            let refused = train(&dataset, Recipe::standard(2), || ()).unwrap_err().to_string();
            assert!(refused.contains("dots") && refused.contains("pixels"), "{refused}");
        }
    }
}
