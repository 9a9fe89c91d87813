//! Windows of odd extent that overlap, with a border of zeros. Rows of pixels are computed in ascending order, from the
//! rows of the source that a [`Band`] keeps. Rows of the window outside the image are left out.

use super::band::{self, Band};
use super::lines::{self, Lines, kernel};
use super::rounding::store;
use super::{Buffers, Direction, Geometry, PIXELS, Weights};
use core::ops::Range;

/// Words of the rows that are kept.
pub(super) const fn scratch_words(geometry: &Geometry, direction: Direction) -> usize {
    band::words(geometry, direction)
}

pub(super) fn convolve(
    direction: Direction,
    geometry: &Geometry,
    weights: &Weights<'_>,
    mut buffers: Buffers<'_>,
    scratch: &mut [u32],
) {
    let (_, channels) = geometry.channels(direction);
    let (height, width) = (usize::from(geometry.input.height), usize::from(geometry.input.width));
    let mut band = Band::new(direction, geometry, weights, scratch, buffers.source());
    for row in 0..height {
        let first = row.saturating_sub(geometry.window[0] / 2).min(height - band::rows(geometry));
        band.advance(first, buffers.source());
        let window = rows(direction, geometry, row);
        let mut result = buffers.result().get_mut(row * width * channels..).unwrap_or_default();
        let mut column = 0;
        while column < width {
            let pixels = lines::pixels(width - column);
            let tile = Tile { direction, geometry, weights, band: &band, row, window: window.clone(), column, pixels };
            tile.compute(result);
            result = result.get_mut(pixels * channels..).unwrap_or_default();
            column += pixels;
        }
    }
}

/// Rows of the window that lie inside the image.
fn rows(direction: Direction, geometry: &Geometry, row: usize) -> Range<usize> {
    let (rows, height) = (geometry.window[0], usize::from(geometry.input.height));
    let before = rows / 2;
    match direction {
        Direction::Forward => before.saturating_sub(row)..rows.min(height + before - row),
        Direction::Reverse => (row + before + 1).saturating_sub(height)..rows.min(row + before + 1),
    }
}

/// Neighbouring pixels of the result.
struct Tile<'a> {
    direction: Direction,
    geometry: &'a Geometry,
    weights: &'a Weights<'a>,
    band: &'a Band<'a>,
    row: usize,
    /// Rows of the window that lie inside the image.
    window: Range<usize>,
    column: usize,
    pixels: usize,
}

impl Tile<'_> {
    /// Computes all channels of the tile, which `result` begins with.
    fn compute(&self, mut result: &mut [i16]) {
        let [rows, taps] = self.geometry.window;
        let (from, to) = self.geometry.channels(self.direction);
        let (from_pairs, to_pairs) = (from.div_ceil(2), to.div_ceil(2));
        let (step, before) = (self.band.pair_step(), rows / 2);
        let lines = |word: usize, columns, step, count, stride| {
            let weights = self.weights.words.get(4 * word..).unwrap_or_default();
            Lines { columns, step, count, taps, weights, stride }
        };
        for pair in 0..to_pairs {
            let mut sums = [[0; 2]; PIXELS];
            let sums = sums.get_mut(..self.pixels).unwrap_or_default();
            match self.direction {
                Direction::Forward => {
                    let columns = self.band.from(self.band.row(self.row + self.window.start - before) + self.column);
                    let word = (pair * rows + self.window.start) * from_pairs * taps;
                    kernel::forward(&lines(word, columns, step, self.window.len() * from_pairs, taps), sums);
                }
                Direction::Reverse if self.window.len() == rows => {
                    let columns = self.band.from(self.column);
                    let (step, stride) = (self.band.line(), to_pairs * taps);
                    kernel::reverse(&lines(pair * taps, columns, step, rows * from_pairs, stride), sums);
                }
                Direction::Reverse => {
                    for ky in self.window.clone() {
                        let columns = self.band.from(self.band.row(self.row + before - ky) + self.column);
                        let (word, stride) = ((ky * to_pairs + pair) * taps, rows * to_pairs * taps);
                        kernel::reverse(&lines(word, columns, step, from_pairs, stride), sums);
                    }
                }
            }
            store(self.direction, self.weights, pair, sums, (result, to, to - 2 * pair));
            result = result.get_mut(2..).unwrap_or_default();
        }
    }
}
