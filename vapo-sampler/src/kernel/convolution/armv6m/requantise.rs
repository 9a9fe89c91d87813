//! From a pair's sums to its values, as a part of the kernels: registers are theirs, and not those of the procedure call
//! standard. r7 holds the address of the task, and is kept, as sp is; all others are free.
//!
//! A value takes 15 instructions forward and 10 in reverse. Of a product that is too wide for one multiplication, the upper
//! half and the lower half are multiplied apart. What does not fit 16 bits is 0x7fff, or its complement below zero.

use core::arch::naked_asm;
use core::mem::offset_of;

use super::Task;

/// Stores r2 as 16 bits at an offset from r1. Where the lower half is not all of it, a few instructions replace it. Takes r3.
#[rustfmt::skip]
macro_rules! saturate {
    ($at:literal) => {
        concat!(
            "sxth r3, r2\n cmp r3, r2\n beq 3f\n",
            "asrs r2, r2, #31\n movs r3, #1\n lsls r3, r3, #15\n subs r3, #1\n eors r2, r3\n",
            "3: strh r2, [r1, #", $at, "]\n",
        )
    };
}

/// Loads a sum, multiplies it by a factor, shifts by r6 and adds the bias.
#[rustfmt::skip]
macro_rules! multiply {
    ($factor:literal, $bias:literal) => {
        concat!(
            "ldm r0!, {{r2}}\n asrs r3, r2, #16\n muls r3, ", $factor, ", r3\n",
            "uxth r2, r2\n muls r2, ", $factor, ", r2\n asrs r2, r2, #16\n adds r2, r2, r3\n",
            "add r2, r8\n asrs r2, r6\n add r2, ", $bias, "\n",
        )
    };
}

/// Makes r0 the address of the sums, r1 that of the values, and goes on to the next pair's values. Takes r2.
macro_rules! values {
    () => {
        "ldr r1, [r7, #{values}]\n adds r2, r1, #4\n str r2, [r7, #{values}]\n mov r0, r7\n"
    };
}

/// r4 and r5 hold the factors, r6 the shift, r8 what is added before it, r9 and r10 the biases, r11 the step from pixel to
/// pixel, r12 the end of the sums.
///
/// # Safety
///
/// A kernel calls it.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn forward() {
    naked_asm!(
        concat!(
            "ldr r1, [r7, #{factors}]\n movs r2, #0\n ldrsh r4, [r1, r2]\n movs r2, #2\n ldrsh r5, [r1, r2]\n",
            "adds r1, #4\n str r1, [r7, #{factors}]\n",
            "ldr r1, [r7, #{biases}]\n ldm r1!, {{r2, r3}}\n str r1, [r7, #{biases}]\n mov r9, r2\n mov r10, r3\n",
            "ldr r6, [r7, #{shift}]\n ldr r2, [r7, #{round}]\n mov r8, r2\n",
            "ldr r2, [r7, #{pixel}]\n mov r11, r2\n ldr r2, [r7, #{end}]\n mov r12, r2\n",
            values!(),
            "2:\n",
            multiply!("r4", "r9"),
            saturate!("0"),
            multiply!("r5", "r10"),
            saturate!("2"),
            "add r1, r11\n cmp r0, r12\n bne 2b\n bx lr\n",
        ),
        factors = const offset_of!(Task, factors),
        biases = const offset_of!(Task, biases),
        shift = const offset_of!(Task, shift),
        round = const offset_of!(Task, round),
        pixel = const offset_of!(Task, pixel),
        end = const offset_of!(Task, end),
        values = const offset_of!(Task, values),
    )
}

/// r4 and r5 hold the shifts before and after a sum is rounded, of which the latter is what is added too, r6 the step from pixel
/// to pixel, r12 the end of the sums.
///
/// # Safety
///
/// A kernel calls it.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn reverse() {
    naked_asm!(
        concat!(
            "ldr r4, [r7, #{shift}]\n ldr r5, [r7, #{round}]\n ldr r6, [r7, #{pixel}]\n",
            "ldr r2, [r7, #{end}]\n mov r12, r2\n",
            values!(),
            "2:\n",
            "ldm r0!, {{r2}}\n asrs r2, r4\n adds r2, r2, r5\n asrs r2, r5\n",
            saturate!("0"),
            "ldm r0!, {{r2}}\n asrs r2, r4\n adds r2, r2, r5\n asrs r2, r5\n",
            saturate!("2"),
            "adds r1, r1, r6\n cmp r0, r12\n bne 2b\n bx lr\n",
        ),
        shift = const offset_of!(Task, shift),
        round = const offset_of!(Task, round),
        pixel = const offset_of!(Task, pixel),
        end = const offset_of!(Task, end),
        values = const offset_of!(Task, values),
    )
}
