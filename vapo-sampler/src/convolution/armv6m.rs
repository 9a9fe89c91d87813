//! The kernel for Cortex-M0 and M0+, in assembly: the twin of [`portable`].
//!
//! The core multiplies 32 bits in one instruction, into one of the factors, and computes in r0 to r7 alone; but it adds to
//! r8 to lr. So the sums of up to three pixels stay in those, and every word of weights is loaded and split once a tile:
//!
//! | register | holds |
//! |---|---|
//! | r0 | address of the weights' word |
//! | r1 | address of the values' word |
//! | r2, r3, r4, r5 | b0, b1, b2, b3 of the weights; free between words |
//! | r6, r7 | lo and hi of the values, and products |
//! | r8 to r11, r12 and lr | the sums of up to three pixels |
//!
//! A word of two pixels takes 31 instructions, of three 44: 3.9 and 3.7 a multiplication. The rest is 4 to 7 a line.

#![allow(
    unsafe_code,
    reason = "the compiler keeps the sums in memory: a kernel in Rust takes half as many instructions again"
)]

pub(super) mod requantise;

use core::arch::naked_asm;

use super::lines::Lines;
use super::portable;

/// Most pixels of a tile: one more, and sums would have no registers.
pub(super) const PIXELS: usize = 3;

/// Adds what two outputs of each pixel get.
pub(super) fn forward(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    if !add(lines, sums, false) {
        portable::forward(lines, sums);
    }
}

/// Adds what two inputs of each pixel get.
pub(super) fn reverse(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    if !add(lines, sums, true) {
        portable::reverse(lines, sums);
    }
}

/// What a kernel is told, beside its first words.
#[repr(C)]
struct Task {
    /// Address past the last line of values, at the first line's word.
    end: *const u32,
    /// Bytes from a line of weights to the next.
    stride: usize,
    /// Bytes from a line of values to the next.
    step: usize,
    /// The sums of the pixels.
    sums: *mut [i32; 2],
}

/// A kernel: takes the first word of weights, that of values, and the rest.
type Kernel = unsafe extern "C" fn(*const u32, *const u32, &Task);

/// Adds to the sums, unless the words are not where a kernel can load them.
#[inline(always)]
fn add(lines: &Lines<'_>, sums: &mut [[i32; 2]], reverse: bool) -> bool {
    let (&Lines { columns, step, count, taps, weights, stride }, pixels) = (lines, sums.len());
    let first = weights.as_ptr().cast::<u32>();
    let Some(last) = count.checked_sub(1) else { return true };
    let inside = columns.len() >= last * step + pixels + taps - 1 && weights.len() >= 4 * (last * stride + taps);
    if !inside || !first.is_aligned() {
        return false;
    }
    let sums = sums.as_mut_ptr();
    let call = |[forward, reversed]: [Kernel; 2], tap: usize, column: usize| {
        let columns = columns.as_ptr().wrapping_add(column);
        let task = Task { end: columns.wrapping_add(count * step), stride: 4 * stride, step: 4 * step, sums };
        let kernel = if reverse { reversed } else { forward };
        // SAFETY: the words of all lines are inside both slices, the weights' too at an address that a word may have, and
        // there are sums for all pixels.
        unsafe { kernel(first.wrapping_add(tap), columns, &task) };
    };
    let kernels: [Kernel; 2] = match pixels {
        2 if taps == 3 => {
            call([forward_2_3, reverse_2_3], 0, 0);
            return true;
        }
        3 if taps == 3 => {
            call([forward_3_3, reverse_3_3], 0, 0);
            return true;
        }
        1 => [forward_1, reverse_1],
        2 => [forward_2, reverse_2],
        3 => [forward_3, reverse_3],
        _ => return false,
    };
    for tap in 0..taps {
        call(kernels, tap, if reverse { taps - 1 - tap } else { tap });
    }
    true
}

/// Loads and splits a word of weights.
#[rustfmt::skip]
macro_rules! word {
    ($at:literal) => {
        concat!(
            "ldr r5, [r0, #", $at, "]\n",
            "sxtb r2, r5\n",
            "lsls r3, r5, #16\n asrs r3, r3, #24\n",
            "lsls r4, r5, #8\n asrs r4, r4, #24\n",
            "asrs r5, r5, #24\n",
        )
    };
}

/// Multiplies a pixel's values by the weights: r2 and `$hi0` for `$sum0`, `$lo1` and r5 for `$sum1`.
#[rustfmt::skip]
macro_rules! pixel {
    ($at:literal, $sum0:literal, $sum1:literal, $lo1:literal, $hi0:literal) => {
        concat!(
            "ldr r6, [r1, #", $at, "]\n",
            "sxth r7, r6\n muls r7, r2, r7\n add ", $sum0, ", r7\n",
            "sxth r7, r6\n muls r7, ", $lo1, ", r7\n add ", $sum1, ", r7\n",
            "asrs r6, r6, #16\n",
            "movs r7, r6\n muls r7, ", $hi0, ", r7\n add ", $sum0, ", r7\n",
            "muls r6, r5, r6\n add ", $sum1, ", r6\n",
        )
    };
}

