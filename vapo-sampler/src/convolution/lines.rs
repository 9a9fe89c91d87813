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

#[cfg(all(feature = "armv6m", not(feature = "dsp"), target_arch = "arm"))]
pub(super) use super::armv6m as kernel;
#[cfg(all(feature = "dsp", target_arch = "arm"))]
pub(super) use super::dsp as kernel;
#[cfg(not(all(any(feature = "armv6m", feature = "dsp"), target_arch = "arm")))]
pub(super) use super::portable as kernel;

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

/// Pixels of the next tile where `left` are left of a row: few tiles, of pixels as even as can be. A tile of one takes far longer a
/// pixel than one of two.
pub(super) const fn pixels(left: usize) -> usize {
    if left <= kernel::PIXELS {
        left
    } else if left <= 2 * kernel::PIXELS {
        left.div_ceil(2)
    } else {
        kernel::PIXELS
    }
}

/// The word of a pair of values.
pub(super) const fn word(values: [i16; 2]) -> u32 {
    values[0] as u16 as u32 | (values[1] as u16 as u32) << 16
}

/// A pixel's values in pairs. A single last one has zero beside it.
pub(super) fn split(values: &[i16]) -> impl Iterator<Item = [i16; 2]> {
    let (pairs, rest) = values.as_chunks();
    pairs.iter().copied().chain(rest.first().map(|&last| [last, 0]))
}

/// A pixel's values in pairs, each a word.
pub(super) fn pairs(values: &[i16]) -> impl Iterator<Item = u32> {
    split(values).map(word)
}

/// Writes one word into each of several lines: the first at `first`, each next `step` further on.
pub(super) fn place(columns: &mut [u32], first: usize, step: usize, words: impl Iterator<Item = u32>) {
    let mut rest = columns.get_mut(first..).unwrap_or_default();
    for word in words {
        let Some(to) = rest.first_mut() else { return };
        *to = word;
        rest = core::mem::take(&mut rest).get_mut(step..).unwrap_or_default();
    }
}
