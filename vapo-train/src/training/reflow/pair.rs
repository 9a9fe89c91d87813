//! What a pair is, and how the teacher makes one.

use crate::arithmetic::random::{generator, uniform};
use crate::dataset::Dataset;
use crate::run::config::Config;
use crate::run::reflow::Reflow;
use crate::sampling::Prepared;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use vapo_sampler::{Condition, Error, Noise, Schedule, Solver};

/// Evaluations of the teacher a pair.
pub(super) const EVALUATIONS: u16 = 20;
/// Makes the noise of pairs unrelated to all else that the seed of a run is for.
const STREAM: u64 = 0x7061_6972_7321_2121;

/// A pair of which one end is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    /// Seed of its noise, as `sample --seed` takes it.
    pub(super) seed: u64,
    /// The image that it begins with, (d,), where it does not begin with noise.
    pub(super) image: Option<Vec<f32>>,
    /// Class that the teacher is asked for.
    pub(super) class: Option<u16>,
}

impl Pair {
    /// The pair of a number. Its class is that of an image of the data, so that classes are as frequent as there; now and then it is
    /// none.
    pub(super) fn new(number: u64, config: &Config, settings: &Reflow, dataset: &Dataset) -> Self {
        let seed = SplitMix64::seed_from_u64(config.seed ^ STREAM).next_u64().wrapping_add(number);
        let index = scattered(number, dataset.len());
        let labels = dataset.labels().filter(|_| config.architecture.classes > 0);
        // Another stream than the noise's.
        let told = || uniform(&mut generator(!seed)) >= config.unconditional;
        let class = labels.map(|labels| u16::from(labels[index])).filter(|_| told());
        let image = begins_with_image(number, settings.real).then(|| {
            let mut image = Vec::new();
            dataset.fill(&[index], &mut image);
            image
        });
        Pair { seed, image, class }
    }

    /// The other end, (d,): a sample of the teacher, or the noise that its way to the image comes from.
    ///
    /// # Errors
    /// The class is none of the teacher's.
    pub(super) fn other_end(&self, teacher: &Prepared<'_>, arena: &mut [f32]) -> Result<Vec<f32>, Error> {
        let mut sampler = teacher.sampler(SOLVER, arena)?;
        sampler.set_condition(Condition { class: self.class, guidance: 0.0 })?;
        let Some(image) = &self.image else {
            let mut sample = vec![0.0; sampler.potential().signal().elements()];
            let schedule = Schedule::usual(EVALUATIONS).unwrap_or_else(|_| unreachable!("a usual schedule"));
            sampler.sample(schedule, 0.0, &mut Noise::new(generator(self.seed)), &mut sample)?;
            return Ok(sample);
        };
        // From time 1 back to 0, by the midpoint rule: two evaluations a step.
        let mut x = image.clone();
        let (mut middle, mut drift) = (x.clone(), vec![0.0; x.len()]);
        let steps = EVALUATIONS / 2;
        let width = 1.0 / f32::from(steps);
        let potential = sampler.potential();
        for step in (0..steps).rev() {
            let start = f32::from(step) * width;
            potential.drift(&x, start + width, &mut drift)?;
            for (middle, (x, drift)) in middle.iter_mut().zip(x.iter().zip(&drift)) {
                *middle = x - 0.5 * width * drift;
            }
            potential.drift(&middle, start + 0.5 * width, &mut drift)?;
            x.iter_mut().zip(&drift).for_each(|(x, drift)| *x -= width * drift);
        }
        Ok(x)
    }
}

/// How samples of the teacher are drawn: as `sample` draws them by default, but without noise on the way, so that a way has two ends.
pub(super) const SOLVER: Solver = Solver::Etd2;

/// Standard Gaussian noise of a seed: what the sample of this seed begins with.
pub(super) fn noise_of(seed: u64, size: usize) -> Vec<f32> {
    let mut noise = vec![0.0; size];
    Noise::new(generator(seed)).fill(&mut noise);
    noise
}

/// Whether the pair of a number begins with an image, where so large a share of them does: they are spread evenly.
fn begins_with_image(number: u64, share: f32) -> bool {
    let before = |number: u64| (number as f64 * f64::from(share)).floor();
    before(number + 1) > before(number)
}

/// The image of a number: neighbours are far apart in the data set, and every image has as many numbers, but for one.
fn scattered(number: u64, images: usize) -> usize {
    let images = images as u64;
    // The golden section spreads multiples evenly. Without a common divisor, none is left out.
    let mut stride = (images as f64 * 0.618_033_988_75) as u64 | 1;
    while gcd(stride, images) != 1 {
        stride += 2;
    }
    ((u128::from(number) * u128::from(stride)) % u128::from(images)) as usize
}

fn gcd(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { gcd(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_has_its_number_and_neighbours_are_far_apart() {
        for images in [1, 2, 7, 100, 1797] {
            let mut all: Vec<usize> = (0..images as u64).map(|number| scattered(number, images)).collect();
            if images > 50 {
                let near = |pair: &[usize]| pair[0].abs_diff(pair[1]) < images / 4;
                assert!(!all.windows(2).any(near), "{images}");
            }
            all.sort_unstable();
            assert_eq!(all, (0..images).collect::<Vec<_>>());
        }
    }

    #[test]
    fn images_are_as_large_a_share_of_the_beginnings_as_was_asked_for() {
        for (share, expected) in [(0.0, 0), (0.25, 250), (0.3, 300), (1.0, 1000)] {
            let images = (0..1000).filter(|&number| begins_with_image(number, share)).count();
            assert!(images.abs_diff(expected) <= 1, "{share}: {images}");
        }
    }
}
