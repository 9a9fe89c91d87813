//! Integer arithmetic: which numbers the integers of an activation stand for, and what makes one activation's integers
//! of another's.
//!
//! An activation is i16, a weight i8, a sum i32. An integer q stands for q / 2^exponent; every node has an exponent for its
//! output and one for the output's cotangent. They were chosen when the model was written, from activations along real
//! trajectories: its calibration.
//!
//! A convolution's sums are brought to the output's exponent by an i16 multiplier a column and a shift:
//!
//! * forward, y = saturated(rounded(⌊sum·forward / 2¹⁶⌋ / 2^shift) + bias);
//! * in reverse, t = saturated(rounded(g·reverse / 2^shift)) goes into the sums, and these are shifted once more.
//!
//! No sum of 32 bits overflows where the magnitudes of an output's weights sum to at most [`MOST_MAGNITUDE`], forward and in
//! reverse: 65,535·2¹⁵ < 2³¹. That is checked when a file is written.
//!
//! # Example
//!
//! ```
//! use vapo_format::fixed_point::{Requantisation, Shifts};
//! use vapo_format::{Calibration, Exponents};
//!
//! // An integer of exponent 11 stands for q / 2,048. The output's are coarser.
//! let input = Exponents { value: 11, cotangent: 12 };
//! let output = Exponents { value: 10, cotangent: 11 };
//! let Some(convolution) = Requantisation::new(0.01, input, output) else { unreachable!("no shift is negative") };
//!
//! // y = saturated(rounded(⌊sum·forward / 2¹⁶⌋ / 2^shift) + bias), of a column whose scale is 0.01.
//! let Shifts { forward, .. } = convolution.shifts;
//! let multiplier = i64::from(convolution.forward(0.01));
//! let sum = 100_000_i64;
//! let y = ((sum * multiplier) >> 16) as f64 / f64::from(1 << forward);
//! assert!((y / 1024.0 - sum as f64 * 0.01 / 2048.0).abs() < 0.01);
//! assert_eq!(convolution.bias(0.5), Some(512));
//! assert!(convolution.reverse(0.01) > 0);
//!
//! // Nodes of time alone have no way back.
//! let alone = Requantisation::forward_alone(0.01, 11, 10);
//! assert_eq!(alone.map(|alone| alone.forward(0.01)), Some(convolution.forward(0.01)));
//!
//! // What `Writer::integer` takes: the exponents of every node, and what they were measured on.
//! let calibration = Calibration { exponents: &[input, output], digest: 0 };
//! assert_eq!(calibration.exponents.len(), 2);
//! ```

use serde::{Deserialize, Serialize};

/// Most that the magnitudes of an output's weights sum to.
pub const MOST_MAGNITUDE: u32 = 65_535;
/// Largest shift; that of the first product in reverse is below it.
pub const MAX_SHIFT: u8 = 31;
/// Largest magnitude of an exponent.
pub const MAX_EXPONENT: i8 = 40;
/// Magnitudes of biases are below this.
pub const BIAS_END: i32 = 1 << 29;
/// The shift of the first product in reverse.
pub const REVERSE_SHIFT: u8 = 15;

/// What the integers of a node stand for: q / 2^exponent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exponents {
    /// Exponent of the output; 0 for the read-out, whose output is a float.
    pub value: i8,
    /// Exponent of the output's cotangent; 0 for the read-out, and for a node that does not depend on the signal.
    pub cotangent: i8,
}

impl Exponents {
    pub(crate) fn is_valid(self) -> bool {
        [self.value, self.cotangent].iter().all(|exponent| (-MAX_EXPONENT..=MAX_EXPONENT).contains(exponent))
    }
}

/// The exponents of every node, and a digest of the data that they were measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration<'c> {
    /// One for each node.
    pub exponents: &'c [Exponents],
    /// Of the trajectories and the data that exponents were chosen from.
    pub digest: u32,
}

/// Shifts of a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shifts {
    /// After a sum's multiplication, forward.
    pub forward: u8,
    /// After a cotangent's multiplication, in reverse.
    pub reverse: u8,
    /// Of a sum, in reverse.
    pub sum: u8,
}

