//! How deep the stack has been.

/// Bytes of stack that have been in use since the start, at most: `cortex-m-rt` paints the stack before the program runs,
/// and this finds the lowest word that lost its paint.
#[cfg(target_os = "none")]
pub(crate) fn high_water() -> usize {
    use cortex_m_rt::STACK_PAINT_VALUE;

    // Places that `memory.x` names. They have no value.
    unsafe extern "C" {
        static _stack_start: u32;
        static _stack_end: u32;
    }

    let top = &raw const _stack_start;
    let mut word = &raw const _stack_end;
    // SAFETY: both places are multiples of four, and what lies between them is the stack, memory that is always there.
    // A volatile read takes it as it is.
    while word < top && unsafe { word.read_volatile() } == STACK_PAINT_VALUE {
        word = word.wrapping_add(1);
    }
    top as usize - word as usize
}

/// A host's stack is not painted.
#[cfg(not(target_os = "none"))]
pub(crate) fn high_water() -> usize {
    0
}
