//! The kernels, of one to four pixels, one tap or three, forward and in reverse.
//!
//! | register | holds |
//! |---|---|
//! | r0, r1 | addresses of weights and of columns |
//! | r4 to r11 | sums: first and second of pixel 0, of pixel 1, and so on; columns where there are fewer pixels |
//! | r2 | a word of weights, then the second sum's pair |
//! | r3, r12, lr | the first sum's pair, columns |
//! | \[sp], \[sp, 4] | bytes from line to line, of weights and of columns |
//! | \[sp, 8] | address at which the segment's weights end |
//! | \[sp, 12] | address of the [`Task`] |

use super::{PIXELS, Task};
use crate::kernel::convolution::Direction;
use core::arch::naked_asm;

/// Computes a task.
pub(super) type Kernel = unsafe extern "C" fn(&mut Task);

/// The kernels of lines of so many taps, for one pixel and up to four.
pub(super) fn kernels(direction: Direction, taps: usize) -> Option<&'static [Kernel; PIXELS]> {
    match (direction, taps) {
        (Direction::Forward, 3) => Some(&[forward_1_by_3, forward_2_by_3, forward_3_by_3, forward_4_by_3]),
        (Direction::Forward, 1) => Some(&[forward_1, forward_2, forward_3, forward_4]),
        (Direction::Reverse, 3) => Some(&[reverse_1_by_3, reverse_2_by_3, reverse_3_by_3, reverse_4_by_3]),
        (Direction::Reverse, 1) => Some(&[reverse_1, reverse_2, reverse_3, reverse_4]),
        _ => None,
    }
}

/// Loads a word of weights and makes it the pairs of both sums: in the named register and r2.
#[rustfmt::skip]
macro_rules! weights {
    ("forward", $pair:literal, $word:literal) => {
        concat!("ldr r2, ", $word, "\n sxtb16 ", $pair, ", r2\n sxtb16 r2, r2, ror #8\n")
    };
    ("reverse", $pair:literal, $word:literal) => {
        concat!(
            "ldr r2, ", $word, "\n sxtb16 r3, r2\n sxtb16 r2, r2, ror #8\n",
            "pkhbt ", $pair, ", r3, r2, lsl #16\n pkhtb r2, r2, r3, asr #16\n",
        )
    };
}

/// Adds a column's products to a pixel's sums.
#[rustfmt::skip]
macro_rules! pixel {
    ($pair:literal, $column:literal, $first:literal, $second:literal) => {
        concat!(
            "smlad ", $first, ", ", $pair, ", ", $column, ", ", $first, "\n",
            "smlad ", $second, ", r2, ", $column, ", ", $second, "\n",
        )
    };
}

/// Adds a tap to four pixels, whose columns are loaded two by two.
#[rustfmt::skip]
macro_rules! four {
    ("forward", $word:literal, $low:literal, $high:literal) => {
        four!("forward", "r3", "r12", "lr", $word, $low, $high)
    };
    ("reverse", $word:literal, $low:literal, $high:literal) => {
        four!("reverse", "r12", "r3", "lr", $word, $low, $high)
    };
    ($direction:tt, $pair:tt, $x:tt, $y:tt, $word:literal, $low:literal, $high:literal) => {
        concat!(
            weights!($direction, $pair, $word),
            "ldrd ", $x, ", ", $y, ", ", $low, "\n",
            pixel!($pair, $x, "r4", "r5"), pixel!($pair, $y, "r6", "r7"),
            "ldrd ", $x, ", ", $y, ", ", $high, "\n",
            pixel!($pair, $x, "r8", "r9"), pixel!($pair, $y, "r10", "r11"),
        )
    };
}

/// Adds a tap to pixels whose columns are in registers.
#[rustfmt::skip]
macro_rules! taps {
    ($direction:tt, $word:literal, $x:literal) => {
        concat!(weights!($direction, "lr", $word), pixel!("lr", $x, "r4", "r5"))
    };
    ($direction:tt, $word:literal, $x:literal, $y:literal) => {
        concat!(weights!($direction, "lr", $word), pixel!("lr", $x, "r4", "r5"), pixel!("lr", $y, "r6", "r7"))
    };
    ($direction:tt, $word:literal, $x:literal, $y:literal, $z:literal) => {
        concat!(
            weights!($direction, "lr", $word),
            pixel!("lr", $x, "r4", "r5"), pixel!("lr", $y, "r6", "r7"), pixel!("lr", $z, "r8", "r9"),
        )
    };
}

/// Goes to the next line, and leaves whether it is the end. Weights of lines side by side were gone through on the way.
macro_rules! next {
    ("columns") => {
        "ldrd r2, r3, [sp, #4]\n add r1, r2\n cmp r0, r3\n"
    };
    ("both") => {
        "ldrd r2, r3, [sp]\n add r0, r2\n add r1, r3\n ldr r2, [sp, #8]\n cmp r0, r2\n"
    };
}

