//! How well a model's energy tells images that it was trained on from others, and the threshold between them.
//!
//! An image is scored at mean(t)·image by [`vapo_sampler::Sampler::image_energy`], the very code of the device.

use crate::arithmetic::random::{generator, shuffle, uniform};
use crate::dataset::Dataset;
use crate::sampling::Prepared;
use rayon::prelude::*;
use vapo_format::{Model, Shape};
use vapo_sampler::{Error, Solver};

pub use vapo_sampler::anomaly::{SERIES_TIME, TIME};

/// Why there are no scores.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ScoreError {
    /// The sampler refused.
    #[error(transparent)]
    Refused(#[from] Error),
    /// The homotopy has no energy at this time.
    #[error("there is no energy at time {time} on this path: give a time from 0 to below 1")]
    Time {
        /// The time.
        time: f32,
    },
    /// An image's energy is infinite or not a number.
    #[error("the energy of image {image} is not a finite number: training diverged (try a lower --lr)")]
    NotFinite {
        /// Its position, from 0.
        image: usize,
    },
}

/// Images to score, each made when it is asked for.
#[derive(Clone, Debug)]
pub enum ScoredImages<'d> {
    /// Those of a data set.
    Dataset(&'d Dataset),
    /// As many images of uniform pixels in [-1, 1), image i from a generator of seed `seed` + i.
    Noise {
        /// Extent of an image.
        shape: Shape,
        /// Number of images.
        count: usize,
        /// Seed of the first.
        seed: u64,
    },
    /// Those of a data set, with their pixels in another order, which is the same for all images. Channels stay together.
    Permuted {
        /// The data set.
        dataset: &'d Dataset,
        /// Where each pixel comes from.
        order: Vec<usize>,
    },
}

impl<'d> ScoredImages<'d> {
    /// A data set's images with their pixels in an order drawn from a seed.
    pub fn permuted(dataset: &'d Dataset, seed: u64) -> Self {
        let mut order: Vec<usize> = (0..dataset.shape().pixels()).collect();
        let mut generator = generator(seed);
        // The bias of a product, at most 2⁻²⁴ a pixel, is no matter here. The product may round up to what it is below.
        shuffle(&mut order, |below| ((uniform(&mut generator) * below as f32) as usize).min(below - 1));
        ScoredImages::Permuted { dataset, order }
    }

    /// Number of images.
    #[allow(clippy::len_without_is_empty)] // data sets have at least one
    pub fn len(&self) -> usize {
        match self {
            ScoredImages::Dataset(dataset) | ScoredImages::Permuted { dataset, .. } => dataset.len(),
            ScoredImages::Noise { count, .. } => *count,
        }
    }

    /// Replaces `image` by image `index`, row-major with channels last, in [-1, 1].
    pub fn fill(&self, index: usize, image: &mut Vec<f32>) {
        match self {
            ScoredImages::Dataset(dataset) => dataset.fill(&[index], image),
            ScoredImages::Noise { shape, seed, .. } => {
                let mut generator = generator(seed.wrapping_add(index as u64));
                image.clear();
                image.extend((0..shape.elements()).map(|_| 2.0 * uniform(&mut generator) - 1.0));
            }
            ScoredImages::Permuted { dataset, order } => {
                let mut original = Vec::new();
                dataset.fill(&[index], &mut original);
                let channels = usize::from(dataset.shape().channels);
                image.clear();
                image.extend(order.iter().flat_map(|pixel| &original[pixel * channels..][..channels]));
            }
        }
    }
}

/// The energy of every image at `time`, on the threads of the current pool; the same on any number. `told` is called after every
/// image, from the thread that scored it.
///
/// # Errors
/// Images of another extent than the model's, a time without an energy, or one that is not finite.
pub fn energies(
    model: &Model<'_>,
    images: &ScoredImages<'_>,
    time: f32,
    told: impl Fn() + Sync,
) -> Result<Vec<f32>, ScoreError> {
    let prepared = Prepared::new(model)?;
    let score = |(arena, image): &mut (Vec<f32>, Vec<f32>), index| {
        images.fill(index, image);
        // The solver takes no step; Euler has the least memory.
        let energy = prepared.sampler(Solver::Euler, arena)?.image_energy(image, time)?;
        told();
        energy.ok_or(ScoreError::Time { time })
    };
    let memory = || (prepared.arena(Solver::Euler), Vec::new());
    let energies: Vec<f32> = (0..images.len()).into_par_iter().map_init(memory, score).collect::<Result<_, _>>()?;
    match energies.iter().position(|energy| !energy.is_finite()) {
        Some(image) => Err(ScoreError::NotFinite { image }),
        None => Ok(energies),
    }
}

