//! Tiles in the DSP instructions of Cortex-M4, M7, M33 and later: two products at a time, up to eight sums in registers.
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
//! | \[sp], \[sp, 4] | bytes from line to line, of weights and of columns |
//! | \[sp, 8] | address at which the segment's weights end |
//! | \[sp, 12] | address of the [`Task`] |
//!
//! The twin is `Run::compute_tile`, with the kernel in Rust; [`super::reference`] is what both are compared with, in the
//! emulator by the firmware `kernels`.
#![allow(unsafe_code, reason = "instructions that the language has no names for")]

use super::Direction;
use super::lines;
use super::run::Run;
use core::arch::naked_asm;

pub(super) use super::portable::{forward, reverse};

/// Most pixels of a tile.
pub(super) const PIXELS: usize = 4;

/// Names a processor that has the instructions, for targets on which some have not.
#[cfg(armv8m)]
macro_rules! processor {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(armv8m))]
macro_rules! processor {
    () => {
        ""
    };
}

/// What a kernel computes: all pairs of channels of a tile. Steps are in bytes.
#[repr(C)]
struct Task {
    /// The first segment's first columns.
    columns: *const u32,
    /// From line to line of columns.
    step: usize,
    /// The first segment's first weights; the kernel goes on to the next pair's.
    weights: *const u8,
    /// From the first weights of a segment to its end, and from line to line.
    span: usize,
    stride: usize,
    /// Number of segments.
    segments: usize,
    /// From the end of a segment to the next, of columns and of weights.
    next_columns: usize,
    next_weights: usize,
    /// Pairs of channels; the kernel counts them down.
    pairs: usize,
    /// From pair to pair of weights.
    next_pair: usize,
    /// The first pixel's first values; the kernel goes on to the next pair's.
    values: *mut i16,
    /// From pixel to pixel of values.
    pixel: usize,
    /// Two i16 a pair, and two i32; the kernel goes on to the next pair's. In reverse there are none.
    factors: *const u8,
    biases: *const u8,
    /// How far sums are shifted before they are rounded and halved.
    shift: usize,
    /// Segments that are left; the kernel counts them down.
    left: usize,
    /// Whether the lines of a segment are odd in number. Kernels that take two at a time begin with the second then.
    odd: usize,
}

/// Computes a task.
type Kernel = unsafe extern "C" fn(&mut Task);

