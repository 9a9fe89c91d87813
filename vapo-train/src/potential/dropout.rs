//! Dropout: in training, a part of a residual block's activations is left out at random.
//!
//! It is no layer: a model file says nothing of it, and nothing but a training step asks for it. The value pass and the dual pass of
//! a step leave out the same, and so does a pass that is computed again: a mask is a function of the step, the node and the sample.
//! A CUDA device makes the same masks, value by value, in `cuda/kernels/dropout.cuh`.
//!
//! Sources: Srivastava et al., *Dropout: a simple way to prevent neural networks from overfitting*, 2014, JMLR 15; of the generator, Steele,
//! Lea and Flood, *Fast splittable pseudorandom number generators*, 2014, OOPSLA.

use crate::arithmetic::random::generator;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

/// What a step leaves out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Part of the activations that is left out, 0 to below 1. The others become larger, so that their mean stays.
    pub rate: f32,
    /// Seed of the step.
    pub seed: u64,
    /// Place of the first sample in the step's batch: the cut of a batch changes no mask.
    pub first: usize,
}

impl Dropout {
    /// That of a step of a run with this seed; none where nothing is left out.
    pub(crate) fn of_step(rate: f32, seed: u64, step: u64) -> Option<Self> {
        // Neither neighbouring seeds nor neighbouring steps have sequences in common.
        let mut generator = generator(seed ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let seed = u64::from(generator.next_u32()) << 32 | u64::from(generator.next_u32());
        (rate > 0.0).then_some(Dropout { rate, seed, first: 0 })
    }

    /// The same for samples of which the first is at a place among these.
    pub(crate) fn from(self, place: usize) -> Self {
        Dropout { first: self.first + place, ..self }
    }

    /// A seed for each of so many samples, which with a node is that of the sample's mask there.
    pub(crate) fn seeds(&self, samples: usize) -> Vec<u64> {
        (self.first..self.first + samples).map(|place| number(self.seed, place)).collect()
    }

    /// What so many activations each of so many samples are multiplied by at a node: 0, or 1/(1 − rate).
    pub(crate) fn mask(&self, node: usize, samples: usize, size: usize) -> Vec<f32> {
        let kept = kept(self.rate);
        let sample = |seed: u64| {
            let mut generator = SplitMix64::seed_from_u64(number(seed, node));
            (0..size).map(move |_| if uniform(generator.next_u64()) < self.rate { 0.0 } else { kept })
        };
        self.seeds(samples).into_iter().flat_map(sample).collect()
    }
}

/// What activations that are not left out are multiplied by.
pub(crate) fn kept(rate: f32) -> f32 {
    1.0 / (1.0 - rate)
}

/// Number `index` that the generator of a seed gives, from 0: any of them is a function of both, so that a CUDA device has one a thread.
fn number(seed: u64, index: usize) -> u64 {
    // What the generator adds to its state for each number.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    SplitMix64::seed_from_u64(seed.wrapping_add((index as u64).wrapping_mul(STEP))).next_u64()
}

/// Uniform in [0, 1), of the first 24 bits of a number.
fn uniform(number: u64) -> f32 {
    (number >> 40) as f32 / (1 << 24) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_leaves_out_its_rate_and_keeps_the_mean() {
        let dropout = Dropout::of_step(0.3, 5, 7).unwrap();
        let mask = dropout.mask(3, 4, 10_000);
        let zeros = mask.iter().filter(|value| **value == 0.0).count() as f32 / mask.len() as f32;
        let mean = mask.iter().sum::<f32>() / mask.len() as f32;
        // Of 40,000 draws, four standard deviations.
        assert!((zeros - 0.3).abs() < 0.01 && (mean - 1.0).abs() < 0.014, "{zeros} {mean}");
        assert!(Dropout::of_step(0.0, 5, 7).is_none());
    }

    /// As its authors' program gives them for the seed 1234567; the second by the sequence and by its index.
    #[test]
    fn numbers_are_those_of_the_generator() {
        let mut generator = SplitMix64::seed_from_u64(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        for (index, expected) in expected.into_iter().enumerate() {
            assert_eq!((generator.next_u64(), number(1_234_567, index)), (expected, expected));
        }
    }

    #[test]
    fn a_mask_is_that_of_its_seed_step_node_and_sample() {
        let dropout = Dropout::of_step(0.5, 1, 1).unwrap();
        let mask = dropout.mask(2, 2, 64);
        assert_eq!(Dropout::of_step(0.5, 1, 1).unwrap().mask(2, 2, 64), mask);
        // The second sample's alone, as a shard has it.
        assert_eq!(dropout.from(1).mask(2, 1, 64), mask[64..]);
        assert_ne!(mask[..64], mask[64..]);
        for (seed, step, node) in [(2, 1, 2), (1, 2, 2), (1, 1, 3)] {
            assert_ne!(Dropout::of_step(0.5, seed, step).unwrap().mask(node, 2, 64), mask, "{seed} {step} {node}");
        }
    }
}
