//! In integers: the sums are exact, the potential is f32.

use super::{ReadOut, squared_norm};
use crate::arithmetic::integer::{Integer, moved, power};
use crate::kernel::rounding::{saturate, shift_right};
use crate::layer::{At, Compute, Room, Values};
use vapo_format::layer::{Readout, SQUARES};

/// The potential of integers. Both sums over them are exact.
fn potential(at: &At<'_>, o: &[i16], q: &[i16], x: &[f32]) -> f32 {
    let Some((quadratic, weights)) = q.split_first() else { return 0.0 };
    let [of_o, of_q, _] = at.of_inputs.map(|exponents| exponents.value);
    let channels = weights.len().max(1);
    let (mut linear, mut squares) = (0_i64, 0_i64);
    for pixel in o.chunks_exact(channels) {
        for (o, weight) in pixel.iter().zip(weights) {
            linear += i64::from(i32::from(*o) * i32::from(*weight));
            squares += i64::from(i32::from(*o) * i32::from(*o));
        }
    }
    let linear = linear as f32 * power(-of_o) * power(-of_q);
    let squares = squares as f32 * power(-of_o) * power(-of_o);
    let quadratic = f32::from(*quadratic) * power(-of_q);
    linear + SQUARES / channels as f32 * squares + 0.5 * quadratic * squared_norm(x)
}

impl Compute<Integer> for Readout {
    fn forward(&self, _: &At<'_>, _: Values<'_, i16>, _: &mut [i16], _: Room<'_>) {}

    fn reverse(&self, at: &At<'_>, [_, q, _]: Values<'_, i16>, _: &mut [i16], to: &mut [i16], _: usize, _: Room<'_>) {
        let Some((_, weights)) = q.split_first() else { return };
        let [of_o, of_q, _] = at.of_inputs;
        let channels = weights.len().max(1);
        let (factor, shift) = squares_factor(channels, i32::from(of_o.value) - i32::from(of_o.cotangent));
        for pixel in to.chunks_exact_mut(channels) {
            for (o, weight) in pixel.iter_mut().zip(weights) {
                let weight = moved(*weight, of_q.value, of_o.cotangent);
                *o = saturate(i32::from(weight) + shift_right(i32::from(*o) * factor, shift));
            }
        }
    }
}

impl ReadOut<Integer> for Readout {
    fn potential(&self, at: &At<'_>, o: &[i16], q: &[i16], x: &[f32]) -> f32 {
        potential(at, o, q, x)
    }

    fn quadratic(&self, at: &At<'_>, q: &[i16]) -> f32 {
        let [_, of_q, _] = at.of_inputs;
        q.first().map_or(0.0, |&q| f32::from(q) * power(-of_q.value))
    }
}

/// 2·SQUARES / channels · 2^-before as factor / 2^shift, with a factor below 2¹⁵.
fn squares_factor(channels: usize, before: i32) -> (i32, u8) {
    /// 2·SQUARES · 2³⁰, rounded.
    const NUMERATOR: u32 = 107_374_182;
    const _: () = assert!(SQUARES == 0.05);
    // There is at least one, as the model was checked; what divides by it must not panic.
    let (mut factor, mut shift) = (NUMERATOR / (channels as u32).max(1), 30 + before);
    while shift > 31 || factor > i16::MAX as u32 {
        (factor, shift) = (factor.div_ceil(2), shift - 1);
    }
    // Fewer shifts than none: the squares are as large as integers can be.
    match u8::try_from(shift) {
        Ok(shift) => (factor as i32, shift),
        Err(_) => (i16::MAX.into(), 0),
    }
}