/// The area under the receiver operating characteristic: the probability that one of `others` has a higher energy than
/// one of `ordinary`, where a tie counts half. 1 tells all of them apart, 0.5 is chance. By the rank sum of Mann and
/// Whitney, *On a test of whether one of two random variables is stochastically larger than the other*, 1947.
///
/// # Panics
/// Either is empty.
pub fn auroc(ordinary: &[f32], others: &[f32]) -> f64 {
    assert!(!ordinary.is_empty() && !others.is_empty(), "no energies");
    let labelled = ordinary.iter().map(|energy| (*energy, false)).chain(others.iter().map(|energy| (*energy, true)));
    let mut all: Vec<(f32, bool)> = labelled.collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Twice the number of pairs (ordinary, other) in this order, ties counted once: whole numbers, so exact.
    let (mut below, mut pairs) = (0u64, 0u64);
    for tied in all.chunk_by(|a, b| a.0 == b.0) {
        let of_others = tied.iter().filter(|(_, other)| *other).count() as u64;
        let of_ordinary = tied.len() as u64 - of_others;
        pairs += of_others * (2 * below + of_ordinary);
        below += of_ordinary;
    }
    pairs as f64 / (2 * ordinary.len() * others.len()) as f64
}

/// The least of these energies above which no more than a share of `rate` lies.
///
/// # Panics
/// There are no energies.
pub fn threshold(energies: &[f32], rate: f32) -> f32 {
    let mut sorted = energies.to_vec();
    sorted.sort_by(f32::total_cmp);
    let above = (f64::from(rate) * sorted.len() as f64).floor() as usize;
    sorted[sorted.len() - 1 - above.min(sorted.len() - 1)]
}

