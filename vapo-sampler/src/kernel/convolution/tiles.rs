//! Windows that tile the input, 1×1 among them: every value is read once, so that nothing has to be kept.

use super::lines::{Run, share};
use super::planar::planar;
use super::{Buffers, Direction, Geometry, PIXELS, Weights};

/// Rows and columns of windows. Where a window is one pixel all of them are one row.
const fn extent(geometry: &Geometry) -> (usize, usize) {
    let (height, width) = (geometry.output.height as usize, geometry.output.width as usize);
    if let [1, 1] = geometry.window { (1, height * width) } else { (height, width) }
}

/// Words for the values of a tile.
pub(super) const fn scratch_words(geometry: &Geometry, direction: Direction) -> usize {
    let (_, width) = extent(geometry);
    let (from, _) = geometry.channels(direction);
    let [rows, columns] = geometry.window;
    let taps = match direction {
        Direction::Forward => rows * columns,
        Direction::Reverse => 1,
    };
    taps * from.div_ceil(2) * if width < PIXELS { width } else { PIXELS }
}

pub(super) fn convolve(
    direction: Direction,
    geometry: &Geometry,
    weights: &Weights<'_>,
    mut buffers: Buffers<'_>,
    scratch: &mut [u32],
) {
    let (height, width) = extent(geometry);
    for row in 0..height {
        let mut column = 0;
        while column < width {
            let pixels = share(width - column, PIXELS);
            let tile = Windows { geometry, weights, row, column, width, pixels };
            match direction {
                Direction::Forward => tile.forward(&mut buffers, scratch),
                Direction::Reverse => tile.reverse(&mut buffers, scratch),
            }
            column += pixels;
        }
    }
}

/// Windows beside each other.
struct Windows<'a> {
    geometry: &'a Geometry,
    weights: &'a Weights<'a>,
    /// The row of windows.
    row: usize,
    /// The first window of its row.
    column: usize,
    /// Windows a row.
    width: usize,
    /// Number of windows.
    pixels: usize,
}

impl Windows<'_> {
    /// The first of the tile's input pixels that belong to a tap.
    fn input_pixel(&self, ky: usize, kx: usize) -> usize {
        let [rows, columns] = self.geometry.window;
        ((self.row * rows + ky) * self.width + self.column) * columns + kx
    }

    /// The first of the tile's output pixels.
    fn output_pixel(&self) -> usize {
        self.row * self.width + self.column
    }

    /// Gathers all values of the windows, and computes the outputs.
    fn forward(&self, buffers: &mut Buffers<'_>, scratch: &mut [u32]) {
        let [rows, columns] = self.geometry.window;
        let (from, to) = self.geometry.channels(Direction::Forward);
        let pairs = from.div_ceil(2);
        for ky in 0..rows {
            for kx in 0..columns {
                let values = buffers.source().get(self.input_pixel(ky, kx) * from..).unwrap_or_default();
                for pair in 0..pairs {
                    let line = (ky * pairs + pair) * columns + kx;
                    self.gather(Direction::Forward, pair, line, scratch, (values, from, columns * from));
                }
            }
        }
        let count = rows * pairs * columns;
        let run = self.run(Direction::Forward, scratch, (count, 1), (0, count), (to, to));
        run.compute(buffers.result().get_mut(self.output_pixel() * to..).unwrap_or_default());
    }

    /// Gathers all cotangents of the outputs, and computes the windows' tap after tap.
    fn reverse(&self, buffers: &mut Buffers<'_>, scratch: &mut [u32]) {
        let [rows, columns] = self.geometry.window;
        let (from, to) = self.geometry.channels(Direction::Reverse);
        let (pairs, count) = (to.div_ceil(2), from.div_ceil(2));
        let values = buffers.source().get(self.output_pixel() * from..).unwrap_or_default();
        for pair in 0..count {
            self.gather(Direction::Reverse, pair, pair, scratch, (values, from, from));
        }
        for ky in 0..rows {
            for kx in 0..columns {
                let (stride, first) = (rows * pairs * columns, ky * pairs * columns + kx);
                let run = self.run(Direction::Reverse, scratch, (count, stride), (first, columns), (to, columns * to));
                run.compute(buffers.result().get_mut(self.input_pixel(ky, kx) * to..).unwrap_or_default());
            }
        }
    }

    /// Writes a line: the pair `pair` of each window's channels.
    fn gather(
        &self,
        direction: Direction,
        pair: usize,
        line: usize,
        scratch: &mut [u32],
        values: (&[i16], usize, usize),
    ) {
        let words = scratch.get_mut(line * self.pixels..).unwrap_or_default();
        planar(direction, self.weights, pair, words.get_mut(..self.pixels).unwrap_or_default(), values);
    }

    /// What is computed from gathered lines.
    fn run<'s>(
        &'s self,
        direction: Direction,
        columns: &'s [u32],
        (count, stride): (usize, usize),
        pairs: (usize, usize),
        result: (usize, usize),
    ) -> Run<'s> {
        let (pixels, weights) = (self.pixels, self.weights);
        Run {
            direction,
            weights,
            pixels,
            taps: 1,
            columns,
            step: pixels,
            stride,
            count,
            segments: (1, 0, 0),
            pairs,
            result,
        }
    }
}
