//! Tiles on Cortex-M0 and M0+, in assembly.
//!
//! The core multiplies 32 bits in one instruction, into one of the factors, and computes in r0 to r7 alone; but it adds to
//! r8 to lr. So the sums of up to three pixels stay in those, and every word of weights is loaded and split once a tile:
//!
//! | register | holds |
//! |---|---|
//! | r0 | address of the weights' word |
//! | r1 | address of the values' word |
//! | r2, r3, r4, r5 | b0, b1, b2, b3 of the weights; free between words |
//! | r6, r7 | lo and hi of the values, and products; r7 the address of the [`Task`] between segments |
//! | r8 to r11, r12 and lr | the sums of up to three pixels |
//! | \[sp] | address at which the segment's weights end |
//! | \[sp, 4], \[sp, 8] | bytes from line to line, of weights and of values |
//! | \[sp, 12] | address of the [`Task`] |
//!
//! A word of two pixels takes 31 instructions, of three 44: 3.9 and 3.7 a multiplication. The rest is 4 to 7 a line, and about
//! 75 a pair of channels.
//!
//! The twin is `Run::compute_tile`, with the kernel in Rust; [`super::reference`] is what both are compared with, in the
//! emulator by the firmware `kernels`.

#![allow(
    unsafe_code,
    reason = "the compiler keeps the sums in memory: a kernel in Rust takes twice as many instructions"
)]

mod requantise;

use core::arch::naked_asm;
use core::mem::offset_of;

use super::Direction;
use super::lines::{Run, share};

pub(super) use super::portable::{forward, reverse};

/// Most pixels of a tile: one more, and sums would have no registers.
pub(super) const PIXELS: usize = 3;

/// What a kernel computes: pairs of channels of a tile. Steps are in bytes.
#[repr(C)]
struct Task {
    /// A pair's sums, of which the kernel writes as many as there are pixels.
    sums: [[i32; 2]; PIXELS],
    /// The first segment's first values, and from line to line of them.
    columns: *const u32,
    step: usize,
    /// The first segment's first weights, and from line to line of them. The kernel goes on to the next pair's.
    weights: *const u32,
    stride: usize,
    /// From the first weights of a segment to its end.
    span: usize,
    /// Number of segments, and those that are left: the kernel counts them down.
    segments: usize,
    left: usize,
    /// From the end of a segment to the next, of values and of weights.
    next_columns: usize,
    next_weights: usize,
    /// Pairs of channels; the kernel counts them down.
    pairs: usize,
    /// From pair to pair of weights.
    next_pair: usize,
    /// The first pixel's values of a pair, and from pixel to pixel. The kernel goes on to the next pair's.
    values: *mut i16,
    pixel: usize,
    /// A pair's factors and biases; the kernel goes on to the next pair's. In reverse there are none.
    factors: *const i16,
    biases: *const i32,
    /// How far a product is shifted, and what is added before. In reverse how far a sum is shifted before it is rounded, and after.
    shift: usize,
    round: usize,
    /// Past the last sum.
    end: *const [i32; 2],
}

/// Computes a task.
type Kernel = unsafe extern "C" fn(&mut Task);

/// The kernels for one pixel and up to three, and how many taps they compute at once.
fn kernels(direction: Direction, taps: usize, pixels: usize) -> (&'static [Kernel; PIXELS], usize) {
    match (direction, taps) {
        (Direction::Forward, 3) if pixels > 1 => (&[forward_1, forward_2_by_3, forward_3_by_3], 3),
        (Direction::Forward, _) => (&[forward_1, forward_2, forward_3], 1),
        (Direction::Reverse, 3) if pixels > 1 => (&[reverse_1, reverse_2_by_3, reverse_3_by_3], 3),
        (Direction::Reverse, _) => (&[reverse_1, reverse_2, reverse_3], 1),
    }
}

