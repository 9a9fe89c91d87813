//! Learns a threshold on a device from the energies of normal windows, because every machine is different.
//!
//! The threshold at a false-positive rate is an order statistic of N energies: at most a share of `rate` exceeds it. With k =
//! ⌊rate·N⌋ it is the (k+1)-th largest energy, so only k+1 energies have to be kept. It equals the threshold that a host finds
//! from all energies.
//!
//! # Example
//!
//! ```
//! use vapo_sampler::{LearningError, ThresholdLearner};
//!
//! // Of 100 windows at a rate of 0.05, the six largest energies are kept.
//! let mut largest = [0.0; ThresholdLearner::room(0.05, 100)];
//! let mut learner = ThresholdLearner::new(0.05, &mut largest)?;
//! for energy in 0..100_u8 {
//!     learner.push(energy.into())?;
//! }
//! assert_eq!((learner.count(), learner.threshold()), (100, Some(94.0))); // above it lie 95 to 99
//! assert_eq!(ThresholdLearner::new(0.0, &mut []).map(|_| ()), Err(LearningError::Rate { found: 0.0 }));
//! # Ok::<(), LearningError>(())
//! ```

use core::fmt;

/// The largest energies so far, and how many there were.
#[derive(Debug)]
pub struct ThresholdLearner<'a> {
    rate: f32,
    /// The largest first.
    largest: &'a mut [f32],
    count: u32,
}

/// Why a threshold cannot be learned.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LearningError {
    /// The rate is not above 0 and below 1.
    Rate {
        /// The rate.
        found: f32,
    },
    /// At this rate, so many energies take more room than there is.
    Room {
        /// f32 elements that they need.
        needed: usize,
        /// f32 elements that the caller lent.
        given: usize,
    },
}

impl fmt::Display for LearningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LearningError::Rate { found } => {
                write!(f, "a false-positive rate is above 0 and below 1, found {found}: try 0.01")
            }
            LearningError::Room { needed, given } => write!(
                f,
                "a threshold of so many windows takes {needed} elements at this rate, {given} were given: learn from fewer \
                 windows, or at a lower rate"
            ),
        }
    }
}

impl core::error::Error for LearningError {}

impl<'a> ThresholdLearner<'a> {
    /// Elements that a threshold takes of up to `count` windows at a false-positive rate.
    pub const fn room(rate: f32, count: u32) -> usize {
        above(rate, count) as usize + 1
    }

    /// A learner without any energy yet. It keeps the largest energies in all of `memory`, which needs as many elements as
    /// [`ThresholdLearner::room`] says.
    ///
    /// # Errors
    /// [`LearningError::Rate`] where the rate is not above 0 and below 1, [`LearningError::Room`] where the memory is empty.
    pub fn new(rate: f32, memory: &'a mut [f32]) -> Result<Self, LearningError> {
        if !(rate > 0.0 && rate < 1.0) {
            return Err(LearningError::Rate { found: rate });
        }
        if memory.is_empty() {
            return Err(LearningError::Room { needed: 1, given: 0 });
        }
        Ok(ThresholdLearner { rate, largest: memory, count: 0 })
    }

    /// Takes the energy of a normal window. An energy that is not finite is left out and not counted. No energy could exceed
    /// it, and the monitor would never report an anomaly again.
    ///
    /// # Errors
    /// [`LearningError::Room`] where there is no room for one more; the threshold stays that of those before.
    pub fn push(&mut self, energy: f32) -> Result<(), LearningError> {
        if !energy.is_finite() {
            return Ok(());
        }
        let count = self.count.saturating_add(1);
        let (needed, given) = (Self::room(self.rate, count), self.largest.len());
        if needed > given {
            return Err(LearningError::Room { needed, given });
        }
        let used = (self.count as usize).min(given);
        // What it is larger than moves on by one place, and the last one beyond the room out.
        let mut moved = energy;
        for (place, kept) in self.largest.iter_mut().take(used + 1).enumerate() {
            if place == used || moved.total_cmp(kept).is_gt() {
                core::mem::swap(kept, &mut moved);
            }
        }
        self.count = count;
        Ok(())
    }

    /// The threshold from the energies until now; none before the first.
    pub fn threshold(&self) -> Option<f32> {
        let last = self.count.checked_sub(1)?;
        self.largest.get(above(self.rate, self.count).min(last) as usize).copied()
    }

    /// Number of energies so far.
    pub fn count(&self) -> u32 {
        self.count
    }
}

