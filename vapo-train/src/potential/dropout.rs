//! Dropout: in training, a part of a residual block's activations is left out at random.
//!
//! It is no layer: a model file says nothing of it, and nothing but a training step asks for it. The value pass and the dual pass of
//! a step leave out the same, and so does a pass that is computed again: a mask is a function of the step, the node and the sample.
//!
//! Source: Srivastava et al., *Dropout: a simple way to prevent neural networks from overfitting*, 2014, JMLR 15.

use crate::arithmetic::random::{generator, uniform};
use rand_core::Rng;

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

    /// What so many activations each of so many samples are multiplied by at a node: 0, or 1/(1 − rate).
    pub(crate) fn mask(&self, node: usize, samples: usize, size: usize) -> Vec<f32> {
        let kept = 1.0 / (1.0 - self.rate);
        let sample = |place: usize| {
            let place = (place as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
            let mut generator = generator(self.seed.wrapping_add(place) ^ ((node as u64) << 48));
            (0..size).map(move |_| if uniform(&mut generator) < self.rate { 0.0 } else { kept })
        };
        (self.first..self.first + samples).flat_map(sample).collect()
    }
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
