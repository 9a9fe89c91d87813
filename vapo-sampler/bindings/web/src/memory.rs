//! Pages of memory, taken from the host of the module and never given back.

use core::arch::wasm32::memory_grow;
use core::slice;

/// Bytes of a page of WebAssembly.
const PAGE: usize = 65_536;

/// What all bytes zero are a value of.
///
/// # Safety
/// All bytes zero are a value of the type, and its alignment divides a page.
pub(crate) unsafe trait Zeroed: 'static {}

// SAFETY: numbers.
unsafe impl Zeroed for u8 {}
// SAFETY: numbers.
unsafe impl Zeroed for f32 {}

/// Pages for `count` values of zero. None where the host has no more.
pub(crate) fn zeroed<T: Zeroed>(count: usize) -> Option<&'static mut [T]> {
    let bytes = count.checked_mul(size_of::<T>())?;
    // SAFETY: new pages are zero, and belong to nobody else. They begin at a multiple of their size, and hold as many values.
    Some(unsafe { slice::from_raw_parts_mut(pages(bytes)?.cast::<T>(), count) })
}

/// A page or more for one value.
pub(crate) fn place<T: 'static>(value: T) -> Option<&'static mut T> {
    let place = pages(size_of::<T>())?.cast::<T>();
    // SAFETY: new pages, which belong to nobody else, of as many bytes, aligned.
    unsafe {
        place.write(value);
        Some(&mut *place)
    }
}

fn pages(bytes: usize) -> Option<*mut u8> {
    let before = memory_grow::<0>(bytes.max(1).div_ceil(PAGE));
    (before != usize::MAX).then(|| core::ptr::with_exposed_provenance_mut(before * PAGE))
}
