//! What a pair is, and how the teacher makes one.

use crate::arithmetic::random::{generator, uniform};
use crate::dataset::Dataset;
use crate::ops::Fused;
use crate::ops::fused::memory::Memory;
use crate::potential::{Potential, Samples};
use crate::run::config::Config;
use crate::run::reflow::Reflow;
use dfdx::prelude::Cpu;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use vapo_format::Homotopy;
use vapo_sampler::solver::{Drift, Sde};
use vapo_sampler::{Error, Noise, Schedule, Solver};

/// Evaluations of the teacher a pair.
pub(super) const EVALUATIONS: u16 = 20;
/// How it draws samples: as `sample` does by default.
const SOLVER: Solver = Solver::Etd2;
/// Samples that are evaluated at a time: their activations stay in the caches.
const IMAGES: usize = 4;
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
}

/// The field that a way follows: drifts of many samples at once, one time for all.
struct Field<'a> {
    teacher: &'a Potential<f32, Cpu>,
    /// A class a sample; empty where the teacher has none.
    classes: Vec<Option<u16>>,
    /// Samples.
    count: usize,
}

impl Field<'_> {
    /// ∇Φ, (N, d), at `x`, (N, d).
    fn at(&self, x: &[f32], time: f32) -> Vec<f32> {
        let times = vec![time; self.count];
        let samples = Samples { images: x, times: &times, classes: &self.classes, dropout: None };
        let mut memory = Memory::default();
        let pieces = (0..self.count).step_by(IMAGES).map(|first| first..(first + IMAGES).min(self.count));
        pieces.flat_map(|piece| self.teacher.evaluate::<Fused>(samples.slice(piece), &mut memory).drift).collect()
    }
}

impl Drift for Field<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        drift.copy_from_slice(&self.at(x, time));
        Ok(())
    }
}

/// The other ends of pairs, (N, d): samples of the teacher, or the noise that its ways to their images come from. Samples are those that
/// `sample --temperature 0` draws by default: without noise on the way, a way has two ends.
///
/// # Errors
/// None: what the solver refuses is not asked of it.
pub(super) fn other_ends(pairs: &[Pair], teacher: &Potential<f32, Cpu>, size: usize) -> Result<Vec<f32>, Error> {
    let mut ends = vec![0.0; pairs.len() * size];
    for backwards in [false, true] {
        let chosen: Vec<usize> = (0..pairs.len()).filter(|&index| pairs[index].image.is_some() == backwards).collect();
        if chosen.is_empty() {
            continue;
        }
        let begins = |&index: &usize| pairs[index].image.clone().unwrap_or_else(|| noise_of(pairs[index].seed, size));
        let mut x: Vec<f32> = chosen.iter().flat_map(begins).collect();
        let classes: Vec<Option<u16>> = chosen.iter().map(|&index| pairs[index].class).collect();
        let classes = if classes.iter().any(Option::is_some) { classes } else { Vec::new() };
        let mut field = Field { teacher, classes, count: chosen.len() };
        if backwards {
            go_back(&field, &mut x)
        } else {
            draw(&mut field, &mut x)?
        }
        for (&index, end) in chosen.iter().zip(x.chunks_exact(size)) {
            ends[index * size..][..size].copy_from_slice(end);
        }
    }
    Ok(ends)
}

/// Carries noise to samples.
fn draw(field: &mut Field<'_>, x: &mut [f32]) -> Result<(), Error> {
    let schedule = Schedule::usual(EVALUATIONS).unwrap_or_else(|_| unreachable!("a usual schedule"));
    let mut buffers = vec![0.0; SOLVER.buffers() * x.len()];
    let sde = Sde { drift: field, homotopy: Homotopy::Linear, temperature: 0.0 };
    SOLVER.integrate(sde, schedule, &mut Noise::new(generator(0)), x, &mut buffers, |_, _| ())
}

/// Carries images back to noise, from time 1 to 0, by the midpoint rule: two evaluations a step.
fn go_back(field: &Field<'_>, x: &mut [f32]) {
    let steps = EVALUATIONS / 2;
    let width = 1.0 / f32::from(steps);
    for step in (0..steps).rev() {
        let start = f32::from(step) * width;
        let end = field.at(x, start + width);
        let middle: Vec<f32> = x.iter().zip(end).map(|(x, drift)| x - 0.5 * width * drift).collect();
        let drift = field.at(&middle, start + 0.5 * width);
        x.iter_mut().zip(drift).for_each(|(x, drift)| *x -= width * drift);
    }
}

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
