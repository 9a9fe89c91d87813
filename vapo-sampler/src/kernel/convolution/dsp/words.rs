//! Words: joined of values, copied.

use core::arch::naked_asm;

/// Copies as many words as the shorter one has.
pub(in crate::kernel::convolution) fn copy(to: &mut [u32], from: &[u32]) {
    // SAFETY: both have as many words as are read and written, and do not overlap, since one is borrowed exclusively.
    unsafe { copy_words(to.as_mut_ptr(), from.as_ptr(), to.len().min(from.len())) };
}

/// An instruction a word, and four for each of the last three.
#[unsafe(naked)]
unsafe extern "C" fn copy_words(to: *mut u32, from: *const u32, count: usize) {
    naked_asm!(
        "push {{r4, r5, lr}}",
        "subs r2, #4",
        "blo 3f",
        "2:",
        "ldm r1!, {{r3, r4, r5, r12}}",
        "stm r0!, {{r3, r4, r5, r12}}",
        "subs r2, #4",
        "bhs 2b",
        "3:",
        "adds r2, #4",
        "beq 5f",
        "4:",
        "ldr r3, [r1], #4",
        "str r3, [r0], #4",
        "subs r2, #1",
        "bne 4b",
        "5:",
        "pop {{r4, r5, pc}}",
    )
}

/// Writes pairs of values, of which the next begins `step` values on, into words: in reverse scaled by factors, shifted by
/// `shift` and one more with rounding. Whether there were as many.
pub(in crate::kernel::convolution) fn join(
    words: &mut [u32],
    (values, step): (&[i16], usize),
    scaled: Option<([i16; 2], u8)>,
) -> bool {
    let Some(last) = words.len().checked_sub(1) else { return true };
    if values.len() < last.saturating_mul(step).saturating_add(2) {
        return false;
    }
    let words = words.as_mut_ptr_range();
    // SAFETY: the functions write all words, of which there is one at least, and read a pair of values for each: the last was found to
    // be inside, and lies after all others. The processor loads single words from any address.
    unsafe {
        match scaled {
            Some((factors, shift)) => {
                join_scaled(words.start, words.end, values.as_ptr(), 2 * step, &factors, shift.into());
            }
            None => join_plain(words.start, words.end, values.as_ptr(), 2 * step),
        }
    }
    true
}

/// Five instructions a word.
#[unsafe(naked)]
unsafe extern "C" fn join_plain(words: *mut u32, end: *mut u32, values: *const i16, step: usize) {
    naked_asm!("2:", "ldr r12, [r2]", "add r2, r3", "str r12, [r0], #4", "cmp r0, r1", "bne 2b", "bx lr",)
}

/// Thirteen instructions a word.
#[unsafe(naked)]
unsafe extern "C" fn join_scaled(
    words: *mut u32,
    end: *mut u32,
    values: *const i16,
    step: usize,
    factors: &[i16; 2],
    shift: usize,
) {
    naked_asm!(
        processor!(),
        "push {{r4-r6, lr}}",
        "ldrd r4, r5, [sp, #16]",
        "ldr r4, [r4]",
        "2:",
        "ldr r12, [r2]",
        "add r2, r3",
        "smulbb lr, r12, r4",
        "smultt r12, r12, r4",
        "asr lr, lr, r5",
        "asr r12, r12, r5",
        "add lr, lr, #1",
        "add r12, r12, #1",
        "ssat lr, #16, lr, asr #1",
        "ssat r12, #16, r12, asr #1",
        "pkhbt r12, lr, r12, lsl #16",
        "str r12, [r0], #4",
        "cmp r0, r1",
        "bne 2b",
        "pop {{r4-r6, pc}}",
    )
}
