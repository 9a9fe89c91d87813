//! Which linear map of neighbouring pixels a convolution is, each way, and the layout of its weights.
//!
//! A tile of a tiled window is, row by row, contiguous in memory: its columns count as channels of one pixel. So a pass
//! has windows of one column there, and only odd windows reach beyond an image.

use super::lanes::LANES;
use crate::kernel::convolution::{Direction, Geometry};
use vapo_format::{Packed, Shape};

/// A linear map from windows of pixels to pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    /// Rows and columns of the window.
    pub(super) window: [usize; 2],
    /// Rows from one window to the next.
    pub(super) step: usize,
    /// Pairs of values that a pixel has in the source.
    pub(super) pairs: usize,
    /// Values that a pixel has in the result.
    pub(super) outputs: usize,
}

impl Pass {
    /// The neighbouring columns of a window that are computed together.
    pub(super) fn columns_together(self) -> usize {
        if self.window[1].is_multiple_of(3) { 3 } else { 1 }
    }

    /// Blocks of [`LANES`] outputs.
    pub(super) fn blocks(self) -> usize {
        self.outputs.div_ceil(LANES)
    }

    /// Words of one block's weights.
    pub(super) fn block_words(self) -> usize {
        self.window[0] * self.window[1] * self.pairs * LANES
    }

    /// Words of all weights.
    pub(super) fn words(self) -> usize {
        self.blocks() * self.block_words()
    }

    /// Writes `[block][row][columns / together][pair][column][lane]`, a word for each pair of source values.
    fn unpack(self, to: &mut [u32], weight: impl Fn([usize; 2], usize, usize) -> i16) {
        let [rows, columns] = self.window;
        let together = self.columns_together();
        let taps = (0..rows).flat_map(|row| (0..columns).step_by(together).map(move |column| [row, column]));
        let lines = taps.flat_map(|tap| (0..self.pairs).map(move |pair| (tap, pair)));
        for (block, to) in to.chunks_exact_mut(self.block_words().max(1)).enumerate() {
            for (([row, column], pair), to) in lines.clone().zip(to.chunks_exact_mut(together * LANES)) {
                for (index, word) in to.iter_mut().enumerate() {
                    let (tap, output) = ([row, column + index / LANES], block * LANES + index % LANES);
                    let value = |source| if output < self.outputs { weight(tap, source, output) } else { 0 };
                    *word = u32::from(value(2 * pair) as u16) | u32::from(value(2 * pair + 1) as u16) << 16;
                }
            }
        }
    }
}

/// Values a pixel of the input and of the output.
pub(super) fn channels(geometry: &Geometry) -> [usize; 2] {
    [geometry.input, geometry.output].map(|shape| shape.channels.into())
}

/// The pass that a convolution is. In reverse, with tiles, that of each row of a tile.
pub(super) fn pass(geometry: &Geometry, direction: Direction) -> Pass {
    let ([rows, columns], [inputs, outputs]) = (geometry.window, channels(geometry));
    let (window, step, sources, outputs) = match (direction, geometry.tiles) {
        (Direction::Forward, false) => (geometry.window, 1, inputs, outputs),
        (Direction::Forward, true) => ([rows, 1], rows, columns * inputs, outputs),
        (Direction::Reverse, false) => (geometry.window, 1, outputs, inputs),
        (Direction::Reverse, true) => ([1, 1], 1, outputs, columns * inputs),
    };
    Pass { window, step, pairs: sources.div_ceil(2), outputs }
}

/// Words of the weights, forward and in reverse.
fn words(geometry: &Geometry) -> [usize; 2] {
    let passes = if geometry.tiles { geometry.window[0] } else { 1 };
    [pass(geometry, Direction::Forward).words(), passes * pass(geometry, Direction::Reverse).words()]
}

/// What [`unpack`] wrote for one direction.
pub(super) fn unpacked<'a>(geometry: &Geometry, direction: Direction, all: &'a [u32]) -> Option<&'a [u32]> {
    let [forward, reverse] = words(geometry);
    match direction {
        Direction::Forward => all.get(..forward),
        Direction::Reverse => all.get(forward..forward + reverse),
    }
}

/// Words that [`unpack`] writes.
pub fn unpacked_words(geometry: &Geometry) -> usize {
    words(geometry).iter().sum()
}

/// Words of scratch that a convolution takes, whichever way: more than on a device, which need not keep all rows.
pub fn scratch_words(geometry: &Geometry) -> usize {
    let [rows, columns] = if geometry.tiles { [1, 1] } else { geometry.window };
    let padded = |shape: Shape, pairs: usize| {
        (usize::from(shape.height) + rows - 1) * (usize::from(shape.width) + columns - 1) * pairs
    };
    let forward = pass(geometry, Direction::Forward).pairs;
    let tile_rows = if geometry.tiles { geometry.window[0] } else { 1 };
    let source = if geometry.tiles { geometry.output } else { geometry.input };
    (tile_rows * padded(source, forward)).max(padded(geometry.output, pass(geometry, Direction::Reverse).pairs))
}

/// Unpacks the words of a file's weights, once a model.
pub fn unpack(geometry: &Geometry, words: Packed<'_>, to: &mut [u32]) {
    let ([rows, columns], [inputs, outputs]) = (geometry.window, channels(geometry));
    let pairs = inputs.div_ceil(2);
    let weight = |[row, column]: [usize; 2], input: usize, output: usize| {
        if input >= inputs || output >= outputs {
            return 0;
        }
        let word = ((output / 2 * rows + row) * pairs + input / 2) * columns + column;
        words.get(4 * word + input % 2 * 2 + output % 2).into()
    };
    let [forward, reverse] = [Direction::Forward, Direction::Reverse].map(|direction| pass(geometry, direction));
    let Some((to_forward, to_reverse)) = to.split_at_mut_checked(forward.words()) else { return };
    if geometry.tiles {
        forward.unpack(to_forward, |[row, _], source, output| {
            let column = source / inputs;
            if column < columns { weight([row, column], source % inputs, output) } else { 0 }
        });
        for (row, to) in to_reverse.chunks_exact_mut(reverse.words().max(1)).take(rows).enumerate() {
            reverse.unpack(to, |_, source, output| weight([row, output / inputs], output % inputs, source));
        }
    } else {
        forward.unpack(to_forward, weight);
        reverse.unpack(to_reverse, |[row, column], source, output| {
            weight([rows - 1 - row, columns - 1 - column], output, source)
        });
    }
}
