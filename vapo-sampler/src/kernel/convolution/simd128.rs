//! The kernel in vectors of WebAssembly: an instruction multiplies eight pairs of 16 bits, and adds the products of neighbours.
//!
//! A vector of sums is both of two neighbouring pixels. What is left of a tile, and lines of other taps than one or three, is as in
//! `portable`.

use super::lines::Lines;
use super::portable;
use core::arch::wasm32::{
    i16x8_extend_low_i8x16, i16x8_shuffle, i32x4, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, u32x4, u32x4_shuffle,
    u32x4_splat, v128,
};

/// Most pixels of a tile.
pub(super) const PIXELS: usize = super::PIXELS;

/// Adds what two outputs of each pixel get.
pub(super) fn forward(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    add::<false>(lines, sums);
}

/// Adds what two inputs of each pixel get.
pub(super) fn reverse(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    add::<true>(lines, sums);
}

fn add<const REVERSE: bool>(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    let mut pixel = 0;
    while let Some(rest) = sums.get_mut(pixel..).filter(|rest| !rest.is_empty()) {
        // The pixels' words begin as much later.
        let columns = lines.columns.get(pixel..).unwrap_or_default();
        let lines = Lines { columns, ..*lines };
        pixel += match (rest.len(), lines.taps) {
            (4.., 3) => add_pairs::<2, 3, 6, REVERSE>(&lines, rest),
            (2.., 3) => add_pairs::<1, 3, 4, REVERSE>(&lines, rest),
            (4.., 1) => add_pairs::<2, 1, 4, REVERSE>(&lines, rest),
            (2.., 1) => add_pairs::<1, 1, 2, REVERSE>(&lines, rest),
            (most, _) => {
                let add = if REVERSE { portable::reverse } else { portable::forward };
                let tile = most.min(portable::PIXELS);
                add(&lines, rest.get_mut(..tile).unwrap_or_default());
                tile
            }
        };
    }
}

/// Adds `T` taps, all of a line's, to `Q` pairs of pixels, which read `W` words: 2Q + T − 1. Returns the number of pixels.
#[inline(always)]
fn add_pairs<const Q: usize, const T: usize, const W: usize, const REVERSE: bool>(
    lines: &Lines<'_>,
    sums: &mut [[i32; 2]],
) -> usize {
    let mut total = [i32x4(0, 0, 0, 0); Q];
    let (words, _) = lines.weights.as_chunks::<4>();
    let mut words = words.chunks(lines.stride.max(1));
    let mut columns = lines.columns.chunks(lines.step.max(1));
    for _ in 0..lines.count {
        let (Some(words), Some(values)) = (words.next(), columns.next()) else { break };
        let (Some(words), Some(values)) = (words.first_chunk::<T>(), values.first_chunk::<W>()) else { break };
        let weights = words.map(weights::<REVERSE>);
        for (pair, total) in total.iter_mut().enumerate() {
            let taps = doubled::<T>(values.get(2 * pair..).unwrap_or_default());
            for (tap, weights) in weights.into_iter().enumerate() {
                let tap = taps.get(if REVERSE { T - 1 - tap } else { tap });
                *total = i32x4_add(*total, i32x4_dot_i16x8(weights, tap.copied().unwrap_or(i32x4(0, 0, 0, 0))));
            }
        }
    }
    for (sums, total) in sums.chunks_exact_mut(2).zip(total) {
        let found = [
            [i32x4_extract_lane::<0>(total), i32x4_extract_lane::<1>(total)],
            [i32x4_extract_lane::<2>(total), i32x4_extract_lane::<3>(total)],
        ];
        sums.iter_mut().zip(found).for_each(|(sum, [first, second])| {
            *sum = [sum[0].wrapping_add(first), sum[1].wrapping_add(second)];
        });
    }
    2 * Q
}

/// A word's weights, a pair for each sum, and that for each of two pixels.
#[inline(always)]
fn weights<const REVERSE: bool>(word: [u8; 4]) -> v128 {
    let weights = i16x8_extend_low_i8x16(u32x4_splat(u32::from_le_bytes(word)));
    if REVERSE { weights } else { i16x8_shuffle::<0, 2, 1, 3, 4, 6, 5, 7>(weights, weights) }
}

/// For each tap the words of two neighbouring pixels, each for two sums.
#[inline(always)]
fn doubled<const T: usize>(values: &[u32]) -> [v128; T] {
    let mut taps = [i32x4(0, 0, 0, 0); T];
    match (values, taps.as_mut_slice()) {
        ([a, b, c, d, ..], [first, second, third]) => {
            let values = u32x4(*a, *b, *c, *d);
            *first = u32x4_shuffle::<0, 0, 1, 1>(values, values);
            *second = u32x4_shuffle::<1, 1, 2, 2>(values, values);
            *third = u32x4_shuffle::<2, 2, 3, 3>(values, values);
        }
        ([a, b, ..], [first]) => *first = u32x4(*a, *a, *b, *b),
        _ => {}
    }
    taps
}
