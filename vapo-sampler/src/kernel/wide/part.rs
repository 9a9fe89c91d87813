//! Parts of a vector in memory, by copies of constant length: one of variable length is a call.

/// Copies some elements, fewer than 64, or none where a slice is shorter.
#[inline(always)]
fn copy<T: Copy>(count: usize, from: &[T], to: &mut [T]) -> Option<()> {
    let (mut from, mut to) = (from, to);
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
    part!(32);
    part!(16);
    part!(8);
    part!(4);
    part!(2);
    part!(1);
    let _ = (from, to);
    Some(())
}

/// The first `count` elements, at most N, and zeros after.
#[inline(always)]
pub(super) fn load<T: Copy + Default, const N: usize>(from: &[T], count: usize) -> Option<[T; N]> {
    if count >= N {
        return from.first_chunk().copied();
    }
    let mut values = [T::default(); N];
    copy(count, from, &mut values)?;
    Some(values)
}

/// Writes the first `count` elements, at most N, and returns the rest of the slice.
#[inline(always)]
pub(super) fn store<T: Copy, const N: usize>(values: [T; N], count: usize, to: &mut [T]) -> Option<&mut [T]> {
    if count >= N {
        let (chunk, rest) = to.split_first_chunk_mut()?;
        *chunk = values;
        return Some(rest);
    }
    let (to, rest) = to.split_at_mut_checked(count)?;
    copy(count, &values, to)?;
    Some(rest)
}