/// Computes a run, unless it is of a kind that has no kernel, or a slice is too short or lies where words do not.
pub(super) fn compute(run: &Run<'_>, result: &mut [i16]) -> bool {
    let &Run { direction, weights, taps, step, stride, count, result: (channels, pixel), .. } = run;
    let ((all_segments, next_columns, next_weights), (word, next_pair)) = (run.segments, run.pairs);
    let forward = direction == Direction::Forward;
    let (Some(last), Some(last_segment), Some(last_pixel), Some(last_pair), Some(last_tap)) = (
        count.checked_sub(1),
        all_segments.checked_sub(1),
        run.pixels.checked_sub(1),
        channels.div_ceil(2).checked_sub(1),
        taps.checked_sub(1),
    ) else {
        return false;
    };
    // Numbers whose products, summed, fit 32 bits.
    let steps = last | step | stride | last_segment | next_columns | next_weights | last_pair | next_pair;
    if (steps | taps | run.pixels | pixel | channels) >= 1 << 14 || word >= 1 << 29 {
        return false;
    }
    // The furthest that is read or written.
    let column = last * step + last_segment * next_columns + last_pixel + taps;
    let furthest_word = last * stride + last_segment * next_weights + last_pair * next_pair + word + taps;
    let (factors, biases) = (weights.forward, weights.biases);
    let rounded = if forward { channels } else { 0 };
    if run.columns.len() < column
        || weights.words.bytes.len() / 4 < furthest_word
        || result.len() < last_pixel * pixel + channels
        || factors.len() / 2 < rounded
        || biases.len() / 4 < rounded
        || !weights.words.bytes.as_ptr().cast::<u32>().is_aligned()
        || !factors.as_ptr().cast::<i16>().is_aligned()
        || !biases.as_ptr().cast::<i32>().is_aligned()
    {
        return false;
    }
    // Taps that are not computed at once are segments.
    let (kernels, at_once) = kernels(direction, taps, run.pixels);
    let (first, (segments, next_columns, next_weights)) = match run.segments {
        segments if at_once == taps => (0, segments),
        (1, ..) if forward => (0, (taps, 1, 1)),
        (1, ..) => (last_tap, (taps, 1_usize.wrapping_neg(), 1)),
        _ => return false,
    };
    let [n, _, k] = weights.shifts.map(|shift| usize::from(shift) & 31);
    let (shift, round) = match (forward, k.checked_sub(1)) {
        (true, _) => (n, (1 << n) >> 1),
        (false, Some(before)) => (before, 1),
        (false, None) => (0, 0),
    };
    let (mut columns, mut values) = (run.columns.as_ptr().wrapping_add(first), result.as_mut_ptr());
    let mut task = Task {
        sums: [[0; 2]; PIXELS],
        columns,
        step: 4 * step,
        weights: core::ptr::null(),
        stride: 4 * stride,
        span: 4 * stride * count,
        segments,
        left: 0,
        next_columns: next_columns.wrapping_sub(step * count).wrapping_mul(4),
        next_weights: next_weights.wrapping_sub(stride * count).wrapping_mul(4),
        pairs: 0,
        next_pair: 4 * next_pair,
        values,
        pixel: 2 * pixel,
        factors: core::ptr::null(),
        biases: core::ptr::null(),
        shift,
        round,
        end: core::ptr::null(),
    };
    let mut left = run.pixels;
    while left > 0 {
        let pixels = share(left, PIXELS);
        let Some(kernel) = kernels.get(pixels - 1) else { return false };
        task.columns = columns;
        task.weights = weights.words.bytes.as_ptr().cast::<u32>().wrapping_add(word);
        task.factors = factors.as_ptr().cast();
        task.biases = biases.as_ptr().cast();
        task.pairs = channels / 2;
        task.values = values;
        task.end = task.sums.as_ptr().wrapping_add(pixels);
        if task.pairs > 0 {
            // SAFETY: a kernel reads, of every pair and line, `taps` words of weights and `pixels` + `taps` − 1 of values, of every
            // pair two factors and two biases forward, and writes two values a pixel: the furthest of each were found inside
            // their slices, where all others lie before them. A segment ends after `count` ≥ 1 lines, where its weights'
            // address is the end. All words lie at addresses of words, since the first of each slice does. The registers
            // that the procedure call standard preserves are restored.
            unsafe { kernel(&mut task) };
        }
        if channels % 2 == 1 {
            // The last channel alone: its values are computed beside others, which are dropped.
            let mut pair = [[0_i16; 2]; PIXELS];
            let channel = channels - 1;
            let factors = [number(factors, channel), 0];
            let biases = [number(biases, channel), 0];
            task.pairs = 1;
            (task.values, task.pixel) = (pair.as_mut_ptr().cast(), size_of::<[i16; 2]>());
            (task.factors, task.biases) = (factors.as_ptr(), biases.as_ptr());
            // SAFETY: as above, with factors, biases and values of this pair's own.
            unsafe { kernel(&mut task) };
            task.pixel = 2 * pixel;
            for (index, [value, _]) in pair.iter().enumerate().take(pixels) {
                // SAFETY: the last channel of a pixel of the run, which was found inside.
                unsafe { *values.add(index * pixel + channel) = *value };
            }
        }
        columns = columns.wrapping_add(pixels);
        values = values.wrapping_add(pixels * pixel);
        left -= pixels;
    }
    true
}

