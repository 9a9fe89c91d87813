//! Windows of odd extent that overlap, with a border of zeros.
//!
//! Rows of pixels are computed in ascending order. What a tile needs of the source is gathered into lines, and all of the
//! tile's channels are computed from them. Rows of the window outside the image are left out.
//!
//! | | where the source's rows are read |
//! |---|---|
//! | forward, apart | in the source |
//! | in place | down to the present row in a ring, as they were before they were overwritten; below it in place |
//! | reverse, apart, of one extent | as in place: the result has room for the scaled cotangents |
//! | reverse, apart, of two extents | scaled, in a ring of as many rows as the window has |

use super::lines::{self, Lines, kernel};
use super::rounding::{Cotangents, store};
use super::{Buffers, Direction, Geometry, PIXELS, Weights};

/// Rows of the ring.
const fn ring_rows(geometry: &Geometry, direction: Direction, in_place: bool) -> usize {
    let rows = geometry.window[0];
    let (from, to) = geometry.channels(direction);
    let height = geometry.input.height as usize;
    let kept = match direction {
        Direction::Forward if !in_place => 0,
        Direction::Reverse if from != to => rows,
        _ => rows / 2 + 1,
    };
    if kept < height { kept } else { height }
}

/// Words of the ring.
const fn ring_words(geometry: &Geometry, direction: Direction, in_place: bool) -> usize {
    let (from, _) = geometry.channels(direction);
    ring_rows(geometry, direction, in_place) * geometry.input.width as usize * from.div_ceil(2)
}

/// Words of the ring and of a tile's lines.
pub(super) const fn scratch_words(geometry: &Geometry, direction: Direction, in_place: bool) -> usize {
    let [rows, columns] = geometry.window;
    let (from, _) = geometry.channels(direction);
    let (height, width) = (geometry.input.height as usize, geometry.input.width as usize);
    let pixels = if width < PIXELS { width } else { PIXELS };
    let lines = if rows < height { rows } else { height } * from.div_ceil(2);
    ring_words(geometry, direction, in_place) + lines * (pixels + columns - 1)
}

pub(super) fn convolve(
    direction: Direction,
    geometry: &Geometry,
    weights: &Weights<'_>,
    buffers: Buffers<'_>,
    scratch: &mut [u32],
) {
    let (from, to) = geometry.channels(direction);
    let reverse = direction == Direction::Reverse;
    let mut buffers = match buffers {
        Buffers::Apart(source, result) if reverse && from == to => {
            result.iter_mut().zip(source).for_each(|(to, from)| *to = *from);
            Buffers::InPlace(result)
        }
        buffers => buffers,
    };
    let cotangents = Cotangents::new(weights);
    let in_place = match &mut buffers {
        Buffers::InPlace(values) => {
            if reverse {
                values.chunks_exact_mut(from.max(1)).for_each(|pixel| cotangents.scale_pixel(pixel));
            }
            true
        }
        Buffers::Apart(..) => false,
    };
    let words = ring_words(geometry, direction, in_place);
    let Some((ring, columns)) = scratch.split_at_mut_checked(words) else { return };
    let (height, width) = (geometry.input.height.into(), geometry.input.width.into());
    let mut rows = Rows {
        ring,
        width,
        pixel: from.div_ceil(2),
        next: 0,
        slots: ring_rows(geometry, direction, in_place),
        newest: 0,
    };
    for row in 0..height {
        let reach = if in_place { row } else { (row + geometry.window[0] / 2).min(height - 1) };
        if in_place || reverse {
            rows.keep_up_to(reach, buffers.source(), from, (!in_place).then_some(&cotangents));
        }
        let mut column = 0;
        while column < width {
            let pixels = lines::pixels(width - column);
            let tile = Tile { direction, geometry, weights, row, column, pixels };
            tile.gather(&rows, buffers.source(), columns);
            tile.compute(columns, buffers.result());
            column += pixels;
        }
    }
}

/// The last rows of the source, in words.
struct Rows<'a> {
    ring: &'a mut [u32],
    /// Pixels a row.
    width: usize,
    /// Words a pixel.
    pixel: usize,
    /// Rows of the ring.
    slots: usize,
    /// The row that is kept next.
    next: usize,
    /// Where the last row lies.
    newest: usize,
}

impl Rows<'_> {
    /// Keeps the rows up to `last`, scaled where they are cotangents that are not yet.
    fn keep_up_to(&mut self, last: usize, source: &[i16], channels: usize, scaled: Option<&Cotangents<'_>>) {
        while self.next <= last {
            self.newest = if self.next == 0 || self.newest + 1 >= self.slots { 0 } else { self.newest + 1 };
            let to = self.ring.get_mut(self.newest * self.width * self.pixel..).unwrap_or_default();
            let from = source.get(self.next * self.width * channels..).unwrap_or_default();
            let pixels = to.chunks_exact_mut(self.pixel.max(1)).zip(from.chunks_exact(channels.max(1)));
            for (to, from) in pixels.take(self.width) {
                for (pair, (to, values)) in to.iter_mut().zip(lines::split(from)).enumerate() {
                    *to = lines::word(scaled.map_or(values, |cotangents| cotangents.scale_pair(pair, values)));
                }
            }
            self.next += 1;
        }
    }

    /// A row's words, if it is kept.
    fn get(&self, row: usize) -> Option<&[u32]> {
        let age = self.next.checked_sub(row + 1)?;
        let slot = if age <= self.newest { self.newest - age } else { self.newest + self.slots - age };
        self.ring.get(slot * self.width * self.pixel..)?.get(..self.width * self.pixel)
    }
}