/// Computes a run, unless it is of a kind that has no kernel, or a slice is too short.
pub(super) fn compute(run: &Run<'_>, result: &mut [i16]) -> bool {
    let [n, _, k] = run.weights.shifts;
    let (channels, pixel) = run.result;
    let forward = run.direction == Direction::Forward;
    let (shift, rounded) = if forward { (n, channels) } else { (k, 0) };
    let (Some(kernels), Some(shift), Some(last), Some(last_segment), Some(last_pixel), Some(last_pair)) = (
        kernels(run.direction, run.taps),
        shift.checked_sub(1),
        run.count.checked_sub(1),
        run.segments.0.checked_sub(1),
        run.pixels.checked_sub(1),
        channels.div_ceil(2).checked_sub(1),
    ) else {
        return false;
    };
    // The furthest of all that is read and written, in saturating steps: no slice is as long as what does not fit.
    let furthest = |steps: [(usize, usize); 3], words: usize| {
        steps.iter().fold(words, |sum, (count, step)| sum.saturating_add(count.saturating_mul(*step)))
    };
    let ((segments, next_columns, next_weights), (word, next_pair)) = (run.segments, run.pairs);
    let columns = [(last, run.step), (last_segment, next_columns), (last_pixel, 1)];
    let weights = [(last, run.stride), (last_segment, next_weights), (last_pair, next_pair)];
    if run.columns.len() < furthest(columns, run.taps)
        || run.weights.words.len() / 4 < furthest(weights, run.taps.saturating_add(word))
        || result.len() < furthest([(last_pixel, pixel), (0, 0), (0, 0)], channels)
        || run.weights.forward.len() / 2 < rounded
        || run.weights.biases.len() / 4 < rounded
    {
        return false;
    }
    let (stride, span) = (4 * run.stride, 4 * run.stride * run.count);
    let (mut values, mut columns) = (result.as_mut_ptr(), run.columns.as_ptr());
    let mut task = Task {
        columns,
        step: 4 * run.step,
        weights: run.weights.words.as_ptr(),
        span,
        stride,
        segments,
        next_columns: (4 * next_columns).wrapping_sub(4 * run.step * run.count),
        next_weights: (4 * next_weights).wrapping_sub(span),
        pairs: 0,
        next_pair: 4 * next_pair,
        values,
        pixel: 2 * pixel,
        factors: run.weights.forward.as_ptr(),
        biases: run.weights.biases.as_ptr(),
        shift: shift.into(),
        left: 0,
        odd: run.count % 2,
    };
    let mut left = run.pixels;
    while left > 0 {
        let pixels = lines::pixels(left);
        let Some(kernel) = kernels.get(pixels - 1) else { return false };
        task.columns = columns;
        task.weights = run.weights.words.as_ptr().wrapping_add(4 * word);
        task.factors = run.weights.forward.as_ptr();
        task.biases = run.weights.biases.as_ptr();
        task.pairs = channels / 2;
        task.values = values;
        if task.pairs > 0 {
            // SAFETY: a kernel reads, of every pair and line, `taps` words of weights and `pixels` + `taps` − 1 of columns, of every pair two
            // factors and two biases forward, and writes two values a pixel: the furthest of each were found inside their
            // slices, and all others lie before them. A segment ends after `count` ≥ 1 lines, where its weights' address is the
            // end. Weights, factors, biases and values need no alignment, because the processor loads single words from any
            // address; columns are words. The registers that the procedure call standard preserves are restored.
            unsafe { kernel(&mut task) };
        }
        if channels % 2 == 1 {
            // The last channel alone: its values are computed beside others, which are dropped.
            let mut pair = [[0_i16; 2]; PIXELS];
            let (mut factors, mut biases) = ([0; 4], [0; 8]);
            if forward {
                let rest = run.weights.forward.iter().skip(2 * (channels - 1));
                factors.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                let rest = run.weights.biases.iter().skip(4 * (channels - 1));
                biases.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            }
            task.pairs = 1;
            (task.values, task.pixel) = (pair.as_mut_ptr().cast(), size_of::<[i16; 2]>());
            (task.factors, task.biases) = (factors.as_ptr(), biases.as_ptr());
            // SAFETY: as above, with factors, biases and values of this pair's own.
            unsafe { kernel(&mut task) };
            task.pixel = 2 * pixel;
            for (index, [value, _]) in pair.iter().enumerate().take(pixels) {
                // SAFETY: the last channel of a pixel of the run, which was found inside.
                unsafe { *values.add(index * pixel + channels - 1) = *value };
            }
        }
        values = values.wrapping_add(pixels * pixel);
        columns = columns.wrapping_add(pixels);
        left -= pixels;
    }
    true
}

/// The kernels of lines of so many taps, for one pixel and up to four.
fn kernels(direction: Direction, taps: usize) -> Option<&'static [Kernel; PIXELS]> {
    match (direction, taps) {
        (Direction::Forward, 3) => Some(&[forward_1_by_3, forward_2_by_3, forward_3_by_3, forward_4_by_3]),
        (Direction::Forward, 1) => Some(&[forward_1, forward_2, forward_3, forward_4]),
        (Direction::Reverse, 3) => Some(&[reverse_1_by_3, reverse_2_by_3, reverse_3_by_3, reverse_4_by_3]),
        (Direction::Reverse, 1) => Some(&[reverse_1, reverse_2, reverse_3, reverse_4]),
        _ => None,
    }
}

/// Copies as many words as the shorter one has.
pub(super) fn copy(to: &mut [u32], from: &[u32]) {
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
pub(super) fn join(words: &mut [u32], (values, step): (&[i16], usize), scaled: Option<([i16; 2], u8)>) -> bool {
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
