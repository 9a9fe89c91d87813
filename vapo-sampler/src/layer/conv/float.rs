//! In float arithmetic: each tap is a product of matrices, added to the outputs.

use crate::arithmetic::float::Float;
use crate::kernel::float::{Direction, Lattice, Tap, set_biases};
use crate::layer::{At, Compute, Room, Values};
use vapo_format::layer::Conv;

impl Compute<Float> for Conv {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, f32>, y: &mut [f32], _: Room<'_>) {
        if let Some(matrix) = &at.matrix {
            set_biases(matrix, y);
        }
        accumulate(self, at, Direction::Forward, x, y);
    }

    fn reverse(&self, at: &At<'_>, _: Values<'_, f32>, g: &mut [f32], to: &mut [f32], _: usize, _: Room<'_>) {
        to.fill(0.0);
        accumulate(self, at, Direction::Reverse, g, to);
    }
}

/// Adds every tap, row by row of the window.
fn accumulate(conv: &Conv, at: &At<'_>, direction: Direction, x: &[f32], y: &mut [f32]) {
    let Some(matrix) = &at.matrix else { return };
    let [window_rows, window_columns] = conv.window.map(usize::from);
    for (row, column) in (0..window_rows).flat_map(|row| (0..window_columns).map(move |column| (row, column))) {
        let (rows, columns) = if conv.tiles() {
            let rows = Axis::tiled(row, window_rows, at.output.height.into());
            (rows, Axis::tiled(column, window_columns, at.output.width.into()))
        } else {
            let rows = Axis::same(row, window_rows, at.output.height.into());
            (rows, Axis::same(column, window_columns, at.output.width.into()))
        };
        let lattice = |width: u16, channels: u16, (row, down), (column, right)| {
            let (width, channels): (usize, usize) = (width.into(), channels.into());
            let start = (row * width + column) * channels;
            Lattice { start, row: down * width * channels, pixel: right * channels }
        };
        let input = lattice(at.input.width, at.input.channels, rows.input, columns.input);
        let output = lattice(at.output.width, at.output.channels, rows.output, columns.output);
        let (from, to) = match direction {
            Direction::Forward => (input, output),
            Direction::Reverse => (output, input),
        };
        let tap = row * window_columns + column;
        let tap = Tap::new(matrix, tap, at.input.channels.into(), direction);
        tap.accumulate((rows.count, columns.count), (x, from), (y, to));
    }
}

/// The pixels along one axis that a tap connects: where they start, and the way from one to the next.
struct Axis {
    input: (usize, usize),
    output: (usize, usize),
    count: usize,
}

impl Axis {
    /// Output pixel o uses input pixel o·window + tap.
    fn tiled(tap: usize, window: usize, outputs: usize) -> Self {
        Axis { input: (tap, window), output: (0, 1), count: outputs }
    }

    /// Output pixel o uses input pixel o + tap − window/2, where that lies in the signal.
    fn same(tap: usize, window: usize, outputs: usize) -> Self {
        let (input, output) = (tap.saturating_sub(window / 2), (window / 2).saturating_sub(tap));
        Axis { input: (input, 1), output: (output, 1), count: outputs.saturating_sub(input + output) }
    }
}