/// Neighbouring pixels of the result.
struct Tile<'a> {
    direction: Direction,
    geometry: &'a Geometry,
    weights: &'a Weights<'a>,
    row: usize,
    column: usize,
    pixels: usize,
}

impl Tile<'_> {
    /// Words a line.
    fn line(&self) -> usize {
        self.pixels + self.geometry.window[1] - 1
    }

    /// Rows of the window that lie inside the image.
    fn window_rows(&self) -> core::ops::Range<usize> {
        let (rows, height) = (self.geometry.window[0], usize::from(self.geometry.input.height));
        let before = rows / 2;
        match self.direction {
            Direction::Forward => before.saturating_sub(self.row)..rows.min(height + before - self.row),
            Direction::Reverse => (self.row + before + 1).saturating_sub(height)..rows.min(self.row + before + 1),
        }
    }

    /// Gathers the lines. In reverse the rows of the window alternate where all of them are inside, so that the weights of
    /// neighbouring lines are equally far apart.
    fn gather(&self, rows: &Rows<'_>, source: &[i16], columns: &mut [u32]) {
        let ([window_rows, window_columns], window) = (self.geometry.window, self.window_rows());
        let (from, _) = self.geometry.channels(self.direction);
        let (before, width, line) = (window_columns / 2, usize::from(self.geometry.input.width), self.line());
        let alternate = self.direction == Direction::Reverse && window.len() == window_rows;
        let pairs = from.div_ceil(2);
        let (first, step) = if alternate { (line, window_rows * line) } else { (pairs * line, line) };
        for (index, ky) in window.enumerate() {
            let row = match self.direction {
                Direction::Forward => self.row + ky - window_rows / 2,
                Direction::Reverse => self.row + window_rows / 2 - ky,
            };
            let kept = rows.get(row);
            for column in 0..line {
                let to = index * first + column;
                let pixel = (self.column + column).wrapping_sub(before);
                if pixel >= width {
                    lines::place(columns, to, step, core::iter::repeat_n(0, pairs));
                } else if let Some(kept) = kept {
                    let words = kept.get(pixel * pairs..).and_then(|words| words.get(..pairs)).unwrap_or_default();
                    lines::place(columns, to, step, words.iter().copied());
                } else {
                    let values = source.get((row * width + pixel) * from..).and_then(|values| values.get(..from));
                    lines::place(columns, to, step, lines::pairs(values.unwrap_or_default()));
                }
            }
        }
    }

    /// Computes all channels of the tile from its lines.
    fn compute(&self, columns: &[u32], result: &mut [i16]) {
        let ([window_rows, taps], window) = (self.geometry.window, self.window_rows());
        let (from, to) = self.geometry.channels(self.direction);
        let (from_pairs, to_pairs) = (from.div_ceil(2), to.div_ceil(2));
        let pixel = self.row * usize::from(self.geometry.input.width) + self.column;
        let result = result.get_mut(pixel * to..).unwrap_or_default();
        for pair in 0..to_pairs {
            let mut sums = [[0; 2]; PIXELS];
            let sums = sums.get_mut(..self.pixels).unwrap_or_default();
            let tile = |word: usize, columns, count, stride| {
                let weights = self.weights.words.get(4 * word..).unwrap_or_default();
                Lines { columns, count, pixels: self.pixels, taps, weights, stride }
            };
            match self.direction {
                Direction::Forward => {
                    let word = (pair * window_rows + window.start) * from_pairs * taps;
                    kernel::forward(&tile(word, columns, window.len() * from_pairs, taps), sums);
                }
                Direction::Reverse if window.len() == window_rows => {
                    let count = window_rows * from_pairs;
                    kernel::reverse(&tile(pair * taps, columns, count, to_pairs * taps), sums);
                }
                Direction::Reverse => {
                    for (index, ky) in window.clone().enumerate() {
                        let columns = columns.get(index * from_pairs * self.line()..).unwrap_or_default();
                        let (word, stride) = ((ky * to_pairs + pair) * taps, window_rows * to_pairs * taps);
                        kernel::reverse(&tile(word, columns, from_pairs, stride), sums);
                    }
                }
            }
            let values = result.get_mut(2 * pair..).unwrap_or_default();
            store(self.direction, self.weights, pair, sums, (values, to, to - 2 * pair));
        }
    }
}
