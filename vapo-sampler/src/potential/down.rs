//! 2×2 convolution of stride 2.

use super::frame::Frame;
use crate::arena::{move_to_front, split};
use crate::kernel::{Direction, Lattice, Tap, set_biases};
use vapo_format::{Matrix, Shape};

/// Frame: input | output → output.
pub(super) fn forward(frame: Frame<'_, '_>) -> Option<()> {
    let (n, m) = (frame.input.elements(), frame.output.elements());
    let matrix = frame.matrices().next()?;
    let [x, y] = split(frame.memory, [n, m])?;
    set_biases(&matrix, y);
    accumulate(&matrix, frame.output, Direction::Forward, x, y);
    move_to_front(frame.memory, n, m)
}

/// Frame: cotangent of the output | cotangent of the input → cotangent of the input.
pub(super) fn reverse(frame: Frame<'_, '_>) -> Option<()> {
    let (n, m) = (frame.input.elements(), frame.output.elements());
    let matrix = frame.matrices().next()?;
    let [g, cotangent] = split(frame.memory, [m, n])?;
    cotangent.fill(0.0);
    accumulate(&matrix, frame.output, Direction::Reverse, g, cotangent);
    move_to_front(frame.memory, m, n)
}

fn accumulate(matrix: &Matrix<'_>, output: Shape, direction: Direction, x: &[f32], y: &mut [f32]) {
    let (height, width) = (usize::from(output.height), usize::from(output.width));
    let (rows, columns) = (matrix.rows / 4, matrix.columns);
    let coarse = Lattice { start: 0, row: width * columns, pixel: columns };
    for tap in 0..4 {
        let start = (tap / 2 * 2 * width + tap % 2) * rows;
        let fine = Lattice { start, row: 4 * width * rows, pixel: 2 * rows };
        let (from, to) = match direction {
            Direction::Forward => (fine, coarse),
            Direction::Reverse => (coarse, fine),
        };
        Tap::new(matrix, tap, rows, direction).accumulate((height, width), (x, from), (y, to));
    }
}
