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
//! * in reverse, t = saturated(rounded(g·reverse / 2^shift)) goes into the sums, and they are shifted once more.
//!
//! No sum of 32 bits overflows where the magnitudes of an output's weights sum to at most [`MOST_MAGNITUDE`], forward and in
//! reverse: 65,535·2¹⁵ < 2³¹. That is checked when a file is written.

use crate::architecture::{Node, Places};
use crate::error::{ArchitectureError, Fault};
use crate::layer::MAX_INPUTS;
use crate::matrix::{Arithmetic, Encoding, MatrixShape};
use crate::signal::Shape;
use serde::{Deserialize, Serialize};

/// Most that the magnitudes of an output's weights sum to.
pub const MOST_MAGNITUDE: u32 = 65_535;
/// Largest shift.
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
    /// Exponent of the output.
    pub value: i8,
    /// Exponent of the output's cotangent; 0 for a node that does not depend on the signal.
    pub cotangent: i8,
}

impl Exponents {
    pub(crate) fn is_valid(self) -> bool {
        [self.value, self.cotangent].iter().all(|exponent| (-MAX_EXPONENT..=MAX_EXPONENT).contains(exponent))
    }
}

/// The exponents of every node, and a number that tells what they were measured on.
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
    /// For columns of which the largest scale is known, between an input and an output. None where a shift would be out of range: the
    /// exponents of input and output are too far apart.
    pub fn new(largest: f32, input: Exponents, output: Exponents) -> Option<Self> {
        let bias = power(output.value.into());
        if largest <= 0.0 {
            // Without weights nothing is multiplied.
            return Some(Requantisation { shifts: Shifts::default(), forward: 0.0, reverse: 0.0, bias });
        }
        // Multipliers below 2¹⁵ that fill 15 bits: the largest ratio times 2^(16 + shift).
        let ratio = f64::from(largest) * power(i32::from(output.value) - i32::from(input.value));
        let forward = (14 - exponent(ratio) - 16).min(MAX_SHIFT.into());
        // The largest product in reverse is as large as the cotangent, or up to half of it.
        let finer = -exponent(f64::from(largest)) - 1;
        let sum = i32::from(output.cotangent) + finer - i32::from(input.cotangent);
        let shifts = Shifts {
            forward: u8::try_from(forward).ok()?,
            reverse: REVERSE_SHIFT,
            sum: u8::try_from(sum).ok().filter(|&sum| sum <= MAX_SHIFT)?,
        };
        let to_forward = power(i32::from(output.value) - i32::from(input.value) + 16 + forward);
        let to_reverse = power(finer + i32::from(REVERSE_SHIFT));
        Some(Requantisation { shifts, forward: to_forward, reverse: to_reverse, bias })
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

/// Checks that every node has exponents, and that the shifts between them are those that integers have.
#[inline(never)] // as the nodes' check
pub(crate) fn check(
    encoding: Encoding,
    signal: Shape,
    nodes: impl Iterator<Item = Node>,
    exponents: impl Iterator<Item = Exponents> + Clone,
) -> Result<(), ArchitectureError> {
    if encoding.arithmetic() == Arithmetic::Float {
        return Ok(());
    }
    let mut places = Places::new(signal);
    let (mut listed, mut count) = (exponents.clone(), 0);
    for node in nodes {
        let placed = places.add(node)?;
        let of_inputs = placed.edges.iter().filter_map(|&edge| exponents.clone().nth(edge.into()));
        let of_inputs: heapless::Vec<_, MAX_INPUTS, u8> = of_inputs.collect();
        let fits = |own: &Exponents| own.is_valid() && placed.node.layer.kind().exponents(&of_inputs, *own);
        if !listed.next().is_some_and(|own| fits(&own)) {
            return Err(ArchitectureError { node: placed.index, fault: Fault::Exponents });
        }
        count = placed.index;
    }
    match listed.next() {
        None => Ok(()),
        Some(_) => Err(ArchitectureError { node: count, fault: Fault::Exponents }),
    }
}

/// A shift to the right between two exponents that integers have.
pub(crate) fn is_shift(shift: i32) -> bool {
    (0..=MAX_SHIFT.into()).contains(&shift)
}

/// For every word of a matrix, in the order of the file, the positions of its four weights among the row-major ones; none
/// past the last input or output.
pub(crate) fn words(shape: &MatrixShape) -> impl Iterator<Item = [Option<usize>; 4]> {
    let MatrixShape { window: [rows, window], columns, .. } = *shape;
    let channels = shape.channels();
    let pairs = channels.div_ceil(2);
    let at = move |tap: usize, input: usize, output: usize| {
        (input < channels && output < columns).then_some((tap * channels + input) * columns + output)
    };
    let outputs = (0..columns).step_by(2);
    outputs.flat_map(move |output| {
        (0..rows).flat_map(move |row| {
            (0..pairs).flat_map(move |pair| {
                (0..window).map(move |column| {
                    let (tap, input) = (row * window + column, 2 * pair);
                    [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, o)| at(tap, input + i, output + o))
                })
            })
        })
    })
}

/// The sum of the magnitudes of every output's weights, forward, then in reverse.
pub(crate) fn magnitudes(shape: &MatrixShape, values: &[i8]) -> impl Iterator<Item = u32> {
    let (columns, channels) = (shape.columns.max(1), shape.channels().max(1));
    let sum = |values: &mut dyn Iterator<Item = &i8>| {
        values.fold(0, |sum: u32, value| sum.saturating_add(value.unsigned_abs().into()))
    };
    let forward = (0..columns).map(move |column| sum(&mut values.iter().skip(column).step_by(columns)));
    let reverse = (0..channels).map(move |channel| {
        let rows = values.chunks(columns).skip(channel).step_by(channels);
        sum(&mut rows.flatten())
    });
    forward.chain(reverse)
}
