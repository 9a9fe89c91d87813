//! From sums to values on a Cortex-M0, in assembly: the twin of what [`store`](super::super::rounding::store) does otherwise.
//!
//! A value takes 15 instructions forward and 10 in reverse. Of a product that is too wide for one multiplication, the upper
//! half and the lower half are multiplied apart. What does not fit 16 bits is 0x7fff, or its complement below zero.

use core::arch::naked_asm;

use super::super::rounding::Shift;

/// Two channels' factors and biases, and the bits of the shift.
pub(in super::super) struct Forward {
    pub(in super::super) factors: [i16; 2],
    pub(in super::super) biases: [i32; 2],
    pub(in super::super) bits: u8,
}

/// What the loops are told: the address past the last sum, the bytes from a pixel's values to the next ones, and the rest.
#[repr(C)]
struct Task {
    end: *const [i32; 2],
    step: usize,
    /// What is added before the shift.
    addend: i32,
    biases: [i32; 2],
    factors: [i32; 2],
    bits: u32,
}

/// Writes the values of two channels. False where not all of them fit.
pub(in super::super) fn forward(channels: &Forward, sums: &[[i32; 2]], values: &mut [i16], step: usize) -> bool {
    let bits = u32::from(channels.bits) & 31;
    let task = Task {
        end: sums.as_ptr_range().end,
        step: 2 * step,
        addend: ((1_u32 << bits) >> 1) as i32,
        biases: channels.biases,
        factors: channels.factors.map(i32::from),
        bits,
    };
    let inside = fits(sums, values, step);
    if inside {
        // SAFETY: there is a sum, and all values lie in the slice.
        unsafe { multiply(sums.as_ptr(), values.as_mut_ptr(), &task) };
    }
    inside
}

/// Writes the values of two channels. False where not all of them fit.
pub(in super::super) fn reverse(shift: Shift, sums: &[[i32; 2]], values: &mut [i16], step: usize) -> bool {
    let inside = fits(sums, values, step);
    if inside {
        let task = [sums.as_ptr_range().end.addr(), 2 * step, shift.first as usize, shift.second as usize];
        // SAFETY: there is a sum, and all values lie in the slice.
        unsafe { shift_right(sums.as_ptr(), values.as_mut_ptr(), &task) };
    }
    inside
}

/// Whether there is a pixel, and all have two values.
fn fits(sums: &[[i32; 2]], values: &[i16], step: usize) -> bool {
    sums.len().checked_sub(1).is_some_and(|last| values.len() >= last * step + 2)
}

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

/// r4, r5 and r6 hold the factors and the bits, r8 the addend, r9 and r10 the biases, r11 the step, and r12 the end.
///
/// # Safety
///
/// There is a sum before the end, and each pixel's values can be written.
#[unsafe(naked)]
unsafe extern "C" fn multiply(_sums: *const [i32; 2], _values: *mut i16, _task: &Task) {
    naked_asm!(concat!(
        "push {{r4, r5, r6, r7, lr}}\n",
        "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n push {{r4, r5, r6, r7}}\n",
        "ldm r2!, {{r3, r4, r5, r6, r7}}\n mov r12, r3\n mov r11, r4\n mov r8, r5\n mov r9, r6\n mov r10, r7\n",
        "ldm r2!, {{r4, r5, r6}}\n",
        "2:\n",
        multiply!("r4", "r9"),
        saturate!("0"),
        multiply!("r5", "r10"),
        saturate!("2"),
        "add r1, r11\n cmp r0, r12\n bne 2b\n",
        "pop {{r4, r5, r6, r7}}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n",
        "pop {{r4, r5, r6, r7, pc}}\n",
    ))
}

/// r4 and r5 hold the end and the step, r6 and r7 the shifts.
///
/// # Safety
///
/// As of [`multiply`].
#[unsafe(naked)]
unsafe extern "C" fn shift_right(_sums: *const [i32; 2], _values: *mut i16, _task: &[usize; 4]) {
    naked_asm!(concat!(
        "push {{r4, r5, r6, r7, lr}}\n ldm r2!, {{r4, r5, r6, r7}}\n",
        "2:\n",
        "ldm r0!, {{r2}}\n asrs r2, r6\n adds r2, r2, r7\n asrs r2, r7\n",
        saturate!("0"),
        "ldm r0!, {{r2}}\n asrs r2, r6\n adds r2, r2, r7\n asrs r2, r7\n",
        saturate!("2"),
        "adds r1, r1, r5\n cmp r0, r4\n bne 2b\n",
        "pop {{r4, r5, r6, r7, pc}}\n",
    ))
}
