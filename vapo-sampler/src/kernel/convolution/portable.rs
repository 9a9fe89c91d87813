//! The kernel in Rust.

use super::lines::Lines;

/// Most pixels of a tile: their sums, with the weights and values of a word, are as much as most processors have registers for.
/// Those of RISC-V have twice as many.
#[cfg(not(all(any(feature = "armv6m", feature = "dsp"), target_arch = "arm")))]
pub(super) const PIXELS: usize = if cfg!(all(target_arch = "riscv32", target_feature = "m")) { 4 } else { 2 };

/// Adds what two outputs of each pixel get.
pub(super) fn forward(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    add::<false>(lines, sums);
}

/// Adds what two inputs of each pixel get.
pub(super) fn reverse(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    add::<true>(lines, sums);
}

/// Adds taps one by one, but the three of the most common window together.
fn add<const REVERSE: bool>(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    #[cfg(all(target_arch = "riscv32", target_feature = "m"))]
    if super::rv32::add::<REVERSE>(lines, sums) {
        return;
    }
    // Where assembly computes all but rare windows, one function is enough.
    let pairs = cfg!(not(any(
        all(any(feature = "armv6m", feature = "dsp"), target_arch = "arm"),
        all(target_arch = "riscv32", target_feature = "m")
    )));
    if pairs && sums.len() == 2 && lines.taps == 3 {
        return add_taps::<2, 3, 4, REVERSE>(lines, 0, 0, sums);
    }
    for tap in 0..lines.taps {
        let column = if REVERSE { lines.taps - 1 - tap } else { tap };
        if pairs && sums.len() == 2 {
            add_taps::<2, 1, 2, REVERSE>(lines, tap, column, sums);
        } else {
            for (pixel, sums) in sums.iter_mut().enumerate() {
                add_taps::<1, 1, 1, REVERSE>(lines, tap, column + pixel, core::slice::from_mut(sums));
            }
        }
    }
}

/// Adds `T` taps, from `tap` on, to `P` pixels, which read `W` words from `column` on: P + T − 1.
fn add_taps<const P: usize, const T: usize, const W: usize, const REVERSE: bool>(
    lines: &Lines<'_>,
    tap: usize,
    column: usize,
    sums: &mut [[i32; 2]],
) {
    let Some(sums) = sums.first_chunk_mut::<P>() else { return };
    let mut total = *sums;
    let (words, _) = lines.weights.as_chunks::<4>();
    let mut words = words.get(tap..).unwrap_or_default().chunks(lines.stride.max(1));
    let mut columns = lines.columns.get(column..).unwrap_or_default().chunks(lines.step.max(1));
    for _ in 0..lines.count {
        let (Some(words), Some(values)) = (words.next(), columns.next()) else { break };
        let (Some(words), Some(values)) = (words.first_chunk::<T>(), values.first_chunk::<W>()) else { break };
        for (tap, word) in words.iter().enumerate() {
            let [b0, b1, b2, b3] = word.map(|byte| i32::from(byte as i8));
            let values = values.iter().skip(if REVERSE { T - 1 - tap } else { tap });
            for (sums, &values) in total.iter_mut().zip(values) {
                let (lo, hi) = (i32::from(values as i16), values as i32 >> 16);
                let [first, second] = if REVERSE {
                    [b0 * lo + b1 * hi, b2 * lo + b3 * hi]
                } else {
                    [b0 * lo + b2 * hi, b1 * lo + b3 * hi]
                };
                *sums = [sums[0].wrapping_add(first), sums[1].wrapping_add(second)];
            }
        }
    }
    *sums = total;
}