/// Goes to a next line that there is.
macro_rules! second {
    ("columns") => {
        "ldr r2, [sp, #4]\n add r1, r2\n"
    };
    ("both") => {
        "ldrd r2, r3, [sp]\n add r0, r2\n add r1, r3\n"
    };
}

/// Runs the lines of a segment, one at a time or two. The address of the task is in r12.
macro_rules! lines {
    ("one", $next:tt, $($line:expr),+) => {
        concat!("3:\n 5:\n", $($line, "\n",)+ next!($next), "bne 5b\n")
    };
    ("two", $next:tt, $($line:expr),+) => {
        concat!(
            "3:\n ldr r2, [r12, #64]\n cmp r2, #0\n bne 6f\n 5:\n",
            $($line, "\n",)+ second!($next), "6:\n", $($line, "\n",)+ next!($next), "bne 5b\n",
        )
    };
}

/// Rounds two sums: by factors in r3 forward, with addends in r0 and r1, a shift in lr.
#[rustfmt::skip]
macro_rules! round {
    ("forward", $first:literal, $second:literal) => {
        concat!(
            "smulwb ", $first, ", ", $first, ", r3\n smulwt ", $second, ", ", $second, ", r3\n",
            round!($first, $second, "r0", "r1"),
        )
    };
    ("reverse", $first:literal, $second:literal) => {
        round!($first, $second, "#1", "#1")
    };
    ($first:literal, $second:literal, $addend:literal, $other:literal) => {
        concat!(
            "asr ", $first, ", ", $first, ", lr\n asr ", $second, ", ", $second, ", lr\n",
            "add ", $first, ", ", $first, ", ", $addend, "\n add ", $second, ", ", $second, ", ", $other, "\n",
            "ssat ", $first, ", #16, ", $first, ", asr #1\n ssat ", $second, ", #16, ", $second, ", asr #1\n",
        )
    };
}

/// Loads what [`round`] takes, of a task at r12: forward twice a pair's biases and one, and its factors.
macro_rules! rounding {
    ("forward") => {
        "ldr r3, [r12, #52]\n ldr r0, [r3], #4\n ldr r1, [r3], #4\n str r3, [r12, #52]\n lsl r0, r0, #1\n lsl r1, r1, #1\n \
         add r0, r0, #1\n add r1, r1, #1\n ldr r2, [r12, #48]\n ldr r3, [r2], #4\n str r2, [r12, #48]\n ldr lr, [r12, #56]\n"
    };
    ("reverse") => {
        "ldr lr, [r12, #56]\n"
    };
}

