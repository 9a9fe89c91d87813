//! From a sum of 32 bits to a value of 16.

use super::{Direction, Weights};
use crate::kernel::rounding::{saturate, shift_right};

/// ⌊value · factor / 2¹⁶⌋: the upper 32 of 48 bits.
#[cfg(not(all(feature = "armv6m", target_arch = "arm")))]
pub(super) const fn multiply_high(value: i32, factor: i16) -> i32 {
    ((value as i64 * factor as i64) >> 16) as i32
}

/// ⌊value · factor / 2¹⁶⌋, of products that take no more than 32 bits.
#[cfg(all(feature = "armv6m", target_arch = "arm"))]
pub(super) const fn multiply_high(value: i32, factor: i16) -> i32 {
    (value >> 16) * factor as i32 + (((value & 0xffff) * factor as i32) >> 16)
}

/// [`shift_right`] without a branch: the first shift, the addend, and the second shift.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    first: u32,
    second: u32,
}

impl Shift {
    pub(super) const fn new(n: u8) -> Self {
        if n == 0 { Shift { first: 0, second: 0 } } else { Shift { first: n as u32 - 1, second: 1 } }
    }

    /// Shifts and adds. The addend is less than 2²⁹, and the value at most 2³⁰ after the first shift, so that nothing overflows.
    #[inline(always)]
    pub(super) const fn apply(self, value: i32, addend: i32) -> i32 {
        ((value >> self.first) + (addend << self.second) + self.second as i32) >> self.second
    }
}

/// Two i16 from the pair `pair` on.
pub(super) fn halves(bytes: &[u8], pair: usize) -> [i16; 2] {
    let half = |index: usize| {
        let bytes = bytes.get(2 * index..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| i16::from_le_bytes(*bytes))
    };
    [half(2 * pair), half(2 * pair + 1)]
}

/// Two i32 from the pair `pair` on.
fn words(bytes: &[u8], pair: usize) -> [i32; 2] {
    let word = |index: usize| {
        let bytes = bytes.get(4 * index..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| i32::from_le_bytes(*bytes))
    };
    [word(2 * pair), word(2 * pair + 1)]
}

/// Writes the values of two channels, the pair `pair`, of neighbouring pixels: `values` begins at the first of them, and
/// the next pixel is `step` values on.
pub(super) fn store(
    direction: Direction,
    weights: &Weights<'_>,
    pair: usize,
    sums: &[[i32; 2]],
    (values, step, channels): (&mut [i16], usize, usize),
) {
    let [n, _, k] = weights.shifts;
    match direction {
        Direction::Forward => {
            let (factors, biases, shift) = (halves(weights.forward, pair), words(weights.biases, pair), Shift::new(n));
            let round = |sum, factor, bias| saturate(shift.apply(multiply_high(sum, factor), bias));
            scatter(sums, (values, step, channels), |sums| {
                [round(sums[0], factors[0], biases[0]), round(sums[1], factors[1], biases[1])]
            });
        }
        Direction::Reverse => {
            let shift = |sum| saturate(shift_right(sum, k));
            scatter(sums, (values, step, channels), |sums| [shift(sums[0]), shift(sums[1])]);
        }
    }
}

/// Writes `values_of` each pair of sums. Of `channels` 1 the second value is dropped.
#[inline(always)]
fn scatter(
    sums: &[[i32; 2]],
    (mut values, step, channels): (&mut [i16], usize, usize),
    values_of: impl Fn([i32; 2]) -> [i16; 2],
) {
    for &sums in sums {
        let pair = values_of(sums);
        if channels > 1 {
            if let Some(to) = values.first_chunk_mut() {
                *to = pair;
            }
        } else if let Some(to) = values.first_mut() {
            *to = pair[0];
        }
        values = core::mem::take(&mut values).get_mut(step..).unwrap_or_default();
    }
}

/// t = sat(round(g · S / 2ᵐ)).
#[inline(always)]
pub(super) fn scale(value: i16, factor: i16, shift: Shift) -> i16 {
    saturate(shift.apply(value as i32 * factor as i32, 0))
}
