//! How deep the stack has been.

#[cfg(all(target_os = "none", target_arch = "arm"))]
use cortex_m_rt::STACK_PAINT_VALUE as PAINT;
/// Any value that is rarely pushed.
#[cfg(target_arch = "riscv32")]
const PAINT: u32 = 0xcccc_cccc;

// Places that `memory.x` names. They have no value.
#[cfg(target_os = "none")]
unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
}

/// Paints what is left of the stack. `cortex-m-rt` does it before an Arm program runs; a RISC-V board's `main` does it first of all.
#[cfg(target_arch = "riscv32")]
#[inline(never)] // nothing of this function's own lies below
pub fn paint() {
    let here: *mut u32;
    // SAFETY: reads the stack's pointer alone.
    unsafe { core::arch::asm!("mv {}, sp", out(reg) here, options(nomem, nostack, preserves_flags)) };
    let mut word = (&raw const _stack_end).cast_mut();
    while word < here {
        // SAFETY: from its end to its pointer, which is a multiple of four, the stack is memory that nothing uses.
        unsafe { word.write_volatile(PAINT) };
        word = word.wrapping_add(1);
    }
}

/// Bytes of stack that have been in use since the start, at most: the stack was painted, and this finds the lowest word that lost
/// its paint.
#[cfg(target_os = "none")]
pub(crate) fn high_water() -> usize {
    let top = &raw const _stack_start;
    let mut word = &raw const _stack_end;
    // SAFETY: both places are multiples of four, and what lies between them is the stack, memory that is always there.
    // A volatile read takes it as it is.
    while word < top && unsafe { word.read_volatile() } == PAINT {
        word = word.wrapping_add(1);
    }
    top as usize - word as usize
}

/// A host's stack is not painted.
#[cfg(not(target_os = "none"))]
pub(crate) fn high_water() -> usize {
    0
}