/// A kernel: for every pair of channels, sets the sums to zero, runs the lines of all segments, rounds and stores.
macro_rules! kernel {
    ($name:ident, $direction:tt, $next:tt, $at_once:tt, [$($first:literal $second:literal),+], $($line:expr),+ $(,)?) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(task: &mut Task) {
            naked_asm!(
                processor!(),
                "push {{r4-r11, lr}}",
                "ldr r1, [r0, #16]",
                "sub sp, #16",
                "str r1, [sp]",
                "str r0, [sp, #12]",
                "mov r12, r0",
                // A pair of channels.
                "2:",
                "ldrd r1, r2, [r12]",
                "ldrd r0, r3, [r12, #8]",
                "add r3, r0",
                "strd r2, r3, [sp, #4]",
                "ldr r2, [r12, #20]",
                "str r2, [r12, #60]",
                $(concat!("mov ", $first, ", #0\n mov ", $second, ", #0"),)+
                lines!($at_once, $next, $($line),+),
                // The next segment, if there is one.
                "ldr r12, [sp, #12]",
                "ldr r2, [r12, #60]",
                "subs r2, #1",
                "beq 4f",
                "str r2, [r12, #60]",
                "ldrd r2, r3, [r12, #24]",
                "add r1, r2",
                "add r0, r3",
                "ldr r2, [r12, #12]",
                "add r2, r0",
                "str r2, [sp, #8]",
                "b 3b",
                "4:",
                rounding!($direction),
                $(round!($direction, $first, $second),)+
                "ldrd r2, r3, [r12, #40]",
                "add r0, r2, #4",
                "str r0, [r12, #40]",
                $(concat!("strh ", $second, ", [r2, #2]\n strh ", $first, ", [r2]\n add r2, r3"),)+
                "ldr r0, [r12, #8]",
                "ldrd r2, r3, [r12, #32]",
                "add r0, r3",
                "str r0, [r12, #8]",
                "subs r2, #1",
                "str r2, [r12, #32]",
                "bne 2b",
                "add sp, #16",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

// Four pixels, three taps: 42 instructions for 48 products forward, 49.5 in reverse, of two lines.
kernel!(
    forward_4_by_3, "forward", "columns", "two", ["r4" "r5", "r6" "r7", "r8" "r9", "r10" "r11"],
    four!("forward", "[r0], #4", "[r1]", "[r1, #8]"),
    four!("forward", "[r0], #4", "[r1, #4]", "[r1, #12]"),
    four!("forward", "[r0], #4", "[r1, #8]", "[r1, #16]"),
);
kernel!(
    reverse_4_by_3, "reverse", "both", "two", ["r4" "r5", "r6" "r7", "r8" "r9", "r10" "r11"],
    four!("reverse", "[r0, #8]", "[r1]", "[r1, #8]"),
    four!("reverse", "[r0, #4]", "[r1, #4]", "[r1, #12]"),
    four!("reverse", "[r0]", "[r1, #8]", "[r1, #16]"),
);

// Three pixels, three taps, columns kept from tap to tap: 33 instructions for 36 products forward, 40.5 in reverse, of two lines.
kernel!(
    forward_3_by_3, "forward", "columns", "two", ["r4" "r5", "r6" "r7", "r8" "r9"],
    "ldm r1, {{r10, r11, r12}}",
    taps!("forward", "[r0], #4", "r10", "r11", "r12"),
    "ldr r10, [r1, #12]",
    taps!("forward", "[r0], #4", "r11", "r12", "r10"),
    "ldr r11, [r1, #16]",
    taps!("forward", "[r0], #4", "r12", "r10", "r11"),
);
kernel!(
    reverse_3_by_3, "reverse", "both", "two", ["r4" "r5", "r6" "r7", "r8" "r9"],
    "ldm r1, {{r10, r11, r12}}",
    taps!("reverse", "[r0, #8]", "r10", "r11", "r12"),
    "ldr r10, [r1, #12]",
    taps!("reverse", "[r0, #4]", "r11", "r12", "r10"),
    "ldr r11, [r1, #16]",
    taps!("reverse", "[r0]", "r12", "r10", "r11"),
);

// Two pixels, three taps: 25 instructions for 24 products forward, 33 in reverse.
kernel!(
    forward_2_by_3, "forward", "columns", "one", ["r4" "r5", "r6" "r7"],
    "ldm r1, {{r8, r9, r10, r11}}",
    taps!("forward", "[r0], #4", "r8", "r9"),
    taps!("forward", "[r0], #4", "r9", "r10"),
    taps!("forward", "[r0], #4", "r10", "r11"),
);
kernel!(
    reverse_2_by_3, "reverse", "both", "one", ["r4" "r5", "r6" "r7"],
    "ldm r1, {{r8, r9, r10, r11}}",
    taps!("reverse", "[r0, #8]", "r8", "r9"),
    taps!("reverse", "[r0, #4]", "r9", "r10"),
    taps!("reverse", "[r0]", "r10", "r11"),
);

// One pixel, three taps.
kernel!(
    forward_1_by_3, "forward", "columns", "one", ["r4" "r5"],
    "ldm r1, {{r8, r9, r10}}",
    taps!("forward", "[r0], #4", "r8"),
    taps!("forward", "[r0], #4", "r9"),
    taps!("forward", "[r0], #4", "r10"),
);
kernel!(
    reverse_1_by_3, "reverse", "both", "one", ["r4" "r5"],
    "ldm r1, {{r8, r9, r10}}",
    taps!("reverse", "[r0, #8]", "r8"),
    taps!("reverse", "[r0, #4]", "r9"),
    taps!("reverse", "[r0]", "r10"),
);

// One tap. Forward the weights of all lines lie side by side.
kernel!(
    forward_4, "forward", "columns", "one", ["r4" "r5", "r6" "r7", "r8" "r9", "r10" "r11"],
    four!("forward", "[r0], #4", "[r1]", "[r1, #8]"),
);
kernel!(
    reverse_4, "reverse", "both", "one", ["r4" "r5", "r6" "r7", "r8" "r9", "r10" "r11"],
    four!("reverse", "[r0]", "[r1]", "[r1, #8]"),
);
kernel!(
    forward_3, "forward", "columns", "one", ["r4" "r5", "r6" "r7", "r8" "r9"],
    "ldm r1, {{r10, r11, r12}}",
    taps!("forward", "[r0], #4", "r10", "r11", "r12"),
);
kernel!(
    reverse_3, "reverse", "both", "one", ["r4" "r5", "r6" "r7", "r8" "r9"],
    "ldm r1, {{r10, r11, r12}}",
    taps!("reverse", "[r0]", "r10", "r11", "r12"),
);
kernel!(
    forward_2, "forward", "columns", "one", ["r4" "r5", "r6" "r7"],
    "ldrd r8, r9, [r1]",
    taps!("forward", "[r0], #4", "r8", "r9"),
);
kernel!(
    reverse_2, "reverse", "both", "one", ["r4" "r5", "r6" "r7"],
    "ldrd r8, r9, [r1]",
    taps!("reverse", "[r0]", "r8", "r9"),
);
kernel!(
    forward_1, "forward", "columns", "one", ["r4" "r5"],
    "ldr r8, [r1]",
    taps!("forward", "[r0], #4", "r8"),
);
kernel!(
    reverse_1, "reverse", "both", "one", ["r4" "r5"],
    "ldr r8, [r1]",
    taps!("reverse", "[r0]", "r8"),
);
