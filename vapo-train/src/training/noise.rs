//! The Gaussian noise of a batch.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;
use rayon::prelude::*;
use vapo_sampler::Noise;

/// Values whose noise comes from one generator, seeded by that of the run: however many threads draw it, it is the same.
const DRAWN: usize = 1024;

/// Adds noise of the standard deviation `blur` to `data`, and returns standard Gaussian noise, a value each. Works on the
/// threads of the current pool.
pub(super) fn gaussian_noise(data: &mut [f32], blur: f32, generator: &mut Xoshiro128PlusPlus) -> Vec<f32> {
    let mut noise = vec![0.0; data.len()];
    let pieces = data.chunks_mut(DRAWN).zip(noise.chunks_mut(DRAWN));
    let seeded: Vec<_> = pieces.map(|pieces| (pieces, generator.next_u64())).collect();
    seeded.into_par_iter().for_each(|((data, noise), seed)| {
        let mut gaussian = Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed));
        for value in data {
            *value += blur * gaussian.draw();
        }
        gaussian.fill(noise);
    });
    noise
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(threads: usize) -> (Vec<f32>, Vec<f32>) {
        let mut data = vec![1.0; 5 * DRAWN + 7];
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(5);
        let noise = pool.install(|| gaussian_noise(&mut data, 0.25, &mut generator));
        (data, noise)
    }

    fn moments(values: &[f32]) -> (f64, f64) {
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64;
        let squares = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>();
        (mean, (squares / values.len() as f64).sqrt())
    }

    #[test]
    fn it_is_the_same_on_any_number_of_threads() {
        assert_eq!(drawn(1), drawn(3));
    }

    /// Within five standard errors, of a mean 1/√n, and of a standard deviation 1/√(2n).
    #[test]
    fn both_have_their_standard_deviation_and_are_independent() {
        let (data, noise) = drawn(1);
        let error = 5.0 / (noise.len() as f64).sqrt();
        for (values, mean, std) in [(&data, 1.0, 0.25), (&noise, 0.0, 1.0)] {
            let found = moments(values);
            assert!((found.0 - mean).abs() < error * std && (found.1 - std).abs() < error * std, "{found:?}");
        }
        let product = data.iter().zip(&noise).map(|(data, noise)| f64::from((data - 1.0) / 0.25 * noise));
        let correlation = product.sum::<f64>() / noise.len() as f64;
        assert!(correlation.abs() < error, "{correlation}");
    }
}