impl Shifts {
    pub(crate) fn is_valid(self) -> bool {
        self.forward <= MAX_SHIFT && self.reverse < MAX_SHIFT && self.sum <= MAX_SHIFT
    }
}

/// How a convolution of these exponents is computed, from the scale of each column and its bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requantisation {
    /// The shifts.
    pub shifts: Shifts,
    forward: f64,
    reverse: f64,
    bias: f64,
}

impl Requantisation {
    /// For columns of which the largest scale is known, between an input and an output. None where a shift would be negative:
    /// the output has too many digits for the input's, or the input's cotangent for the output's.
    pub fn new(largest: f32, input: Exponents, output: Exponents) -> Option<Self> {
        let forward = Self::forward_alone(largest, input.value, output.value)?;
        if largest <= 0.0 {
            return Some(forward);
        }
        // Multipliers below 2¹⁵ that fill 15 bits, so that no product is larger than its cotangent.
        let finer = -exponent(f64::from(largest)) - 1;
        let sum = i32::from(output.cotangent) + finer - i32::from(input.cotangent);
        // What a longer shift would leave of a sum a smaller multiplier leaves.
        let most = sum.min(MAX_SHIFT.into());
        let shifts = Shifts { reverse: REVERSE_SHIFT, sum: u8::try_from(most).ok()?, ..forward.shifts };
        Some(Requantisation { shifts, reverse: power(finer + i32::from(REVERSE_SHIFT) - (sum - most)), ..forward })
    }

    /// Without anything in reverse: between the values of nodes that do not depend on the signal. None where the shift would be
    /// negative.
    pub fn forward_alone(largest: f32, input: i8, output: i8) -> Option<Self> {
        let bias = power(output.into());
        if largest <= 0.0 {
            // Without weights nothing is multiplied.
            return Some(Requantisation { shifts: Shifts::default(), forward: 0.0, reverse: 0.0, bias });
        }
        // Multipliers below 2¹⁵ that fill 15 bits: the largest ratio times 2^(16 + shift).
        let apart = i32::from(output) - i32::from(input);
        let shift = (14 - exponent(f64::from(largest) * power(apart)) - 16).min(MAX_SHIFT.into());
        let shifts = Shifts { forward: u8::try_from(shift).ok()?, ..Shifts::default() };
        Some(Requantisation { shifts, forward: power(apart + 16 + shift), reverse: 0.0, bias })
    }

    /// Multiplier forward of a column of this scale.
    pub fn forward(&self, scale: f32) -> i16 {
        multiplier(f64::from(scale) * self.forward)
    }

    /// Multiplier in reverse of a column of this scale.
    pub fn reverse(&self, scale: f32) -> i16 {
        multiplier(f64::from(scale) * self.reverse)
    }

    /// A bias in integers; none where its magnitude is [`BIAS_END`] or more.
    pub fn bias(&self, bias: f32) -> Option<i32> {
        let bias = rounded(f64::from(bias) * self.bias)?;
        Some(bias).filter(|&bias| is_bias(bias))
    }
}

/// 2^exponent, for exponents that f64 has.
fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023).clamp(1, 2046) as u64) << 52)
}

/// ⌊log₂ x⌋ of a positive number that f64 has with all its digits.
fn exponent(x: f64) -> i32 {
    (x.to_bits() >> 52) as i32 - 1023
}

fn multiplier(x: f64) -> i16 {
    // A conversion saturates: 32,767.5 and above become 32,767.
    (x + 0.5) as i16
}

/// The nearest integer; of two, the larger.
fn rounded(x: f64) -> Option<i32> {
    let nearest = x + 0.5;
    if !(f64::from(i32::MIN)..f64::from(i32::MAX)).contains(&nearest) {
        return None;
    }
    let cut = nearest as i32;
    Some(if f64::from(cut) > nearest { cut - 1 } else { cut })
}

pub(crate) fn is_bias(bias: i32) -> bool {
    -BIAS_END < bias && bias < BIAS_END
}

/// A shift to the right between two exponents that integers have.
pub(crate) fn is_shift(shift: i32) -> bool {
    (0..=MAX_SHIFT.into()).contains(&shift)
}
