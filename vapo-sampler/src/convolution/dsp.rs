//! The kernel in the DSP instructions of Cortex-M4, M7, M33 and later: two products at a time, up to eight sums in registers.
//!
//! `sxtb16` widens a word's bytes 0 and 2, or 1 and 3, to two halves; `smlad` adds the products of two pairs of halves. Of a
//! word of weights b0 to b3, bytes 0 and 2 are what the first sum takes forward, 1 and 3 what the second takes. In reverse
//! `pkhbt` and `pkhtb` make of both pairs b0 and b1, and b2 and b3.
//!
//! | register | holds |
//! |---|---|
//! | r0, r1 | addresses of weights and of columns |
//! | r4 to r11 | sums: first and second of pixel 0, of pixel 1, and so on; columns where there are fewer pixels |
//! | r2 | a word of weights, then the second sum's pair |
//! | r3, r12, lr | the first sum's pair, columns |
//! | \[sp], \[sp, 4] | bytes from line to line of columns, address at which the weights end |
//! | \[sp, 44], \[sp, 48] | address of the sums, bytes from line to line of weights |
//!
//! The scalar twin of every function here is [`super::portable`]: a test in the emulator compares both with the definition.
#![allow(unsafe_code, reason = "instructions that the language has no safe names for")]

use super::lines::Lines;
use core::arch::naked_asm;

/// Most pixels of a tile.
pub(super) const PIXELS: usize = super::PIXELS;

/// Adds lines to sums: `weights` and `columns` are where the first line's begin, `stride` and `step` are bytes from line to line, and
/// `end` is the address of the weights of the line after the last.
type Kernel = unsafe extern "C" fn(
    weights: *const u8,
    columns: *const u32,
    step: usize,
    end: *const u8,
    sums: *mut [i32; 2],
    stride: usize,
);

/// Adds what two outputs of each pixel get.
pub(super) fn forward(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    if lines.taps == 3 {
        match sums.len() {
            4 => return add(lines, 3, 0, 0, sums, forward_4_by_3),
            3 => return add(lines, 3, 0, 0, sums, forward_3_by_3),
            2 => return add(lines, 3, 0, 0, sums, forward_2_by_3),
            _ => {}
        }
    }
    let kernel = match sums.len() {
        4 => forward_4,
        3 => forward_3,
        2 => forward_2,
        _ => forward_1,
    };
    for tap in 0..lines.taps {
        add(lines, 1, tap, tap, sums, kernel);
    }
}

/// Adds what two inputs of each pixel get.
pub(super) fn reverse(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    if lines.taps == 3 {
        match sums.len() {
            4 => return add(lines, 3, 0, 0, sums, reverse_4_by_3),
            3 => return add(lines, 3, 0, 0, sums, reverse_3_by_3),
            2 => return add(lines, 3, 0, 0, sums, reverse_2_by_3),
            _ => {}
        }
    }
    let kernel = match sums.len() {
        4 => reverse_4,
        3 => reverse_3,
        2 => reverse_2,
        _ => reverse_1,
    };
    for tap in 0..lines.taps {
        add(lines, 1, tap, lines.taps - 1 - tap, sums, kernel);
    }
}

/// Calls a kernel for `taps` taps of each line, from tap `tap` on, which begin at word `column` of a line of columns. Does nothing where
/// a slice is too short.
#[inline(always)]
fn add(lines: &Lines<'_>, taps: usize, tap: usize, column: usize, sums: &mut [[i32; 2]], kernel: Kernel) {
    let Some(last) = lines.count.checked_sub(1) else { return };
    let weights = last.saturating_mul(lines.stride).saturating_add(tap + taps);
    let columns = last.saturating_mul(lines.step).saturating_add(column + sums.len() + taps - 1);
    if lines.weights.len() / 4 < weights || lines.columns.len() < columns {
        return;
    }
    let stride = 4 * lines.stride;
    let first = lines.weights.as_ptr().wrapping_add(4 * tap);
    // SAFETY: a kernel reads, in each of `count` ≥ 1 lines, `taps` words of weights from the line's address on, and `pixels` + `taps` − 1 of
    // columns: the last line's end was checked above, and lies after all others'. The kernel ends after `count` lines, because
    // that is where a line's address is `end`. It reads and writes `pixels` pairs of sums. Weights need no alignment: single words are
    // loaded. Columns have that of words. The registers that the procedure call standard preserves are restored.
    unsafe {
        kernel(
            first,
            lines.columns.as_ptr().add(column),
            4 * lines.step,
            first.wrapping_add(lines.count * stride),
            sums.as_mut_ptr(),
            stride,
        );
    }
}

/// Loads a word of weights and makes it the pairs of both sums: in r3 and r2 forward, in the named register and r2 in reverse.
macro_rules! weights {
    ("forward", $pair:literal, $word:literal) => {
        concat!("ldr r2, ", $word, "\n sxtb16 ", $pair, ", r2\n sxtb16 r2, r2, ror #8\n")
    };
    ("reverse", $pair:literal, $word:literal) => {
        concat!(
            "ldr r2, ",
            $word,
            "\n sxtb16 r3, r2\n sxtb16 r2, r2, ror #8\n",
            "pkhbt ",
            $pair,
            ", r3, r2, lsl #16\n pkhtb r2, r2, r3, asr #16\n",
        )
    };
}

