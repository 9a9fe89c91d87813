//! Which times of the path a batch looks at.

use crate::homotopy::LATEST;
use crate::parameters::uniform;
use rand_core::Rng;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// The density that times are drawn from.
///
/// The conditional velocity is the harder to predict the nearer either end is: there the noise, or the image, is all that
/// x does not tell. Such times add noise to the gradient and little else, so that fewer of them train better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Times {
    /// log(t/(1 − t)) is Gaussian, with mean −0.4 and std 1: more in the middle, somewhat more early than late
    LogitNormal,
    /// All times alike
    Uniform,
}

/// Mean and std of log(t/(1 − t)). Source of the density: Esser et al., *Scaling rectified flow transformers*, 2024; of
/// the mean, measurements on Fashion-MNIST.
const MEAN: f64 = -0.4;
const STD: f64 = 1.0;

impl Times {
    /// Draws `count` times below [`LATEST`], one in each of `count` parts of equal probability, in random order.
    ///
    /// Independent times would leave gaps and clusters in a batch; these follow the density on average, and a loss that
    /// depends on time varies less from batch to batch. Takes 2·`count` − 1 numbers from the generator.
    pub fn draw(self, count: usize, generator: &mut impl Rng) -> Vec<f32> {
        let mut times: Vec<f32> = (0..count)
            .map(|part| self.quantile((part as f64 + f64::from(uniform(generator))) / count as f64))
            .collect();
        // Fisher and Yates' shuffle. The top half of a product picks an index: its bias is below count/2³².
        for last in (1..count).rev() {
            let picked = (u64::from(generator.next_u32()) * (last as u64 + 1)) >> 32;
            times.swap(last, picked as usize);
        }
        times
    }

    /// The time below which a fraction of all times lie.
    fn quantile(self, fraction: f64) -> f32 {
        let time = match self {
            Times::Uniform => fraction,
            Times::LogitNormal => 1.0 / (1.0 + libm::exp(-MEAN - STD * Normal::standard().inverse_cdf(fraction))),
        };
        (time * f64::from(LATEST)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro128PlusPlus;

    const BOTH: [Times; 2] = [Times::LogitNormal, Times::Uniform];

    #[test]
    fn one_time_lies_in_each_part() {
        for (density, count) in BOTH.into_iter().flat_map(|density| [1, 2, 7, 128].map(|count| (density, count))) {
            let mut times = density.draw(count, &mut Xoshiro128PlusPlus::seed_from_u64(3));
            assert_eq!(times, density.draw(count, &mut Xoshiro128PlusPlus::seed_from_u64(3)));
            times.sort_by(f32::total_cmp);
            for (part, &time) in times.iter().enumerate() {
                let bounds = [part, part + 1].map(|bound| density.quantile(bound as f64 / count as f64));
                assert!(bounds[0] - 1e-6 <= time && time <= bounds[1] + 1e-6 && (0.0..=LATEST).contains(&time));
            }
        }
    }

    #[test]
    fn every_place_of_a_batch_sees_all_times() {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(4);
        let (count, batches) = (4, 4000);
        let mut sums = vec![0.0; count];
        for _ in 0..batches {
            let times = Times::Uniform.draw(count, &mut generator);
            sums.iter_mut().zip(times).for_each(|(sum, time)| *sum += time);
        }
        // Five standard errors of the mean of a uniform number.
        let tolerance = 5.0 * (1.0f32 / 12.0 / batches as f32).sqrt();
        for sum in sums {
            assert!((sum / batches as f32 - LATEST / 2.0).abs() < tolerance);
        }
    }

    #[test]
    fn the_logits_are_gaussian() {
        let times = Times::LogitNormal.draw(20_000, &mut Xoshiro128PlusPlus::seed_from_u64(5));
        let logits: Vec<f64> = times.iter().map(|&t| f64::from(t / LATEST)).map(|t| (t / (1.0 - t)).ln()).collect();
        let mean = logits.iter().sum::<f64>() / logits.len() as f64;
        let variance = logits.iter().map(|logit| (logit - mean).powi(2)).sum::<f64>() / logits.len() as f64;
        assert!((mean - MEAN).abs() < 1e-3 && (variance.sqrt() - STD).abs() < 1e-3, "{mean} and {variance}");
        let within = logits.iter().filter(|logit| (**logit - MEAN).abs() < STD).count();
        assert!((within as f64 / logits.len() as f64 - 0.6827).abs() < 1e-3);
    }

    #[test]
    fn no_samples_have_no_times() {
        assert!(BOTH.iter().all(|density| density.draw(0, &mut Xoshiro128PlusPlus::seed_from_u64(0)).is_empty()));
    }
}