/// The number of a channel. In reverse there is none, and it does not matter.
fn number<T: bytemuck::Pod>(bytes: &[u8], channel: usize) -> T {
    let bytes = bytes.get(size_of::<T>() * channel..).and_then(|bytes| bytes.get(..size_of::<T>()));
    bytes.and_then(|bytes| bytemuck::try_pod_read_unaligned(bytes).ok()).unwrap_or_else(T::zeroed)
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

/// A kernel of so many pixels: saves registers; for each pair of channels goes through the lines of all segments, then stores
/// the sums and has them requantised; restores registers.
macro_rules! kernel {
    ($name:ident, $pixels:tt, $requantise:path, $split:tt, $($word:literal: $($at:literal)*),*) => {
        /// See the table of registers above.
        ///
        /// # Safety
        ///
        /// All words that the task describes can be read, and the values written.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(_task: &mut Task) {
            naked_asm!(
                concat!(
                    "push {{r4, r5, r6, r7, lr}}\n",
                    "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n push {{r4, r5, r6, r7}}\n",
                    "mov r7, r0\n push {{r7}}\n ldr r2, [r7, #{stride}]\n ldr r3, [r7, #{step}]\n push {{r1, r2, r3}}\n",
                    // A pair.
                    "4:\n ldr r0, [r7, #{weights}]\n ldr r1, [r7, #{columns}]\n",
                    "ldr r2, [r7, #{segments}]\n str r2, [r7, #{left}]\n movs r2, #0\n", clear!($pixels),
                    // A segment.
                    "5:\n ldr r2, [r7, #{span}]\n adds r2, r0, r2\n", segment!($pixels),
                    // A line.
                    "2:\n", $(tap!($split $word: $($at)*),)* next!($pixels),
                    "ldr r7, [sp, #12]\n ldr r2, [r7, #{left}]\n subs r2, #1\n beq 6f\n str r2, [r7, #{left}]\n",
                    "ldr r2, [r7, #{next_columns}]\n adds r1, r1, r2\n",
                    "ldr r2, [r7, #{next_weights}]\n adds r0, r0, r2\n b 5b\n",
                    "6:\n mov r0, r7\n", store!($pixels), "bl {requantise}\n",
                    "ldr r2, [r7, #{weights}]\n ldr r3, [r7, #{next_pair}]\n adds r2, r2, r3\n",
                    "str r2, [r7, #{weights}]\n",
                    "ldr r2, [r7, #{pairs}]\n subs r2, #1\n str r2, [r7, #{pairs}]\n beq 7f\n b 4b\n",
                    "7:\n add sp, #16\n",
                    "pop {{r4, r5, r6, r7}}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n",
                    "pop {{r4, r5, r6, r7, pc}}\n",
                ),
                requantise = sym $requantise,
                columns = const offset_of!(Task, columns),
                step = const offset_of!(Task, step),
                weights = const offset_of!(Task, weights),
                stride = const offset_of!(Task, stride),
                span = const offset_of!(Task, span),
                segments = const offset_of!(Task, segments),
                left = const offset_of!(Task, left),
                next_columns = const offset_of!(Task, next_columns),
                next_weights = const offset_of!(Task, next_weights),
                pairs = const offset_of!(Task, pairs),
                next_pair = const offset_of!(Task, next_pair),
            )
        }
    };
}

