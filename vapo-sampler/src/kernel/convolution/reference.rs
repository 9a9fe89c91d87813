//! The definition of a convolution over integers, pixel by pixel and tap by tap. Every kernel gives the same bits.

use super::rounding::multiply_high;
use super::{Geometry, Weights};
use crate::kernel::rounding::{saturate, shift_right};
use vapo_format::Shape;

/// The pixel of the input that a tap of an output's window reads, unless it lies outside.
fn input_pixel(geometry: &Geometry, output: [usize; 2], tap: [usize; 2]) -> Option<[usize; 2]> {
    let along = |axis: usize, extent: u16| {
        let (window, output, tap) = (*geometry.window.get(axis)?, *output.get(axis)?, *tap.get(axis)?);
        let input = if geometry.tiles { output * window + tap } else { (output + tap).checked_sub(window / 2)? };
        (input < usize::from(extent)).then_some(input)
    };
    Some([along(0, geometry.input.height)?, along(1, geometry.input.width)?])
}

/// The index of a value.
fn index(shape: Shape, [row, column]: [usize; 2], channel: usize) -> usize {
    (row * usize::from(shape.width) + column) * usize::from(shape.channels) + channel
}

/// Rows by columns, in ascending order.
fn pixels(rows: usize, columns: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]))
}

impl Weights<'_> {
    /// The weight from an input channel to an output channel by a tap.
    fn weight(&self, geometry: &Geometry, [ky, kx]: [usize; 2], input: usize, output: usize) -> i32 {
        let [rows, columns] = geometry.window;
        let pairs = usize::from(geometry.input.channels).div_ceil(2);
        let word = ((output / 2 * rows + ky) * pairs + input / 2) * columns + kx;
        self.words.get(4 * word + 2 * (input % 2) + output % 2).into()
    }

    /// M or S of an output channel.
    fn factor(factors: &[u8], output: usize) -> i16 {
        let bytes = factors.get(2 * output..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| i16::from_le_bytes(*bytes))
    }

    /// B of an output channel.
    fn bias(&self, output: usize) -> i32 {
        let bytes = self.biases.get(4 * output..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| i32::from_le_bytes(*bytes))
    }
}

/// Output of `x`.
pub fn forward(geometry: &Geometry, weights: &Weights<'_>, x: &[i16], y: &mut [i16]) {
    let [rows, columns] = geometry.window;
    let value = |pixel, channel| x.get(index(geometry.input, pixel, channel)).map_or(0, |&x| i32::from(x));
    for output in pixels(geometry.output.height.into(), geometry.output.width.into()) {
        for o in 0..usize::from(geometry.output.channels) {
            let mut sum = 0_i32;
            for tap in pixels(rows, columns) {
                let Some(input) = input_pixel(geometry, output, tap) else { continue };
                for c in 0..usize::from(geometry.input.channels) {
                    sum = sum.wrapping_add(weights.weight(geometry, tap, c, o) * value(input, c));
                }
            }
            let scaled = shift_right(multiply_high(sum, Weights::factor(weights.forward, o)), weights.shifts[0]);
            if let Some(y) = y.get_mut(index(geometry.output, output, o)) {
                *y = saturate(scaled + weights.bias(o));
            }
        }
    }
}

/// Cotangent of the input, from `g` of the output.
pub fn reverse(geometry: &Geometry, weights: &Weights<'_>, g: &[i16], x: &mut [i16]) {
    let [rows, columns] = geometry.window;
    let [_, m, k] = weights.shifts;
    let scaled = |pixel, o| {
        let g = g.get(index(geometry.output, pixel, o)).copied().unwrap_or_default();
        i32::from(saturate(shift_right(i32::from(g) * i32::from(Weights::factor(weights.reverse, o)), m)))
    };
    for input in pixels(geometry.input.height.into(), geometry.input.width.into()) {
        for c in 0..usize::from(geometry.input.channels) {
            let mut sum = 0_i32;
            for output in pixels(geometry.output.height.into(), geometry.output.width.into()) {
                for tap in pixels(rows, columns).filter(|&tap| input_pixel(geometry, output, tap) == Some(input)) {
                    for o in 0..usize::from(geometry.output.channels) {
                        sum = sum.wrapping_add(weights.weight(geometry, tap, c, o) * scaled(output, o));
                    }
                }
            }
            if let Some(x) = x.get_mut(index(geometry.input, input, c)) {
                *x = saturate(shift_right(sum, k));
            }
        }
    }
}
