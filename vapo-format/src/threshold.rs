//! An anomaly threshold: above which energy an image is none of those that a potential was trained on.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Homotopy, Threshold};
//!
//! let threshold = Threshold { energy: 8.8, time: 0.5, false_positive_rate: 0.05 };
//! assert!(threshold.is_valid(Homotopy::Linear));
//! assert!(!Threshold { time: 1.0, ..threshold }.is_valid(Homotopy::Linear)); // which has no energy at time 1
//! ```

use crate::homotopy::Homotopy;

/// Bytes of a threshold on file: three f32.
pub const BYTES: usize = 12;

/// The energy above which an image counts as an anomaly, and how it was chosen.
///
/// What is compared is the energy of mean(time)·image at `time`, where mean is the homotopy's.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Threshold {
    /// The greatest energy that is no anomaly yet; finite.
    pub energy: f32,
    /// Time of the energy: from 0 to 1, and below 1 for [`Homotopy::Linear`], which has no energy at 1.
    pub time: f32,
    /// The share of ordinary images that the threshold was meant to refuse: above 0 and below 1.
    pub false_positive_rate: f32,
}

impl Threshold {
    /// Whether every number lies where it should.
    pub fn is_valid(&self, homotopy: Homotopy) -> bool {
        let Threshold { energy, time, false_positive_rate } = *self;
        // Comparisons with what is not a number are false.
        energy.is_finite() && has_energy(homotopy, time) && false_positive_rate > 0.0 && false_positive_rate < 1.0
    }

    pub(crate) fn to_bytes(self) -> [u8; BYTES] {
        let [e0, e1, e2, e3] = self.energy.to_le_bytes();
        let [t0, t1, t2, t3] = self.time.to_le_bytes();
        let [r0, r1, r2, r3] = self.false_positive_rate.to_le_bytes();
        [e0, e1, e2, e3, t0, t1, t2, t3, r0, r1, r2, r3]
    }

    pub(crate) fn from_bytes(bytes: [u8; BYTES]) -> Self {
        let [e0, e1, e2, e3, t0, t1, t2, t3, r0, r1, r2, r3] = bytes;
        Threshold {
            energy: f32::from_le_bytes([e0, e1, e2, e3]),
            time: f32::from_le_bytes([t0, t1, t2, t3]),
            false_positive_rate: f32::from_le_bytes([r0, r1, r2, r3]),
        }
    }
}

/// Whether a homotopy has an energy at a time.
pub(crate) fn has_energy(homotopy: Homotopy, time: f32) -> bool {
    let defined = match homotopy {
        Homotopy::Linear => time < 1.0,
        Homotopy::Bayes => time <= 1.0,
    };
    // Comparisons with what is not a number are false.
    time >= 0.0 && defined
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: Threshold = Threshold { energy: -3.5, time: 0.5, false_positive_rate: 0.05 };

    #[test]
    fn bytes_and_back() {
        let bytes = VALID.to_bytes();
        assert_eq!(bytes, [0, 0, 0x60, 0xc0, 0, 0, 0, 0x3f, 0xcd, 0xcc, 0x4c, 0x3d]);
        assert_eq!(Threshold::from_bytes(bytes), VALID);
    }

    #[test]
    fn rules() {
        let below_one = 1.0_f32.next_down();
        let (linear, bayes) = (Homotopy::Linear, Homotopy::Bayes);
        for (threshold, of_linear, of_bayes) in [
            (VALID, true, true),
            (Threshold { energy: f32::MIN, ..VALID }, true, true),
            (Threshold { time: 0.0, ..VALID }, true, true),
            (Threshold { time: below_one, ..VALID }, true, true),
            (Threshold { time: 1.0, ..VALID }, false, true),
            (Threshold { time: 1.5, ..VALID }, false, false),
            (Threshold { time: -0.5, ..VALID }, false, false),
            (Threshold { time: f32::NAN, ..VALID }, false, false),
            (Threshold { energy: f32::NAN, ..VALID }, false, false),
            (Threshold { energy: f32::INFINITY, ..VALID }, false, false),
            (Threshold { energy: f32::NEG_INFINITY, ..VALID }, false, false),
            (Threshold { false_positive_rate: f32::MIN_POSITIVE, ..VALID }, true, true),
            (Threshold { false_positive_rate: below_one, ..VALID }, true, true),
            (Threshold { false_positive_rate: 0.0, ..VALID }, false, false),
            (Threshold { false_positive_rate: 1.0, ..VALID }, false, false),
            (Threshold { false_positive_rate: f32::NAN, ..VALID }, false, false),
        ] {
            assert_eq!((threshold.is_valid(linear), threshold.is_valid(bayes)), (of_linear, of_bayes), "{threshold:?}");
        }
    }
}
