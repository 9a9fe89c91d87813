//! The rows of the source that a window reaches, each kept once: as they were before they were overwritten, scaled in
//! reverse, and in the order in which the kernels take them.
//!
//! A *line* is one row of one pair of channels: a word a pixel, with words of zero on both sides for the border. Forward
//! the lines of a row lie side by side, and rows ascend. In reverse the rows of a pair lie side by side, and descend.

use super::planar::planar;
use super::{Direction, Geometry, Weights};

/// Rows that are kept, at most those of the image.
pub(super) const fn rows(geometry: &Geometry) -> usize {
    let (rows, height) = (geometry.window[0], geometry.input.height as usize);
    if rows < height { rows } else { height }
}

/// Words of a line.
pub(super) const fn line(geometry: &Geometry) -> usize {
    geometry.input.width as usize + geometry.window[1] - 1
}

/// Words of all lines.
pub(super) const fn words(geometry: &Geometry, direction: Direction) -> usize {
    let (from, _) = geometry.channels(direction);
    rows(geometry) * from.div_ceil(2) * line(geometry)
}

/// Rows of the source.
pub(super) struct Band<'a> {
    direction: Direction,
    weights: &'a Weights<'a>,
    words: &'a mut [u32],
    /// Rows that are kept.
    rows: usize,
    /// Words of a line.
    line: usize,
    /// Words of zero before a line's first pixel.
    border: usize,
    /// Pixels of a row.
    width: usize,
    /// Channels of a pixel.
    channels: usize,
    /// The first row that is kept.
    first: usize,
}

impl<'a> Band<'a> {
    /// The first rows of the source, in the first of `words`.
    pub(super) fn new(
        direction: Direction,
        geometry: &Geometry,
        weights: &'a Weights<'a>,
        words: &'a mut [u32],
        source: &[i16],
    ) -> Self {
        let (channels, _) = geometry.channels(direction);
        let words = words.get_mut(..self::words(geometry, direction)).unwrap_or_default();
        words.fill(0);
        let (rows, line, border) = (rows(geometry), line(geometry), geometry.window[1] / 2);
        let width = geometry.input.width.into();
        let mut band = Band { direction, weights, words, rows, line, border, width, channels, first: 0 };
        (0..rows).for_each(|row| band.bring(row, source));
        band
    }

    /// Goes on until `row` is the first.
    pub(super) fn advance(&mut self, row: usize, source: &[i16]) {
        while self.first < row {
            self.first += 1;
            let slots = self.rows.saturating_sub(1);
            match self.direction {
                Direction::Forward => {
                    let words = self.channels.div_ceil(2) * self.line;
                    let mut rest = &mut *self.words;
                    for _ in 0..slots {
                        let Some((row, next)) = rest.split_at_mut_checked(words) else { break };
                        copy(row, next);
                        rest = next;
                    }
                }
                Direction::Reverse => {
                    for pair in 0..self.channels.div_ceil(2) {
                        for slot in (0..slots).rev() {
                            let rows = self.words.get_mut((pair * self.rows + slot) * self.line..).unwrap_or_default();
                            let Some((row, next)) = rows.split_at_mut_checked(self.line) else { break };
                            copy(next, row);
                        }
                    }
                }
            }
            self.bring(self.first + slots, source);
        }
    }

    /// Where the first line of a row begins.
    pub(super) fn row(&self, row: usize) -> usize {
        let slot = row - self.first;
        match self.direction {
            Direction::Forward => slot * self.channels.div_ceil(2) * self.line,
            Direction::Reverse => (self.rows - 1 - slot) * self.line,
        }
    }

    /// The words from one on.
    pub(super) fn from(&self, word: usize) -> &[u32] {
        self.words.get(word..).unwrap_or_default()
    }

    /// Words of a line.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Words from a line to that of the next pair of channels in the same row.
    pub(super) fn pair_step(&self) -> usize {
        match self.direction {
            Direction::Forward => self.line,
            Direction::Reverse => self.rows * self.line,
        }
    }

    /// Brings a row from the source.
    fn bring(&mut self, row: usize, source: &[i16]) {
        let mut at = self.row(row) + self.border;
        let source = source.get(row * self.width * self.channels..).unwrap_or_default();
        let step = self.pair_step();
        for pair in 0..self.channels.div_ceil(2) {
            let pixels = self.words.get_mut(at..).and_then(|words| words.get_mut(..self.width)).unwrap_or_default();
            planar(self.direction, self.weights, pair, pixels, (source, self.channels, self.channels));
            at += step;
        }
    }
}

#[cfg(all(feature = "dsp", target_arch = "arm"))]
use super::dsp::copy;

/// Copies as many words as the shorter one has.
#[cfg(not(all(feature = "dsp", target_arch = "arm")))]
fn copy(to: &mut [u32], from: &[u32]) {
    let words = to.len().min(from.len());
    let (to, from) = (to.get_mut(..words).unwrap_or_default(), from.get(..words).unwrap_or_default());
    let ((to, last), (from, from_last)) = (to.as_chunks_mut::<4>(), from.as_chunks::<4>());
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    last.iter_mut().zip(from_last).for_each(|(to, from)| *to = *from);
}