/// ⌊rate·count⌋, exactly: a float is a whole number of 24 bits over a power of two. Without floats of 64 bits, which take flash.
const fn above(rate: f32, count: u32) -> u32 {
    let bits = rate.to_bits();
    let (exponent, fraction) = (bits >> 23 & 0xff, bits & 0x7f_ffff);
    if bits >> 31 != 0 || exponent >= 127 {
        // No rate.
        return count;
    }
    let mantissa = if exponent == 0 { fraction } else { fraction | 0x80_0000 };
    // 1/2^shift · mantissa, of at least 24 as the rate is below 1.
    let shift = if exponent == 0 { 149 } else { 150 - exponent };
    if shift > 63 { 0 } else { ((mantissa as u64 * count as u64) >> shift) as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn an_energy_that_is_not_finite_is_not_learned() {
        let mut memory = [0.0; 4];
        let mut learner = ThresholdLearner::new(0.1, &mut memory).unwrap();
        for energy in [f32::INFINITY, 3.0, f32::NAN, 5.0, f32::NEG_INFINITY] {
            learner.push(energy).unwrap();
        }
        assert_eq!((learner.count(), learner.threshold()), (2, Some(5.0)));
    }

    /// By definition, from all energies.
    fn by_sorting(energies: &[f32], rate: f32) -> f32 {
        let mut sorted = energies.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        sorted[(f64::from(rate) * energies.len() as f64).floor() as usize]
    }

    proptest! {
        /// After every energy, not the last alone; ties included.
        #[test]
        fn a_threshold_is_that_of_all_energies(
            energies in prop::collection::vec(prop_oneof![any::<f32>(), (-3..3_i8).prop_map(f32::from)], 1..80),
            rate in 0.0005..0.9995_f32,
        ) {
            let mut memory = vec![f32::NAN; ThresholdLearner::room(rate, energies.len() as u32)];
            let mut learner = ThresholdLearner::new(rate, &mut memory).unwrap();
            prop_assert_eq!(learner.threshold(), None);
            for (before, energy) in energies.iter().enumerate() {
                learner.push(*energy).unwrap();
                prop_assert_eq!(learner.count() as usize, before + 1);
                let expected = by_sorting(&energies[..=before], rate);
                prop_assert_eq!(learner.threshold().unwrap().to_bits(), expected.to_bits());
            }
        }

        #[test]
        fn the_number_above_is_the_product_rounded_down(rate in 1e-9..1.0_f32, count in 0..1_u32 << 29) {
            prop_assert_eq!(u64::from(above(rate, count)), (f64::from(rate) * f64::from(count)).floor() as u64);
        }
    }

    #[test]
    fn too_little_room_is_an_error_that_says_how_much_is_needed() {
        let mut memory = [0.0; 2];
        let mut learner = ThresholdLearner::new(0.25, &mut memory).unwrap();
        for energy in [3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0] {
            learner.push(energy).unwrap();
        }
        assert_eq!(learner.threshold(), Some(5.0));
        // Two of eight lie above the third.
        assert_eq!(learner.push(6.0), Err(LearningError::Room { needed: 3, given: 2 }));
        assert_eq!((learner.count(), learner.threshold()), (7, Some(5.0)));
        assert!(matches!(ThresholdLearner::new(0.25, &mut []), Err(LearningError::Room { needed: 1, given: 0 })));
        assert_eq!([7, 8, 1000].map(|count| ThresholdLearner::room(0.25, count)), [2, 3, 251]);
    }

    #[test]
    fn rates_lie_between_0_and_1() {
        let refused = |rate| matches!(ThresholdLearner::new(rate, &mut [0.0]), Err(LearningError::Rate { .. }));
        assert!([0.0, -0.1, 1.0, 1.5, f32::NAN, f32::INFINITY].into_iter().all(refused));
        assert!(![f32::MIN_POSITIVE, 0.01, 1.0_f32.next_down()].into_iter().any(refused));
        assert_eq!(above(f32::MIN_POSITIVE / 4.0, u32::MAX), 0);
        assert_eq!(above(1.0_f32.next_down(), u32::MAX), u32::MAX - 256);
        let errors: Vec<_> = [LearningError::Rate { found: 2.0 }, LearningError::Room { needed: 3, given: 2 }].into();
        assert!(std::format!("{} {}", errors[0], errors[1]).contains("found 2: try 0.01 a threshold of so many"));
    }
}