/// The same for the last of the pixels, which takes the weights' registers for its products.
#[rustfmt::skip]
macro_rules! last_pixel {
    ($at:literal, $sum0:literal, $sum1:literal, $lo1:literal, $hi0:literal) => {
        concat!(
            "ldr r6, [r1, #", $at, "]\n sxth r7, r6\n asrs r6, r6, #16\n",
            "muls r2, r7, r2\n add ", $sum0, ", r2\n",
            "muls ", $lo1, ", r7, ", $lo1, "\n add ", $sum1, ", ", $lo1, "\n",
            "muls ", $hi0, ", r6, ", $hi0, "\n add ", $sum0, ", ", $hi0, "\n",
            "muls r5, r6, r5\n add ", $sum1, ", r5\n",
        )
    };
}

/// One tap: the offset of its weights, then of each pixel's values.
macro_rules! tap {
    ([$($split:literal)*] $word:literal: $a:literal) => {
        concat!(word!($word), last_pixel!($a, "r8", "r9", $($split),*))
    };
    ([$($split:literal)*] $word:literal: $a:literal $b:literal) => {
        concat!(word!($word), pixel!($a, "r8", "r9", $($split),*), last_pixel!($b, "r10", "r11", $($split),*))
    };
    ([$($split:literal)*] $word:literal: $a:literal $b:literal $c:literal) => {
        concat!(word!($word), pixel!($a, "r8", "r9", $($split),*), pixel!($b, "r10", "r11", $($split),*),
            last_pixel!($c, "r12", "lr", $($split),*))
    };
}

/// A kernel of so many pixels: saves registers, loads the sums, goes through the lines, stores the sums.
macro_rules! kernel {
    ($name:ident, $pixels:tt, $split:tt, $($word:literal: $($at:literal)*),*) => {
        /// See the table of registers above.
        ///
        /// # Safety
        ///
        /// The words that the task describes can be read, and the sums written.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(_weights: *const u32, _values: *const u32, _task: &Task) {
            naked_asm!(concat!(
                "push {{r4, r5, r6, r7, lr}}\n",
                "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n push {{r4, r5, r6, r7}}\n",
                "ldm r2!, {{r3, r4, r5, r6}}\n push {{r3, r4, r5, r6}}\n",
                load!($pixels), "2:\n",
                $(tap!($split $word: $($at)*),)*
                next!($pixels), "add sp, #12\n pop {{r2}}\n", store!($pixels),
                "pop {{r4, r5, r6, r7}}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n",
                "pop {{r4, r5, r6, r7, pc}}\n",
            ))
        }
    };
}

/// Loads the sums at r6; of one or two pixels also the end of the lines and their strides, for which registers are left.
macro_rules! load {
    (1) => {
        "mov r12, r3\n mov lr, r4\n mov r10, r5\n ldm r6!, {{r2, r3}}\n mov r8, r2\n mov r9, r3\n"
    };
    (2) => {
        "mov r12, r3\n mov lr, r4\n ldm r6!, {{r2, r3, r4, r5}}\n mov r8, r2\n mov r9, r3\n mov r10, r4\n mov r11, r5\n"
    };
    (3) => {
        "ldm r6!, {{r2, r3, r4, r5}}\n mov r8, r2\n mov r9, r3\n mov r10, r4\n mov r11, r5\n ldm r6!, {{r2, r3}}\n \
         mov r12, r2\n mov lr, r3\n"
    };
}

/// Goes to the next line, unless that was the last one. A branch back over three taps of three pixels is out of a
/// conditional branch's range.
macro_rules! next {
    (1) => { "add r0, lr\n add r1, r10\n cmp r1, r12\n bne 2b\n" };
    (2) => { "add r0, lr\n ldr r2, [sp, #8]\n adds r1, r1, r2\n cmp r1, r12\n bne 2b\n" };
    (3) => {
        "ldr r2, [sp, #4]\n adds r0, r0, r2\n ldr r2, [sp, #8]\n adds r1, r1, r2\n ldr r2, [sp]\n cmp r1, r2\n beq 3f\n \
         b 2b\n 3:\n"
    };
}

/// Stores the sums at r2.
macro_rules! store {
    (1) => { "mov r3, r8\n mov r4, r9\n stm r2!, {{r3, r4}}\n" };
    (2) => { "mov r3, r8\n mov r4, r9\n mov r5, r10\n mov r6, r11\n stm r2!, {{r3, r4, r5, r6}}\n" };
    (3) => {
        "mov r3, r8\n mov r4, r9\n mov r5, r10\n mov r6, r11\n stm r2!, {{r3, r4, r5, r6}}\n mov r3, r12\n mov r4, lr\n \
         stm r2!, {{r3, r4}}\n"
    };
}

kernel!(forward_1, 1, ["r3" "r4"], 0: 0);
kernel!(reverse_1, 1, ["r4" "r3"], 0: 0);
kernel!(forward_2, 2, ["r3" "r4"], 0: 0 4);
kernel!(reverse_2, 2, ["r4" "r3"], 0: 0 4);
kernel!(forward_3, 3, ["r3" "r4"], 0: 0 4 8);
kernel!(reverse_3, 3, ["r4" "r3"], 0: 0 4 8);
kernel!(forward_2_3, 2, ["r3" "r4"], 0: 0 4, 4: 4 8, 8: 8 12);
kernel!(reverse_2_3, 2, ["r4" "r3"], 0: 8 12, 4: 4 8, 8: 0 4);
kernel!(forward_3_3, 3, ["r3" "r4"], 0: 0 4 8, 4: 4 8 12, 8: 8 12 16);
kernel!(reverse_3_3, 3, ["r4" "r3"], 0: 8 12 16, 4: 4 8 12, 8: 0 4 8);
