//! The part of the machine's RAM that stands for flash.

use riscv::register::{Permission, Range, pmpaddr0, pmpcfg0};

/// Its address and its length, as `memory.x` has them.
const START: usize = 0x8000_0000;
const BYTES: usize = 4096 << 10;

/// Makes it read-only: a stack that overflows lies beneath the RAM, and faults.
pub(crate) fn protect() {
    // SAFETY: the program lies in the region, of which it reads and executes, and which it never writes.
    unsafe {
        // The address of a region of 2^(n + 3) bytes, in words, ends in a zero and n ones.
        pmpaddr0::write(START >> 2 | ((BYTES >> 3) - 1));
        pmpcfg0::set_pmp(0, Range::NAPOT, Permission::RX, true);
    }
}