/// The share of energies above a threshold.
pub fn share_above(energies: &[f32], threshold: f32) -> f64 {
    energies.iter().filter(|energy| **energy > threshold).count() as f64 / energies.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vapo_sampler::ThresholdLearner;

    const PIXEL_PAIR: Shape = Shape { channels: 2, height: 1, width: 3 };

    /// By definition, pair by pair.
    fn by_pairs(ordinary: &[f32], others: &[f32]) -> f64 {
        let pair = |a: f32, b: f32| if b > a { 1.0 } else { f64::from(u8::from(a == b)) / 2.0 };
        let sum: f64 = ordinary.iter().flat_map(|a| others.iter().map(|b| pair(*a, *b))).sum();
        sum / (ordinary.len() * others.len()) as f64
    }

    #[test]
    fn auroc_of_few() {
        assert_eq!(auroc(&[1.0, 2.0], &[3.0]), 1.0);
        assert_eq!(auroc(&[3.0], &[1.0, 2.0]), 0.0);
        assert_eq!(auroc(&[1.0, 1.0], &[1.0]), 0.5);
        assert_eq!(auroc(&[0.0], &[-0.0]), by_pairs(&[0.0], &[-0.0]));
        // Pairs in order: (1, 2), (1, 3), (2, 3); tied: (2, 2).
        assert_eq!(auroc(&[1.0, 2.0], &[2.0, 3.0]), 3.5 / 4.0);
    }

    proptest! {
        #[test]
        fn auroc_is_the_share_of_pairs(
            ordinary in prop::collection::vec(-4..4_i8, 1..40), others in prop::collection::vec(-4..4_i8, 1..40),
        ) {
            let [ordinary, others] = [ordinary, others].map(|list| list.into_iter().map(f32::from).collect::<Vec<_>>());
            prop_assert!((auroc(&ordinary, &others) - by_pairs(&ordinary, &others)).abs() < 1e-12);
            prop_assert!((auroc(&ordinary, &others) + auroc(&others, &ordinary) - 1.0).abs() < 1e-12);
        }

        #[test]
        fn no_more_than_the_rate_lies_above_and_no_lower_threshold_would_do(
            energies in prop::collection::vec(-9..9_i8, 1..60), rate in 0.001..0.999_f32,
        ) {
            let energies: Vec<f32> = energies.into_iter().map(f32::from).collect();
            let chosen = threshold(&energies, rate);
            prop_assert!(share_above(&energies, chosen) <= f64::from(rate));
            let lower = energies.iter().copied().filter(|energy| *energy < chosen).fold(f32::NEG_INFINITY, f32::max);
            prop_assert!(lower == f32::NEG_INFINITY || share_above(&energies, lower) > f64::from(rate) - 1e-9);
        }
    }

    proptest! {
        /// After every energy.
        #[test]
        fn a_device_learns_the_threshold_that_a_host_chooses(
            energies in prop::collection::vec(prop_oneof![-1e6..1e6_f32, (-3..3_i8).prop_map(f32::from)], 1..120),
            rate in 0.001..0.999_f32,
        ) {
            let mut memory = vec![f32::NAN; ThresholdLearner::room(rate, energies.len() as u32)];
            let mut learner = ThresholdLearner::new(rate, &mut memory).unwrap();
            for (before, energy) in energies.iter().enumerate() {
                learner.push(*energy).unwrap();
                let chosen = threshold(&energies[..=before], rate);
                prop_assert_eq!(learner.threshold().map(f32::to_bits), Some(chosen.to_bits()));
            }
        }
    }

    #[test]
    fn thresholds_of_a_hundred() {
        let energies: Vec<f32> = (0..100).rev().map(|energy| energy as f32).collect();
        assert_eq!([0.05, 0.5, 0.001].map(|rate| threshold(&energies, rate)), [94.0, 49.0, 99.0]);
        assert_eq!(share_above(&energies, 94.0), 0.05);
    }

    #[test]
    fn permuted_images_have_the_same_pixels_elsewhere() {
        let dataset = Dataset::new("test", PIXEL_PAIR, 11, (0..12).collect(), None).unwrap();
        let permuted = ScoredImages::permuted(&dataset, 3);
        let ScoredImages::Permuted { order, .. } = &permuted else { unreachable!() };
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2]);
        let (mut original, mut found) = (Vec::new(), vec![7.0]);
        for index in 0..2 {
            dataset.fill(&[index], &mut original);
            permuted.fill(index, &mut found);
            let pixels: Vec<&[f32]> = order.iter().map(|pixel| &original[2 * pixel..][..2]).collect();
            assert_eq!(found, pixels.concat());
        }
        let orders = (0..50).map(|seed| match ScoredImages::permuted(&dataset, seed) {
            ScoredImages::Permuted { order, .. } => order,
            _ => unreachable!(),
        });
        assert_eq!(orders.collect::<std::collections::BTreeSet<_>>().len(), 6, "every order comes up");
    }

    #[test]
    fn noise_is_uniform_and_its_own_for_every_image() {
        let shape = Shape { channels: 1, height: 100, width: 100 };
        let noise = ScoredImages::Noise { shape, count: 5, seed: 9 };
        let (mut one, mut other) = (Vec::new(), Vec::new());
        noise.fill(0, &mut one);
        noise.fill(1, &mut other);
        assert!(one != other && one.len() == 10_000 && noise.len() == 5);
        assert!(one.iter().all(|value| (-1.0..1.0).contains(value)));
        // Four standard errors of mean 0 and of variance 1/3.
        let mean = one.iter().sum::<f32>() / 1e4;
        let variance = one.iter().map(|value| value * value).sum::<f32>() / 1e4;
        assert!(mean.abs() < 4.0 * 0.577e-2 && (variance - 1.0 / 3.0).abs() < 4.0 * 0.298e-2, "{mean}, {variance}");
        // Seed 10 begins where seed 9 goes on.
        ScoredImages::Noise { shape, count: 5, seed: 10 }.fill(0, &mut one);
        assert!(one == other);
    }
}
