//! The caller's pointers: checked, and made slices.

use crate::result::VapoResult;
use core::ops::Range;

/// A piece of the caller's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    start: usize,
    bytes: usize,
}

impl Piece {
    /// `count` values from a pointer on: not null, aligned, not more than there are addresses.
    pub(crate) fn of<T>(pointer: *const T, count: usize) -> Result<Self, VapoResult> {
        if pointer.is_null() {
            return Err(VapoResult::Null);
        }
        if !pointer.is_aligned() {
            return Err(VapoResult::Alignment);
        }
        let start = pointer.addr();
        let bytes = count.checked_mul(size_of::<T>()).filter(|bytes| isize::try_from(*bytes).is_ok());
        let bytes = bytes.filter(|bytes| start.checked_add(*bytes).is_some()).ok_or(VapoResult::Length)?;
        Ok(Piece { start, bytes })
    }

    fn range(self) -> Range<usize> {
        // No overflow, as was checked.
        self.start..self.start.wrapping_add(self.bytes)
    }

    /// Refuses pieces that share a byte with this one.
    pub(crate) fn apart_from(self, others: &[Piece]) -> Result<(), VapoResult> {
        let overlap = |other: &Piece| {
            let (a, b) = (self.range(), other.range());
            a.start < b.end && b.start < a.end
        };
        if others.iter().any(overlap) { Err(VapoResult::Overlap) } else { Ok(()) }
    }
}

/// Refuses pieces of which two share a byte. No piece is empty.
pub(crate) fn all_apart(pieces: &[Piece]) -> Result<(), VapoResult> {
    let mut rest = pieces;
    while let Some((first, others)) = rest.split_first() {
        first.apart_from(others)?;
        rest = others;
    }
    Ok(())
}

/// Sets what a pointer leads to.
///
/// # Safety
/// A pointer that is not null leads to memory of a `T`.
pub(crate) unsafe fn set<T>(pointer: *mut T, value: T) -> Result<(), VapoResult> {
    Piece::of(pointer, 1)?;
    // SAFETY: it leads to memory of a `T`, by the caller's promise, and is aligned.
    unsafe { pointer.write(value) };
    Ok(())
}

/// The bytes of a model, which are only read.
///
/// # Safety
/// A pointer that is not null leads to `count` bytes that nothing changes while the slice is used.
pub(crate) unsafe fn bytes<'a>(pointer: *const u8, count: usize) -> Result<&'a [u8], VapoResult> {
    Piece::of(pointer, count)?;
    // SAFETY: so many bytes lie there unchanged, by the caller's promise, and they are no more than a slice can have.
    Ok(unsafe { core::slice::from_raw_parts(pointer, count) })
}

/// Values that are only read.
///
/// # Safety
/// A pointer that is not null leads to `count` values that nothing changes while the slice is used.
pub(crate) unsafe fn values<'a, T: Copy>(pointer: *const T, count: usize) -> Result<&'a [T], VapoResult> {
    Piece::of(pointer, count)?;
    // SAFETY: so many values lie there unchanged, by the caller's promise; aligned, and no more than a slice can have.
    Ok(unsafe { core::slice::from_raw_parts(pointer, count) })
}

/// Numbers that are set; what they were before is read by nobody, so that the caller need not have set them.
///
/// # Safety
/// A pointer that is not null leads to memory of `count` numbers, which nothing else uses while the slice is used.
pub(crate) unsafe fn numbers_mut<'a>(pointer: *mut f32, count: usize) -> Result<&'a mut [f32], VapoResult> {
    Piece::of(pointer, count)?;
    // SAFETY: the memory of so many numbers, aligned and nobody else's, by the caller's promise. All bytes zero are a number.
    unsafe {
        pointer.write_bytes(0, count);
        numbers_set(pointer, count)
    }
}

/// Numbers that were set before, to be changed.
///
/// # Safety
/// As [`numbers_mut`], and the numbers were set.
pub(crate) unsafe fn numbers_set<'a>(pointer: *mut f32, count: usize) -> Result<&'a mut [f32], VapoResult> {
    Piece::of(pointer, count)?;
    // SAFETY: so many numbers, aligned and nobody else's, by the caller's promise; no more than a slice can have.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer, count) })
}
