//! SiLU in the DSP instructions of Cortex-M4, M7, M33 and later: the twin of [`Curve::at`], 23 instructions a value.
//!
//! A word of a table is two neighbouring knots. `smuad` multiplies them by the distances of the value from either, and adds.
//!
//! | register | holds |
//! |---|---|
//! | r0, r1, r2 | address of the value, of the kept byte, and past the last value |
//! | r4, r5 | addresses of the residues and of the rates |
//! | r6, r7, r8 | bits below the distance of the knots, a mask of as many, and 2 to their power |
//! | r9, r10 | what is added to a residue, and what a positive value's rate is subtracted from |
//! | r3 | the value |
//! | r11, r12, lr | magnitude, index and rate; distances from the knots; residue |
#![allow(unsafe_code, reason = "instructions that the language has no names for")]

use super::{Curve, RATES, RESIDUES};
use core::arch::naked_asm;

/// What is the same for all values, as in the table of registers from r4 on.
#[repr(C)]
struct Constants {
    residues: *const u16,
    rates: *const u16,
    bits: u32,
    mask: i32,
    one: i32,
    half: i32,
    mirror: i32,
}

/// SiLU in place, and the byte of the derivative for each.
pub(super) fn forward(curve: &Curve, values: &mut [i16], kept: &mut [u8]) {
    let one = 1 << curve.bits;
    let constants = Constants {
        residues: RESIDUES.as_ptr(),
        rates: RATES.as_ptr(),
        bits: curve.bits,
        mask: one - 1,
        one,
        half: curve.half,
        mirror: curve.mirror,
    };
    let Some(values) = values.get_mut(..kept.len().min(values.len())).filter(|values| !values.is_empty()) else {
        return;
    };
    let values = values.as_mut_ptr_range();
    // SAFETY: there is a value, and a byte for each. An index is at most 255, so that its knot and the next lie in the tables of
    // 257. Words of them need no alignment, because the processor loads single ones from any address. The registers that
    // the procedure call standard preserves are restored.
    unsafe { compute(values.start, kept.as_mut_ptr(), values.end, &constants) };
}

/// See the table of registers above.
#[unsafe(naked)]
unsafe extern "C" fn compute(_values: *mut i16, _kept: *mut u8, _end: *mut i16, _constants: &Constants) {
    naked_asm!(
        "push {{r4, r5, r6, r7, r8, r9, r10, r11, lr}}",
        "ldm r3, {{r4, r5, r6, r7, r8, r9, r10}}",
        "2:",
        "ldrsh r3, [r0]",
        "eor r11, r3, r3, asr #31",
        "sub r11, r11, r3, asr #31",
        "and r12, r11, r7",
        "lsr r11, r11, r6",
        "usat r11, #8, r11",
        "sub lr, r8, r12",
        "pkhbt r12, lr, r12, lsl #16",
        "ldr lr, [r4, r11, lsl #1]",
        "ldr r11, [r5, r11, lsl #1]",
        "smlad lr, lr, r12, r9",
        "smuad r11, r11, r12",
        "bic r12, r3, r3, asr #31",
        "sub r12, r12, lr, asr #11",
        "strh r12, [r0], #2",
        "cmp r3, #0",
        "it pl",
        "subpl r11, r10, r11",
        "asr r11, r11, r6",
        "lsr r11, r11, #8",
        "strb r11, [r1], #1",
        "cmp r0, r2",
        "bne 2b",
        "pop {{r4, r5, r6, r7, r8, r9, r10, r11, pc}}",
    )
}
