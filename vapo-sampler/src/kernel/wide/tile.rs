//! Sums of a tile of pixels and outputs in registers, over the whole window.

use super::lanes::{LANES, Lanes};
use core::ops::Range;

/// What windows read: pixels of as many pairs of values each as a tile's weights have lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// `[row][column][pair]`.
    pub(super) pairs: &'a [[i16; 2]],
    /// Pairs of a row.
    pub(super) row: usize,
    /// Rows from one window to the next.
    pub(super) step: usize,
    /// Pairs of a pixel.
    pub(super) pixel: usize,
    /// Columns of a window, over those computed together.
    pub(super) groups: usize,
}

/// A tile's sums: rows, columns, blocks of outputs.
pub(super) type Tile<L, const R: usize, const P: usize, const B: usize> = [[[<L as Lanes>::Sums; B]; P]; R];

/// Repeats a block with each of some numbers below `$end` in place of a variable: a loop of as many turns would not be unrolled,
/// and its sums would not stay in registers. The end is a constant of its own, so that blocks beyond it are never compiled.
macro_rules! unrolled {
    ($variable:ident in $($value:literal)*, below $end:expr, $block:block) => {
        $(if const { $value < $end } {
            let $variable: usize = $value;
            $block
        })*
    };
}

/// Sums of R × P pixels and B blocks of outputs, K columns of the window at a time. `first` is the pair at which the
/// window's first row begins for the tile's first pixel, `rows` are the window's rows to sum.
/// D is the number of pairs of a pixel where the compiler shall know it, 0 otherwise: with it, addresses take less work.
/// None where a slice is too short, which the shapes rule out.
#[inline(always)]
pub(super) fn tile<L: Lanes, const R: usize, const P: usize, const B: usize, const K: usize, const D: usize>(
    lanes: L,
    source: Source<'_>,
    first: usize,
    rows: Range<usize>,
    weights: [&[[u32; LANES]]; B],
) -> Option<Tile<L, R, P, B>> {
    let Source { pairs, row, step, pixel, groups } = source;
    let pixel = if D > 0 { D } else { pixel };
    let mut sums = [[[lanes.zero(); B]; P]; R];
    for window_row in rows {
        for group in 0..groups {
            let start = first + window_row * row + group * K * pixel;
            let mut lines = [[].as_slice(); R];
            for (r, line) in lines.iter_mut().enumerate() {
                *line = pairs.get(start + r * step * row..)?.get(..(P + K - 1) * pixel)?;
            }
            let words = (window_row * groups + group) * pixel * K;
            let mut blocks = weights.map(|block| block.get(words..).unwrap_or_default());
            for pair in 0..pixel {
                let mut vectors = [[lanes.weights(&[0; LANES]); K]; B];
                for (vectors, block) in vectors.iter_mut().zip(&mut blocks) {
                    let (first, rest) = block.split_first_chunk::<K>()?;
                    vectors.iter_mut().zip(first).for_each(|(vector, words)| *vector = lanes.weights(words));
                    *block = rest;
                }
                unrolled!(r in 0 1 2 3, below R, {
                    if let (Some(sums), Some(line)) = (sums.get_mut(r), lines.get(r)) {
                        unrolled!(column in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15, below P + K - 1, {
                            let values = lanes.pair(*line.get(column * pixel + pair)?);
                            for k in 0..K {
                                let Some(sums) = column.checked_sub(k).and_then(|p| sums.get_mut(p)) else { continue };
                                for (sum, vectors) in sums.iter_mut().zip(&vectors) {
                                    *sum = lanes.add_products(*sum, values, *vectors.get(k)?);
                                }
                            }
                        });
                    }
                });
            }
        }
    }
    Some(sums)
}
