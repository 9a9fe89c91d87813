//! The kernel in Rust.

use super::lines::Lines;

/// Most pixels of a tile.
#[cfg(not(all(feature = "armv6m", target_arch = "arm")))]
pub(super) const PIXELS: usize = super::PIXELS;

/// Adds what two outputs of each pixel get.
pub(super) fn forward(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    add(lines, sums, |tap| tap, |[b0, b1, b2, b3], lo, hi| [b0 * lo + b2 * hi, b1 * lo + b3 * hi]);
}

/// Adds what two inputs of each pixel get.
pub(super) fn reverse(lines: &Lines<'_>, sums: &mut [[i32; 2]]) {
    let last = lines.taps.saturating_sub(1);
    add(lines, sums, |tap| last - tap, |[b0, b1, b2, b3], lo, hi| [b0 * lo + b1 * hi, b2 * lo + b3 * hi]);
}

#[inline(always)]
fn add(
    lines: &Lines<'_>,
    sums: &mut [[i32; 2]],
    column: impl Fn(usize) -> usize,
    products: impl Fn([i32; 4], i32, i32) -> [i32; 2],
) {
    for line in 0..lines.count {
        for tap in 0..lines.taps {
            let word = lines.weights.get(4 * (line * lines.stride + tap)..).and_then(|bytes| bytes.first_chunk());
            let weights = word.copied().unwrap_or_default().map(|byte| i32::from(byte as i8));
            let columns = lines.columns.get(line * lines.step + column(tap)..).unwrap_or_default();
            for (sums, &values) in sums.iter_mut().zip(columns) {
                let [first, second] = products(weights, i32::from(values as i16), values as i32 >> 16);
                sums[0] = sums[0].wrapping_add(first);
                sums[1] = sums[1].wrapping_add(second);
            }
        }
    }
}
