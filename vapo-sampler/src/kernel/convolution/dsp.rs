//! Tiles in the DSP instructions of Cortex-M4, M7, M33 and later: two products at a time, up to eight sums in registers.
//!
//! `sxtb16` widens a word's bytes 0 and 2, or 1 and 3, to two halves; `smlad` adds the products of two pairs of halves. Of a
//! word of weights b0 to b3, bytes 0 and 2 are what the first sum takes forward, 1 and 3 what the second takes. In reverse
//! `pkhbt` and `pkhtb` make of both pairs b0 and b1, and b2 and b3.
//!
//! The twin is `Run::compute_tile`, with the kernel in Rust; [`super::reference`] is what both are compared with, in the
//! emulator by the firmware `kernels`.
#![allow(unsafe_code, reason = "instructions that the language has no names for")]

pub(super) use super::portable::{forward, reverse};
pub(super) use words::{copy, join};

use super::Direction;
use super::lines::{Run, share};
use kernels::kernels;

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

mod kernels;
mod words;

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
        || run.weights.words.bytes.len() / 4 < furthest(weights, run.taps.saturating_add(word))
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
        weights: run.weights.words.bytes.as_ptr(),
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
        let pixels = share(left, PIXELS);
        let Some(kernel) = kernels.get(pixels - 1) else { return false };
        task.columns = columns;
        task.weights = run.weights.words.bytes.as_ptr().wrapping_add(4 * word);
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
