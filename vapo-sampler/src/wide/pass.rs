//! Which linear map of neighbouring pixels a convolution is, each way, and the layout of its weights.
//!
//! A tile of a tiled window is, row by row, contiguous in memory: its columns count as channels of one pixel. So a pass
//! has windows of one column there, and only odd windows reach beyond an image.

use super::lanes::LANES;
use vapo_format::Shape;

/// The extents of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    /// Rows and columns of the window.
    pub window: [usize; 2],
    /// The windows lie side by side; otherwise they are odd, one around each pixel.
    pub tiles: bool,
    /// What the convolution reads.
    pub input: Shape,
    /// What the convolution writes.
    pub output: Shape,
}

/// The weights of a convolution as a file holds them.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// `[output / 2][row][channel / 2][column]` words of four `i8`: two channels of two outputs, channels outermost.
    pub words: &'a [u8],
    /// A little-endian `i16` for each output.
    pub forward: &'a [u8],
    /// A little-endian `i16` for each output, applied to cotangents.
    pub reverse: &'a [u8],
    /// A little-endian `i32` for each output.
    pub biases: &'a [u8],
    /// Shifts of forward sums, of scaled cotangents and of reverse sums.
    pub shifts: [u8; 3],
}

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

    fn words(self) -> usize {
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

impl Geometry {
    /// Activations, from input to output.
    pub(super) fn forward(&self) -> Pass {
        let ([rows, columns], outputs) = (self.window, self.outputs());
        if self.tiles {
            let pairs = (columns * self.inputs()).div_ceil(2);
            Pass { window: [rows, 1], step: rows, pairs, outputs }
        } else {
            Pass { window: self.window, step: 1, pairs: self.inputs().div_ceil(2), outputs }
        }
    }

    /// Cotangents, from output to input: of all rows, or of each of a tile's rows.
    pub(super) fn reverse(&self) -> Pass {
        let pairs = self.outputs().div_ceil(2);
        if self.tiles {
            Pass { window: [1, 1], step: 1, pairs, outputs: self.window[1] * self.inputs() }
        } else {
            Pass { window: self.window, step: 1, pairs, outputs: self.inputs() }
        }
    }

    /// Passes that a reverse takes.
    pub(super) fn reverse_passes(&self) -> usize {
        if self.tiles { self.window[0] } else { 1 }
    }

    pub(super) fn inputs(&self) -> usize {
        self.input.channels.into()
    }

    pub(super) fn outputs(&self) -> usize {
        self.output.channels.into()
    }

    /// The unpacked weights of the forward pass and those of the reverse passes.
    pub(super) fn halves<'a>(&self, unpacked: &'a [u32]) -> Option<(&'a [u32], &'a [u32])> {
        unpacked.get(..unpacked_words(self))?.split_at_checked(self.forward().words())
    }
}

/// Words that [`unpack`] writes.
pub fn unpacked_words(geometry: &Geometry) -> usize {
    geometry.forward().words() + geometry.reverse_passes() * geometry.reverse().words()
}

/// Words of scratch that a convolution takes, whichever way.
pub fn scratch_words(geometry: &Geometry) -> usize {
    let [rows, columns] = if geometry.tiles { [1, 1] } else { geometry.window };
    let words = |shape: Shape, channels: usize| {
        let [height, width] = [shape.height, shape.width].map(usize::from);
        (height + rows - 1) * (width + columns - 1) * channels.div_ceil(2)
    };
    let forward = if geometry.tiles {
        let [height, width] = [geometry.output.height, geometry.output.width].map(usize::from);
        height * geometry.window[0] * width * geometry.forward().pairs
    } else {
        words(geometry.input, geometry.inputs())
    };
    forward.max(words(geometry.output, geometry.outputs()))
}

/// Unpacks weights, once a model. `words` are those of [`Weights`].
pub fn unpack(geometry: &Geometry, words: &[u8], to: &mut [u32]) {
    let ([rows, columns], inputs) = (geometry.window, geometry.inputs());
    let pairs = inputs.div_ceil(2);
    let weight = |[row, column]: [usize; 2], input: usize, output: usize| {
        if input >= inputs || output >= geometry.outputs() {
            return 0;
        }
        let word = ((output / 2 * rows + row) * pairs + input / 2) * columns + column;
        words.get(4 * word + input % 2 * 2 + output % 2).map_or(0, |&byte| (byte as i8).into())
    };
    let (forward, reverse) = (geometry.forward(), geometry.reverse());
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