/// Adds a column's products to a pixel's sums.
macro_rules! pixel {
    ($pair:literal, $column:literal, $first:literal, $second:literal) => {
        concat!(
            "smlad ", $first, ", ", $pair, ", ", $column, ", ", $first, "\n", "smlad ", $second, ", r2, ", $column,
            ", ", $second, "\n",
        )
    };
}

/// Adds a tap to four pixels, whose columns are loaded in two pairs.
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
            "ldrd ",
            $x,
            ", ",
            $y,
            ", ",
            $low,
            "\n",
            pixel!($pair, $x, "r4", "r5"),
            pixel!($pair, $y, "r6", "r7"),
            "ldrd ",
            $x,
            ", ",
            $y,
            ", ",
            $high,
            "\n",
            pixel!($pair, $x, "r8", "r9"),
            pixel!($pair, $y, "r10", "r11"),
        )
    };
}

/// Adds a tap to three pixels, whose columns are in registers.
macro_rules! three {
    ($direction:tt, $pair:literal, $word:literal, $x:literal, $y:literal, $z:literal) => {
        concat!(
            weights!($direction, $pair, $word),
            pixel!($pair, $x, "r4", "r5"),
            pixel!($pair, $y, "r6", "r7"),
            pixel!($pair, $z, "r8", "r9"),
        )
    };
}

/// Adds a tap to two pixels, whose columns are in registers.
macro_rules! two {
    ($direction:tt, $pair:literal, $word:literal, $x:literal, $y:literal) => {
        concat!(weights!($direction, $pair, $word), pixel!($pair, $x, "r4", "r5"), pixel!($pair, $y, "r6", "r7"))
    };
}

/// A function that loads the sums, runs the body for every line and stores the sums.
macro_rules! kernel {
    ($name:ident, $sums:literal, $($line:expr),+ $(,)?) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(
            weights: *const u8,
            columns: *const u32,
            step: usize,
            end: *const u8,
            sums: *mut [i32; 2],
            stride: usize,
        ) {
            naked_asm!(
                "push {{r2-r11, lr}}",
                "ldr lr, [sp, #44]",
                concat!("ldm lr, {{", $sums, "}}"),
                "2:",
                $($line,)+
                "bne 2b",
                "ldr r2, [sp, #44]",
                concat!("stm r2, {{", $sums, "}}"),
                "pop {{r2-r11, pc}}",
            )
        }
    };
}

/// From line to line of columns.
macro_rules! next_columns {
    () => {
        "ldrd r2, r3, [sp]\n add r1, r2\n cmp r0, r3"
    };
}

/// From line to line of columns and of weights.
macro_rules! next {
    () => {
        "ldrd r2, r3, [sp]\n add r1, r2\n ldr r2, [sp, #48]\n add r0, r2\n cmp r0, r3"
    };
}

// Four pixels, three taps: 43 instructions for 48 products forward, 51 in reverse.
kernel!(
    forward_4_by_3,
    "r4-r11",
    four!("forward", "[r0], #4", "[r1]", "[r1, #8]"),
    four!("forward", "[r0], #4", "[r1, #4]", "[r1, #12]"),
    four!("forward", "[r0], #4", "[r1, #8]", "[r1, #16]"),
    next_columns!(),
);
kernel!(
    reverse_4_by_3,
    "r4-r11",
    four!("reverse", "[r0, #8]", "[r1]", "[r1, #8]"),
    four!("reverse", "[r0, #4]", "[r1, #4]", "[r1, #12]"),
    four!("reverse", "[r0]", "[r1, #8]", "[r1, #16]"),
    next!(),
);

// Three pixels, three taps, columns kept from tap to tap: 34 instructions for 36 products forward, 42 in reverse.
kernel!(
    forward_3_by_3,
    "r4-r9",
    "ldm r1, {{r10, r11, r12}}",
    three!("forward", "r3", "[r0], #4", "r10", "r11", "r12"),
    "ldr r10, [r1, #12]",
    three!("forward", "r3", "[r0], #4", "r11", "r12", "r10"),
    "ldr r11, [r1, #16]",
    three!("forward", "r3", "[r0], #4", "r12", "r10", "r11"),
    next_columns!(),
);
kernel!(
    reverse_3_by_3,
    "r4-r9",
    "ldm r1, {{r10, r11, r12}}",
    three!("reverse", "lr", "[r0, #8]", "r10", "r11", "r12"),
    "ldr r10, [r1, #12]",
    three!("reverse", "lr", "[r0, #4]", "r11", "r12", "r10"),
    "ldr r11, [r1, #16]",
    three!("reverse", "lr", "[r0]", "r12", "r10", "r11"),
    next!(),
);

