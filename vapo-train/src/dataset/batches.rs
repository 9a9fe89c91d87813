//! The order in which training sees a data set.

use crate::arithmetic::random::shuffle;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::{SplitMix64, Xoshiro128PlusPlus};
use std::num::NonZeroUsize;

/// Mini-batches without end: one random permutation of the data set after another, cut into batches of one size.
/// A batch may straddle two permutations, so every image is seen equally often.
///
/// Batch `step` depends on nothing but the seed and `step`: a resumed run goes on where the first one ended.
#[derive(Clone, Debug)]
pub struct Batches {
    seed: u64,
    batch: NonZeroUsize,
    order: Vec<usize>,
    epoch: Option<u64>,
}

impl Batches {
    /// Batches of `batch` out of `images` images.
    pub fn new(images: NonZeroUsize, batch: NonZeroUsize, seed: u64) -> Self {
        // The generator turns consecutive seeds into unrelated states. Mixing once before epochs are added keeps
        // the epochs of one seed from being those of its neighbours.
        let seed = SplitMix64::seed_from_u64(seed).next_u64();
        Batches { seed, batch, order: (0..images.get()).collect(), epoch: None }
    }

    /// Writes the indices of the images of batch `step`, counted from 0, into `indices`.
    pub fn indices(&mut self, step: u64, indices: &mut Vec<usize>) {
        indices.clear();
        let (images, batch) = (self.order.len() as u128, self.batch.get() as u128);
        let first = u128::from(step) * batch;
        let (mut epoch, mut start) = ((first / images) as u64, (first % images) as usize);
        while indices.len() < self.batch.get() {
            let wanted = self.batch.get() - indices.len();
            indices.extend(self.order(epoch).iter().skip(start).take(wanted));
            (epoch, start) = (epoch.wrapping_add(1), 0);
        }
    }

    /// Fraction of the data set that `steps` batches cover: 2.5 in the middle of the third permutation.
    pub fn epochs(&self, steps: u64) -> f64 {
        steps as f64 * self.batch.get() as f64 / self.order.len() as f64
    }

    fn order(&mut self, epoch: u64) -> &[usize] {
        if self.epoch != Some(epoch) {
            self.epoch = Some(epoch);
            self.order.iter_mut().enumerate().for_each(|(index, place)| *place = index);
            let mut generator = Xoshiro128PlusPlus::seed_from_u64(self.seed.wrapping_add(epoch));
            // The top half of a product picks an index: its bias is below n/2⁶⁴.
            shuffle(&mut self.order, |below| ((u128::from(generator.next_u64()) * below as u128) >> 64) as usize);
        }
        &self.order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(images: usize, batch: usize, seed: u64) -> Batches {
        Batches::new(NonZeroUsize::new(images).unwrap(), NonZeroUsize::new(batch).unwrap(), seed)
    }

    fn indices(batches: &mut Batches, step: u64) -> Vec<usize> {
        let mut indices = Vec::new();
        batches.indices(step, &mut indices);
        indices
    }

    #[test]
    fn every_epoch_is_a_permutation_and_no_two_are_alike() {
        for batch in [1, 7, 10, 25] {
            let mut batches = batches(10, batch, 3);
            let stream: Vec<usize> = (0..1000 / batch as u64).flat_map(|step| indices(&mut batches, step)).collect();
            for epoch in stream.chunks_exact(10) {
                let mut sorted = epoch.to_vec();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..10).collect::<Vec<_>>());
            }
            assert_ne!(stream[..10], stream[10..20]);
        }
    }

    #[test]
    fn the_stream_does_not_depend_on_the_batch_size() {
        let (mut ones, mut sevens) = (batches(10, 1, 3), batches(10, 7, 3));
        let stream: Vec<usize> = (0..70).flat_map(|step| indices(&mut ones, step)).collect();
        for (step, batch) in stream.chunks_exact(7).enumerate() {
            assert_eq!(indices(&mut sevens, step as u64), batch);
        }
    }

    #[test]
    fn a_batch_depends_on_seed_and_step_alone() {
        let mut through = batches(1000, 64, 5);
        let wanted = (0..100).map(|step| indices(&mut through, step)).next_back().unwrap();
        assert_eq!(indices(&mut batches(1000, 64, 5), 99), wanted);
        assert_ne!(indices(&mut batches(1000, 64, 6), 99), wanted);
        // The largest step is one like any other.
        assert_eq!(indices(&mut through, u64::MAX).len(), 64);
    }

    #[test]
    fn neighbouring_seeds_share_no_epoch() {
        let epochs = |seed| (0..50).map(|step| indices(&mut batches(20, 20, seed), step)).collect::<Vec<_>>();
        let (some, others) = (epochs(0), epochs(1));
        assert!(some.iter().all(|epoch| !others.contains(epoch)));
    }

    #[test]
    fn permutations_are_uniform() {
        // Chi-squared over the 24 permutations of 4, 23 degrees of freedom: 49.7 is the 99.9 % point.
        let mut batches = batches(4, 4, 1);
        let mut counts = std::collections::BTreeMap::new();
        for step in 0..24_000 {
            *counts.entry(indices(&mut batches, step)).or_insert(0_u32) += 1;
        }
        let chi_squared: f64 = counts.values().map(|&count| (f64::from(count) - 1000.0).powi(2) / 1000.0).sum();
        assert!(counts.len() == 24 && chi_squared < 49.7, "{chi_squared}");
    }

    #[test]
    fn epochs_count_images() {
        assert_eq!(batches(10, 5, 0).epochs(5), 2.5);
    }
}
