//! Parts of a vector in memory, by copies of constant length: one of variable length is a call.

use super::lanes::LANES;

/// The first `count` values, zeros after.
#[inline(always)]
pub(super) fn load(from: &[i16], count: usize) -> Option<[i16; LANES]> {
    if count >= LANES {
        return from.first_chunk().copied();
    }
    let mut values = [0; LANES];
    let (mut from, mut to) = (from, values.as_mut_slice());
    macro_rules! part {
        ($length:literal) => {
            if count & $length != 0 {
                let (chunk, from_left) = from.split_first_chunk::<$length>()?;
                let (to_chunk, to_left) = to.split_first_chunk_mut()?;
                *to_chunk = *chunk;
                (from, to) = (from_left, to_left);
            }
        };
    }
    part!(8);
    part!(4);
    part!(2);
    part!(1);
    let _ = (from, to);
    Some(values)
}

/// Writes the first `count` values, by copies of constant length.
#[inline(always)]
pub(super) fn store(values: [i16; LANES], count: usize, to: &mut [i16]) -> Option<&mut [i16]> {
    if count >= LANES {
        let (chunk, rest) = to.split_first_chunk_mut()?;
        *chunk = values;
        return Some(rest);
    }
    let (mut values, mut to) = (values.as_slice(), to);
    macro_rules! part {
        ($length:literal) => {
            if count & $length != 0 {
                let (from, values_left) = values.split_first_chunk::<$length>()?;
                let (chunk, to_left) = to.split_first_chunk_mut()?;
                *chunk = *from;
                (values, to) = (values_left, to_left);
            }
        };
    }
    part!(8);
    part!(4);
    part!(2);
    part!(1);
    let _ = values;
    Some(to)
}
