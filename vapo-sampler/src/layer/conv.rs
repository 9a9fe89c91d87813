//! Convolutions: y = windows(x)·W + biases; in reverse, each tap's cotangent goes back through W transposed.

use super::{At, Compute, Room, Values};
#[cfg(feature = "float")]
use crate::arithmetic::float::Float;
#[cfg(feature = "integer")]
use crate::arithmetic::integer::Integer;
use crate::kernel::float::{Direction, Lattice, Tap, set_biases};
#[cfg(feature = "integer")]
use crate::convolution::{self, Buffers, Geometry, Weights};
#[cfg(feature = "integer")]
use vapo_format::Shape;
use vapo_format::layer::Conv;
#[cfg(feature = "integer")]
use vapo_format::matrix;

#[cfg(feature = "float")]
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

#[cfg(feature = "integer")]
impl Compute<Integer> for Conv {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, i16>, y: &mut [i16], room: Room<'_>) {
        let (geometry, Some(weights)) = (geometry(self, at), weights(at)) else { return };
        convolution::convolve(convolution::Direction::Forward, &geometry, &weights, buffers(x, y), room.work);
    }

    fn reverse(
        &self,
        at: &At<'_>,
        _: Values<'_, i16>,
        g: &mut [i16],
        to: &mut [i16],
        _: usize,
        room: Room<'_>,
    ) {
        let (geometry, Some(weights)) = (geometry(self, at), weights(at)) else { return };
        let buffers = if to.is_empty() { Buffers::InPlace(g) } else { Buffers::Apart(g, to) };
        convolution::convolve(convolution::Direction::Reverse, &geometry, &weights, buffers, room.work);
    }
}

#[cfg(feature = "integer")]
fn buffers<'m>(x: &'m [i16], y: &'m mut [i16]) -> Buffers<'m> {
    if x.is_empty() { Buffers::InPlace(y) } else { Buffers::Apart(x, y) }
}

#[cfg(feature = "integer")]
fn geometry(conv: &Conv, at: &At<'_>) -> Geometry {
    extents(conv, at.input, at.output)
}

#[cfg(feature = "integer")]
fn extents(conv: &Conv, input: Shape, output: Shape) -> Geometry {
    Geometry { window: conv.window.map(usize::from), tiles: conv.tiles(), input, output }
}

/// Bytes that a convolution of integers works in.
#[cfg(feature = "integer")]
pub(crate) fn work_bytes(
    conv: &Conv,
    [input, output]: [Shape; 2],
    direction: convolution::Direction,
) -> usize {
    extents(conv, input, output).scratch_words(direction).saturating_mul(size_of::<u32>())
}

#[cfg(feature = "integer")]
fn weights<'a>(at: &At<'a>) -> Option<Weights<'a>> {
    let matrix = at.matrix?;
    let matrix::Weights::Integer { words, forward, reverse, shifts } = matrix.weights else { return None };
    let shifts = [shifts.forward, shifts.reverse, shifts.sum];
    Some(Weights { words, forward, reverse, biases: matrix.biases, shifts })
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
