//! Seeded Gaussian noise.
//!
//! # Example
//!
//! ```
//! use rand_xoshiro::{Xoshiro128PlusPlus, rand_core::SeedableRng};
//! use vapo_sampler::Noise;
//!
//! let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
//! let first = noise.draw();
//! let mut image = [0.0; 64];
//! noise.fill(&mut image);
//!
//! // The same seed gives the same numbers, to the bit, on every target.
//! let mut again = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
//! assert_eq!(again.draw().to_bits(), first.to_bits());
//! ```

use crate::circle::sine_and_cosine;
use rand_core::Rng;

/// Standard Gaussian numbers from a generator of uniform bits, the same on every target.
///
/// Box–Muller: two draws of `next_u32` make two numbers, of which the second is held back for the next call. So n
/// numbers, over all calls, take n draws, or n + 1 if n is odd. No number exceeds √(64 ln 2) ≈ 6.66.
///
/// Source: Box and Muller, *A note on the generation of random normal deviates*, 1958.
#[derive(Clone, Debug)]
pub struct Noise<R> {
    generator: R,
    spare: Option<f32>,
}

impl<R: Rng> Noise<R> {
    /// Noise from `generator`, which the caller has seeded.
    pub const fn new(generator: R) -> Self {
        Noise { generator, spare: None }
    }

    /// The next number.
    pub fn draw(&mut self) -> f32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        const UNIT: f32 = 1.0 / 4_294_967_296.0;
        // In (0, 1]: the logarithm of 0 is never taken.
        let radial = (self.generator.next_u32() as f32 + 1.0) * UNIT;
        let angular = self.generator.next_u32() as f32 * UNIT;
        let radius = libm::sqrtf(-2.0 * libm::logf(radial));
        let (sine, cosine) = sine_and_cosine(core::f32::consts::TAU * angular);
        self.spare = Some(radius * sine);
        radius * cosine
    }

    /// Fills `values` with the next numbers.
    pub fn fill(&mut self, values: &mut [f32]) {
        values.iter_mut().for_each(|value| *value = self.draw());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;
    use rand_core::{SeedableRng, TryRng};
    use rand_xoshiro::Xoshiro128PlusPlus;
    use std::{vec, vec::Vec};

    fn numbers(seed: u64, count: usize) -> Vec<f32> {
        let mut values = vec![0.0; count];
        Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed)).fill(&mut values);
        values
    }

    /// Gives the same bits for ever, and counts how often it was asked.
    struct Constant(u32, u32);

    impl TryRng for Constant {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            self.1 += 1;
            Ok(self.0)
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            self.1 += 1;
            Ok(u64::from(self.0))
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            bytes.fill(self.0 as u8);
            Ok(())
        }
    }

    /// The exact values come from a xoshiro128++ and a Box–Muller in f64, written independently.
    #[test]
    fn first_values_never_change() {
        let values = numbers(7, 4);
        let bits: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
        assert_eq!(bits, [1_073_888_010, 1_061_190_986, 3_207_668_471, 1_067_194_711]);
        let exact = [2.034_853_237, 0.751_911_693, -0.691_939_604, 1.219_523_389];
        assert!(values.iter().zip(exact).all(|(value, exact)| (f64::from(*value) - exact).abs() < 1e-6));
    }

    #[test]
    fn moments_and_tails_are_those_of_a_standard_gaussian() {
        let count = 1_000_000;
        let values = numbers(1, count);
        let moment = |power: i32| values.iter().map(|&x| f64::from(x).powi(power)).sum::<f64>() / count as f64;
        // Four standard errors of each moment: the variances of x, x², x³, x⁴ are 1, 2, 15, 96.
        for (power, expected, variance) in [(1, 0.0, 1.0_f64), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            let error = (moment(power) - expected).abs();
            assert!(error < 4.0 * (variance / count as f64).sqrt(), "moment {power} is off by {error}");
        }
        // P(|x| > 1, 2, 3, 4), again within four standard errors.
        for (bound, expected) in [(1.0, 0.317_310_5), (2.0, 0.045_500_26), (3.0, 0.002_699_796), (4.0, 0.000_063_342)] {
            let found = values.iter().filter(|x| x.abs() > bound).count() as f64 / count as f64;
            let error = (found - expected).abs();
            assert!(error < 4.0 * (expected / count as f64).sqrt(), "beyond {bound}: {found} is not {expected}");
        }
        let neighbours: f64 = values.windows(2).map(|pair| f64::from(pair[0] * pair[1])).sum::<f64>() / count as f64;
        assert!(neighbours.abs() < 4.0 / (count as f64).sqrt());
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers_however_they_are_asked_for() {
        let whole = numbers(3, 11);
        let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(3));
        let mut parts = vec![0.0; 11];
        noise.fill(&mut parts[..5]);
        parts[5] = noise.draw();
        noise.fill(&mut parts[6..]);
        assert_eq!(whole, parts);
        assert_ne!(whole, numbers(4, 11));
    }

    #[test]
    fn two_draws_make_two_numbers() {
        for (count, draws) in [(0, 0), (1, 2), (2, 2), (5, 6), (64, 64)] {
            let mut generator = Constant(9, 0);
            Noise::new(&mut generator).fill(&mut vec![0.0; count]);
            assert_eq!(generator.1, draws);
        }
    }

    #[test]
    fn extreme_bits_give_finite_numbers() {
        for bits in [0, 1, u32::MAX / 2, u32::MAX] {
            let mut noise = Noise::new(Constant(bits, 0));
            let (first, second) = (noise.draw(), noise.draw());
            assert!(first.abs() < 6.67 && second.abs() < 6.67, "{bits:x}: {first}, {second}");
        }
    }
}