// Two pixels, three taps: 26 instructions for 24 products forward, 34 in reverse.
kernel!(
    forward_2_by_3,
    "r4-r7",
    "ldm r1, {{r8, r9, r10, r11}}",
    two!("forward", "r3", "[r0], #4", "r8", "r9"),
    two!("forward", "r3", "[r0], #4", "r9", "r10"),
    two!("forward", "r3", "[r0], #4", "r10", "r11"),
    next_columns!(),
);
kernel!(
    reverse_2_by_3,
    "r4-r7",
    "ldm r1, {{r8, r9, r10, r11}}",
    two!("reverse", "lr", "[r0, #8]", "r8", "r9"),
    two!("reverse", "lr", "[r0, #4]", "r9", "r10"),
    two!("reverse", "lr", "[r0]", "r10", "r11"),
    next!(),
);

// One tap.
kernel!(forward_4, "r4-r11", four!("forward", "[r0]", "[r1]", "[r1, #8]"), next!());
kernel!(reverse_4, "r4-r11", four!("reverse", "[r0]", "[r1]", "[r1, #8]"), next!());
kernel!(forward_3, "r4-r9", "ldm r1, {{r10, r11, r12}}", three!("forward", "r3", "[r0]", "r10", "r11", "r12"), next!(),);
kernel!(reverse_3, "r4-r9", "ldm r1, {{r10, r11, r12}}", three!("reverse", "lr", "[r0]", "r10", "r11", "r12"), next!(),);
kernel!(forward_2, "r4-r7", "ldrd r8, r9, [r1]", two!("forward", "r3", "[r0]", "r8", "r9"), next!());
kernel!(reverse_2, "r4-r7", "ldrd r8, r9, [r1]", two!("reverse", "lr", "[r0]", "r8", "r9"), next!());
kernel!(forward_1, "r4-r5", "ldr r8, [r1]", weights!("forward", "r3", "[r0]"), pixel!("r3", "r8", "r4", "r5"), next!(),);
kernel!(reverse_1, "r4-r5", "ldr r8, [r1]", weights!("reverse", "lr", "[r0]"), pixel!("lr", "r8", "r4", "r5"), next!(),);

/// How sums become values: of each the upper 32 bits of the product with its factor where there are factors, shifted right, plus its
/// addend, halved and saturated.
#[repr(C)]
pub(super) struct Rounding {
    pub(super) factors: [i16; 2],
    pub(super) addends: [i32; 2],
    pub(super) shift: u32,
}

/// Rounds sums with factors into two values each: `values` begins at the first pixel's, and the next is `step` values on. Whether there was room.
pub(super) fn store_forward(rounding: &Rounding, sums: &[[i32; 2]], values: &mut [i16], step: usize) -> bool {
    store(rounding, sums, values, step, multiply_and_store)
}

/// The same of sums without factors.
pub(super) fn store_reverse(rounding: &Rounding, sums: &[[i32; 2]], values: &mut [i16], step: usize) -> bool {
    store(rounding, sums, values, step, shift_and_store)
}

/// Rounds the sums from an address up to another into values, of which the next pixel's are `step` bytes on.
type Store = unsafe extern "C" fn(*mut i16, step: usize, *const [i32; 2], end: *const [i32; 2], &Rounding);

#[inline(always)]
fn store(rounding: &Rounding, sums: &[[i32; 2]], values: &mut [i16], step: usize, store: Store) -> bool {
    let Some(last) = sums.len().checked_sub(1) else { return true };
    let room = values.len() >= last.saturating_mul(step).saturating_add(2);
    if room {
        let sums = sums.as_ptr_range();
        // SAFETY: the function reads the sums, of which there is one at least, and writes two values for each: the last two have room, as was
        // checked above, and lie after all others.
        unsafe { store(values.as_mut_ptr(), 2 * step, sums.start, sums.end, rounding) };
    }
    room
}

/// A function that rounds pair after pair. The rounding's four words are in r4 to r7.
macro_rules! store {
    ($name:ident, $multiply:literal) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(
            values: *mut i16,
            step: usize,
            sums: *const [i32; 2],
            end: *const [i32; 2],
            rounding: &Rounding,
        ) {
            naked_asm!(
                "push {{r4-r9, lr}}",
                "ldr lr, [sp, #28]",
                "ldm lr, {{r4-r7}}",
                "2:",
                "ldrd r8, r9, [r2], #8",
                $multiply,
                "asr r8, r8, r7",
                "asr r9, r9, r7",
                "add r8, r5",
                "add r9, r6",
                "ssat r8, #16, r8, asr #1",
                "ssat r9, #16, r9, asr #1",
                "strh r9, [r0, #2]",
                "strh r8, [r0]",
                "add r0, r1",
                "cmp r2, r3",
                "bne 2b",
                "pop {{r4-r9, pc}}",
            )
        }
    };
}

// 14 instructions a pixel, and 12.
store!(multiply_and_store, "smulwb r8, r8, r4\n smulwt r9, r9, r4");
store!(shift_and_store, "");
