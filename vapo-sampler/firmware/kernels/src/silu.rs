//! SiLU of every value at every exponent, against what it is of one value; and the instructions that it takes.

use crate::clock::INSTRUCTIONS;
use core::hint::black_box;
use vapo_program::Clock;
use vapo_sampler::kernel::silu::{self, Film};

/// Values computed at once.
const VALUES: usize = 256;
/// Values of an activation whose instructions are counted: 14×14 pixels.
const COUNTED: usize = 14 * 14 * CHANNELS;
/// Channels of a pixel.
const CHANNELS: usize = 16;

/// Instructions a value: forward, forward with FiLM, in reverse, in reverse with FiLM.
pub(crate) fn count(clock: Clock, values: &mut [i16]) -> Option<[f32; 4]> {
    let (values, mut kept) = (values.get_mut(..COUNTED)?, [0; COUNTED]);
    let film = Film { scale: &[300; CHANNELS], shift: &[-300; CHANNELS], exponent: 12 };
    let mut count = |work: fn(Film<'_>, &mut [i16], &mut [u8])| {
        let start = (clock.ticks)();
        work(black_box(film), values, &mut kept);
        ((clock.ticks)().wrapping_sub(start) * INSTRUCTIONS) as f32 / COUNTED as f32
    };
    Some([
        count(|_, values, kept| silu::forward(black_box(11), values, kept)),
        count(|film, values, kept| silu::forward_film(film, black_box(11), 11, values, kept)),
        count(|_, values, kept| silu::reverse(black_box(11), 11, kept, values)),
        count(|film, values, kept| silu::reverse_film(film, black_box(11), 11, kept, values)),
    ])
}

/// Values that differ, of all.
pub(crate) fn differ() -> usize {
    let mut differ = 0;
    for exponent in silu::EXPONENTS {
        for first in (i32::from(i16::MIN)..i32::from(i16::MAX)).step_by(VALUES) {
            let mut values = [0; VALUES];
            values.iter_mut().zip(first..).for_each(|(to, value)| *to = value as i16);
            let mut kept = [0; VALUES];
            silu::forward(exponent, &mut values, &mut kept);
            let results = values.into_iter().zip(kept).zip(first..);
            differ += results.filter(|&(result, value)| result != silu::value(exponent, value as i16)).count();
        }
    }
    differ
}