/// Sets the sums to r2.
#[rustfmt::skip]
macro_rules! clear {
    (1) => { "mov r8, r2\n mov r9, r2\n" };
    (2) => { concat!(clear!(1), "mov r10, r2\n mov r11, r2\n") };
    (3) => { concat!(clear!(2), "mov r12, r2\n mov lr, r2\n") };
}

/// Keeps the end of a segment, r2. Of one or two pixels, registers are left for it and for steps.
#[rustfmt::skip]
macro_rules! segment {
    (1) => { concat!(segment!(2), "ldr r2, [sp, #8]\n mov r10, r2\n") };
    (2) => { "mov r12, r2\n ldr r2, [sp, #4]\n mov lr, r2\n" };
    (3) => { "str r2, [sp]\n" };
}

/// Goes to the next line, unless that was the last one. A branch back over three taps of three pixels is out of a
/// conditional branch's range.
#[rustfmt::skip]
macro_rules! next {
    (1) => { "add r1, r10\n add r0, lr\n cmp r0, r12\n bne 2b\n" };
    (2) => { "ldr r2, [sp, #8]\n adds r1, r1, r2\n add r0, lr\n cmp r0, r12\n bne 2b\n" };
    (3) => {
        concat!(
            "ldr r2, [sp, #8]\n adds r1, r1, r2\n ldr r2, [sp, #4]\n adds r0, r0, r2\n",
            "ldr r2, [sp]\n cmp r0, r2\n beq 3f\n b 2b\n 3:\n",
        )
    };
}

/// Stores the sums at r0.
#[rustfmt::skip]
macro_rules! store {
    (1) => { "mov r2, r8\n mov r3, r9\n stm r0!, {{r2, r3}}\n" };
    (2) => { "mov r2, r8\n mov r3, r9\n mov r4, r10\n mov r5, r11\n stm r0!, {{r2, r3, r4, r5}}\n" };
    (3) => { concat!(store!(2), "mov r2, r12\n mov r3, lr\n stm r0!, {{r2, r3}}\n") };
}

kernel!(forward_1, 1, requantise::forward, ["r3" "r4"], 0: 0);
kernel!(reverse_1, 1, requantise::reverse, ["r4" "r3"], 0: 0);
kernel!(forward_2, 2, requantise::forward, ["r3" "r4"], 0: 0 4);
kernel!(reverse_2, 2, requantise::reverse, ["r4" "r3"], 0: 0 4);
kernel!(forward_3, 3, requantise::forward, ["r3" "r4"], 0: 0 4 8);
kernel!(reverse_3, 3, requantise::reverse, ["r4" "r3"], 0: 0 4 8);
kernel!(forward_2_by_3, 2, requantise::forward, ["r3" "r4"], 0: 0 4, 4: 4 8, 8: 8 12);
kernel!(reverse_2_by_3, 2, requantise::reverse, ["r4" "r3"], 0: 8 12, 4: 4 8, 8: 0 4);
kernel!(forward_3_by_3, 3, requantise::forward, ["r3" "r4"], 0: 0 4 8, 4: 4 8 12, 8: 8 12 16);
kernel!(reverse_3_by_3, 3, requantise::reverse, ["r4" "r3"], 0: 8 12 16, 4: 4 8 12, 8: 0 4 8);
