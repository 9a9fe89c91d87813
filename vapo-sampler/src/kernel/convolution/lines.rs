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

use super::rounding::{Shift, halves, scale};
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

/// Pixels of the next tile where `left` are left of a row: few tiles, of pixels as even as can be. A tile of one takes far longer a
/// pixel than one of two.
pub(super) const fn pixels(left: usize) -> usize {
    share(left, kernel::PIXELS)
}

/// The first of the shares of at most `most` that `left` is divided into, few and even.
pub(super) const fn share(left: usize, most: usize) -> usize {
    if left <= most {
        left
    } else if left <= 2 * most {
        left.div_ceil(2)
    } else {
        most
    }
}

/// Writes the pair `pair` of some pixels' channels into words. `values` begins with the first pixel's channels, and the next
/// pixel's are `step` values on. In reverse they are cotangents, and scaled.
pub(super) fn planar(
    direction: Direction,
    weights: &Weights<'_>,
    pair: usize,
    words: &mut [u32],
    (values, channels, step): (&[i16], usize, usize),
) {
    let values = (values.get(2 * pair..).unwrap_or_default(), step, 2 * pair + 1 == channels);
    #[cfg(all(feature = "dsp", target_arch = "arm"))]
    {
        let (values, step, single) = values;
        let scaled = match direction {
            Direction::Forward => Some(None),
            Direction::Reverse => {
                weights.shifts[1].checked_sub(1).map(|shift| Some((halves(weights.reverse, pair), shift)))
            }
        };
        if let (Some(scaled), false) = (scaled, single)
            && super::dsp::join(words, (values, step), scaled)
        {
            return;
        }
    }
    match direction {
        Direction::Forward => join(words, values, |values| values),
        Direction::Reverse => {
            let [first, second] = halves(weights.reverse, pair);
            let shift = Shift::new(weights.shifts[1]);
            join(words, values, |values| [scale(values[0], first, shift), scale(values[1], second, shift)]);
        }
    }
}

/// Writes the first two values of each pixel into a word, the first in the lower half. The second of a `single` one is zero.
#[inline(always)]
fn join(words: &mut [u32], (values, step, single): (&[i16], usize, bool), scaled: impl Fn([i16; 2]) -> [i16; 2]) {
    let word = |values| {
        let [low, high] = scaled(values);
        u32::from(low as u16) | u32::from(high as u16) << 16
    };
    let mut at = 0;
    if step.is_multiple_of(2) && !single {
        let (pairs, _) = values.as_chunks();
        for to in words {
            *to = word(pairs.get(at).copied().unwrap_or_default());
            at += step / 2;
        }
    } else {
        for to in words {
            let value = |index| values.get(index).copied().unwrap_or_default();
            *to = word([value(at), if single { 0 } else { value(at + 1) }]);
            at += step;
        }
    }
}
