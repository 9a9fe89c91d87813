//! What a tile of neighbouring pixels sums over: the contract of the kernels.
//!
//! A *line* is a row of the window at one pair of channels. Its words are a pair of values each, of neighbouring pixels:
//! the first in the lower half. A tile of P pixels reads P + KX − 1 of them, pixel p with tap kx word p + kx forward and
//! word p + KX − 1 − kx in reverse.
//!
//! With bytes b0, b1, b2, b3 of the weights' word and halves (lo, hi) of the values' word, the two sums of a pixel take
//!
//! * forward, for two outputs: `s0 += b0·lo + b2·hi`, `s1 += b1·lo + b3·hi`;
//! * in reverse, for two inputs: `s0 += b0·lo + b1·hi`, `s1 += b2·lo + b3·hi`.

use super::{Direction, Weights};

/// Lines of one window row length, and the weights that belong to them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines<'a> {
    /// Words, of which the first line's begin here.
    pub(super) columns: &'a [u32],
    /// Words from one line to the next.
    pub(super) step: usize,
    /// Number of lines.
    pub(super) count: usize,
    /// Taps of a line.
    pub(super) taps: usize,
    /// The weights, of which the first line's begin here.
    pub(super) weights: &'a [u8],
    /// Words of weights from one line to the next.
    pub(super) stride: usize,
}

/// The first of the shares of at most `most` that `left` is divided into, few and even: the pixels of the next tile. A tile of one takes
/// far longer a pixel than one of two.
pub(super) const fn share(left: usize, most: usize) -> usize {
    if left <= most {
        left
    } else if left <= 2 * most {
        left.div_ceil(2)
    } else {
        most
    }
}

/// Where the sums of neighbouring pixels find their words. Lines are equally far apart within a segment, and segments from each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    pub(super) direction: Direction,
    pub(super) weights: &'a Weights<'a>,
    /// Number of pixels.
    pub(super) pixels: usize,
    /// Taps of a line.
    pub(super) taps: usize,
    /// Words of values, of which the first line's begin here.
    pub(super) columns: &'a [u32],
    /// Words of values from one line to the next.
    pub(super) step: usize,
    /// Words of weights from one line to the next.
    pub(super) stride: usize,
    /// Lines of a segment.
    pub(super) count: usize,
    /// Number of segments, words of values and words of weights from one to the next.
    pub(super) segments: (usize, usize, usize),
    /// The first word of weights of the first pair of channels, and words from one pair to the next.
    pub(super) pairs: (usize, usize),
    /// Channels of the result, and values from one pixel to the next.
    pub(super) result: (usize, usize),
}
