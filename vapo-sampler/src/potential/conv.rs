//! 3×3 convolution with zero padding.

use super::frame::Frame;
use crate::arena::{move_to_front, split};
use crate::kernel::{Direction, Lattice, Tap, set_biases};
use vapo_format::{Matrix, Shape};

/// Frame: input | output → output.
pub(super) fn forward(frame: Frame<'_, '_>) -> Option<()> {
    let (n, m) = (frame.input.elements(), frame.output.elements());
    let matrix = frame.matrices().next()?;
    let [x, y] = split(frame.memory, [n, m])?;
    convolve(&matrix, frame.input, x, y);
    move_to_front(frame.memory, n, m)
}

/// Frame: cotangent of the output | cotangent of the input → cotangent of the input.
pub(super) fn reverse(frame: Frame<'_, '_>) -> Option<()> {
    let (n, m) = (frame.input.elements(), frame.output.elements());
    let matrix = frame.matrices().next()?;
    let [g, cotangent] = split(frame.memory, [m, n])?;
    convolve_transposed(&matrix, frame.input, g, cotangent);
    move_to_front(frame.memory, m, n)
}

/// Sets `y` to the convolution of `x` plus bias.
pub(super) fn convolve(matrix: &Matrix<'_>, extent: Shape, x: &[f32], y: &mut [f32]) {
    set_biases(matrix, y);
    accumulate(matrix, extent, Direction::Forward, x, y);
}

/// Sets `y` to the cotangent of the input, from `g`, that of the output.
pub(super) fn convolve_transposed(matrix: &Matrix<'_>, extent: Shape, g: &[f32], y: &mut [f32]) {
    y.fill(0.0);
    accumulate(matrix, extent, Direction::Reverse, g, y);
}

fn accumulate(matrix: &Matrix<'_>, extent: Shape, direction: Direction, x: &[f32], y: &mut [f32]) {
    let (height, width) = (usize::from(extent.height), usize::from(extent.width));
    let (rows, columns) = (matrix.rows / 9, matrix.columns);
    let lattice = |(row, column), channels| Lattice {
        start: (row * width + column) * channels,
        row: width * channels,
        pixel: channels,
    };
    for tap in 0..9 {
        // Output pixel o uses input pixel o + k − 1 for k from 0 to 2, where that lies in the image.
        let (ky, kx) = (tap / 3, tap % 3);
        let output = (1_usize.saturating_sub(ky), 1_usize.saturating_sub(kx));
        let input = (ky.saturating_sub(1), kx.saturating_sub(1));
        let pixels = (height.saturating_sub(output.0 + input.0), width.saturating_sub(output.1 + input.1));
        let (input, output) = (lattice(input, rows), lattice(output, columns));
        let (from, to) = match direction {
            Direction::Forward => (input, output),
            Direction::Reverse => (output, input),
        };
        Tap::new(matrix, tap, rows, direction).accumulate(pixels, (x, from), (y, to));
    }
}
