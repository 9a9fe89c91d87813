//! What the ways to draw a batch change of the derivatives of `energy`, which is their variance, and what they do not, their mean.
//!
//! By Stein's identity the derivative of E[Φγ] along ψ is −E[u·∇ψ]. At Φ = 0 there is no other term.

use super::Objective;
use crate::arithmetic::random::{generator, uniform};
use crate::arithmetic::sums::dot;
use crate::path::{Batch, Draws, Path, Times};
use crate::potential::Evaluation;
use rand_xoshiro::Xoshiro128PlusPlus;
use vapo_format::Homotopy;
use vapo_sampler::Noise;

const ALL: [Draws; 3] = [Draws::Independent, Draws::Antithetic, Draws::Common];

/// ψ = sin(k·x + 0.4) + ½c‖x‖², and its gradient.
struct Wave {
    numbers: Vec<f32>,
    square: f64,
}

impl Wave {
    /// Numbers k of about unit length.
    fn new(dimension: usize, square: f64) -> Self {
        let numbers =
            (0..dimension).map(|index| libm::sinf(1.7 * index as f32 + 1.0) * libm::sqrtf(2.0 / dimension as f32));
        Wave { numbers: numbers.collect(), square }
    }

    fn value(&self, x: &[f32]) -> f64 {
        libm::sin(dot(&self.numbers, x) + 0.4) + 0.5 * self.square * dot(x, x)
    }

    /// u·∇ψ.
    fn along(&self, x: &[f32], velocity: &[f32]) -> f64 {
        libm::cos(dot(&self.numbers, x) + 0.4) * dot(&self.numbers, velocity) + self.square * dot(x, velocity)
    }
}

/// A batch as training draws it, of images of values of −1 to 1 that are alike within an image.
fn drawn(
    draws: Draws,
    samples: usize,
    dimension: usize,
    homotopy: Homotopy,
    generator: &mut Xoshiro128PlusPlus,
) -> Path {
    let times = Times::LogitNormal.draw(draws.times(samples), generator);
    let mut data = Vec::new();
    for _ in 0..draws.images(samples) {
        let level = uniform(generator);
        data.extend((0..dimension).map(|_| level + 0.5 * uniform(generator) - 0.75));
    }
    let mut noise = vec![0.0; draws.noises(samples) * dimension];
    Noise::new(generator.clone()).fill(&mut noise);
    generator.jump();
    let Batch { data, noise, times, .. } =
        draws.batch(samples, dimension, Batch { data, noise, times, classes: Vec::new() });
    Path::new(homotopy, &data, &noise, &times).unwrap().in_units_of(draws.unit())
}

/// The derivative of a batch's loss along ψ at Φ = 0, and what it is by parts.
fn derivatives(path: &Path, wave: &Wave) -> [f64; 2] {
    let (samples, dimension) = (path.times().len(), path.dimension());
    let evaluation =
        Evaluation { potential: vec![0.0; samples], drift: vec![0.0; samples * dimension], ..Evaluation::default() };
    let seeds = Objective::Energy.evaluate(&evaluation, path).unwrap().potential;
    let rows = || path.images().chunks_exact(dimension);
    let found = rows().zip(&seeds).map(|(x, &seed)| f64::from(seed) * wave.value(x)).sum();
    let rows = rows().zip(path.velocity().chunks_exact(dimension)).zip(path.times());
    let by_parts: f64 = rows.map(|((x, u), &time)| -(1.0 - f64::from(time)) * wave.along(x, u)).sum();
    [found, by_parts / (samples * dimension) as f64]
}

/// Mean, and variance of a batch, over many batches.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0))
}

/// Of batches with whole groups, with a group of half as many, and with a sample, or a pair, that has a time for itself. Errors are standard errors
/// of 4 % or less of the mean; a group of sixteen mirrored samples that were taken for independent ones would be off by 7 % of each part.
#[test]
fn every_way_to_draw_keeps_the_expectation() {
    let (dimension, wave) = (5, Wave::new(5, 0.25));
    for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
        for (draws, samples) in ALL.iter().flat_map(|&draws| [6, 9, 17, 32].map(|samples| (draws, samples))) {
            let mut generator = generator(11);
            let batches = (0..60_000 / samples)
                .map(|_| derivatives(&drawn(draws, samples, dimension, homotopy, &mut generator), &wave));
            let (found, by_parts): (Vec<f64>, Vec<f64>) = batches.map(|[found, by_parts]| (found, by_parts)).unzip();
            let count = found.len() as f64;
            let ((mean, variance), (expected, own)) = (moments(&found), moments(&by_parts));
            let error = ((variance + own) / count).sqrt();
            println!("{homotopy:?} {draws:?} {samples}: {mean:.5}, by parts {expected:.5}, error {error:.5}");
            assert!(
                (mean - expected).abs() < 4.0 * error,
                "{homotopy:?} {draws:?} {samples}: {mean} is not {expected} ± {error}"
            );
            assert!(error < 0.04 * expected.abs(), "{homotopy:?} {draws:?} {samples}: {expected} ± {error}");
        }
    }
}

/// In as many dimensions as small pictures have, at as many samples, and along a direction that has little to do with an image: as of
/// most features. Measured are ratios of 19 and 92 on the straight path.
#[test]
fn common_samples_take_most_of_the_variance() {
    let (dimension, wave) = (256, Wave::new(256, 0.0));
    for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
        let [independent, antithetic, common] = ALL.map(|draws| {
            let mut generator = generator(4);
            let found = |_| derivatives(&drawn(draws, 32, dimension, homotopy, &mut generator), &wave)[0];
            moments(&(0..200).map(found).collect::<Vec<_>>()).1
        });
        println!("{homotopy:?}: independent {independent:.3e}, antithetic {antithetic:.3e}, common {common:.3e}");
        assert!(8.0 * common < antithetic, "{homotopy:?}: {antithetic} and {common}");
        assert!(40.0 * common < independent, "{homotopy:?}: {independent} and {common}");
    }
}
