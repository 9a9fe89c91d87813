//! Words of a pair of channels each, from values that lie channels last.

use super::rounding::{Shift, halves, scale};
use super::{Direction, Weights};

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
