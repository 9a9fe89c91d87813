//! Windows that tile the input, 1×1 among them: every value is read once, so that nothing has to be kept.

use super::lines::{self, Lines, kernel};
use super::rounding::{Shift, halves, scale, store};
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
            let pixels = lines::pixels(width - column);
            let tile = Tile { geometry, weights, row, column, width, pixels };
            match direction {
                Direction::Forward => tile.forward(&mut buffers, scratch),
                Direction::Reverse => tile.reverse(&mut buffers, scratch),
            }
            column += pixels;
        }
    }
}

/// Windows beside each other.
struct Tile<'a> {
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

impl Tile<'_> {
    /// The first of the tile's input pixels that belong to a tap.
    fn input_pixel(&self, ky: usize, kx: usize) -> usize {
        let [rows, columns] = self.geometry.window;
        ((self.row * rows + ky) * self.width + self.column) * columns + kx
    }

    /// The first of the tile's output pixels.
    fn output_pixel(&self) -> usize {
        self.row * self.width + self.column
    }

    fn forward(&self, buffers: &mut Buffers<'_>, scratch: &mut [u32]) {
        let [rows, columns] = self.geometry.window;
        let (from, to) = self.geometry.channels(Direction::Forward);
        let pairs = from.div_ceil(2);
        for ky in 0..rows {
            for kx in 0..columns {
                for pixel in 0..self.pixels {
                    let first = (self.input_pixel(ky, kx) + pixel * columns) * from;
                    let values =
                        buffers.source().get(first..).and_then(|values| values.get(..from)).unwrap_or_default();
                    let line = ky * pairs * columns + kx;
                    let words = lines::pairs(values);
                    lines::place(scratch, line * self.pixels + pixel, columns * self.pixels, words);
                }
            }
        }
        let count = rows * pairs * columns;
        for pair in 0..to.div_ceil(2) {
            let mut sums = [[0; 2]; PIXELS];
            let sums = sums.get_mut(..self.pixels).unwrap_or_default();
            let weights = self.weights.words.get(4 * pair * count..).unwrap_or_default();
            let tile = Lines { columns: scratch, step: self.pixels, count, taps: 1, weights, stride: 1 };
            kernel::forward(&tile, sums);
            let values = buffers.result().get_mut(self.output_pixel() * to + 2 * pair..).unwrap_or_default();
            store(Direction::Forward, self.weights, pair, sums, (values, to, to - 2 * pair));
        }
    }

    fn reverse(&self, buffers: &mut Buffers<'_>, scratch: &mut [u32]) {
        let [rows, columns] = self.geometry.window;
        let (from, to) = self.geometry.channels(Direction::Reverse);
        let (pairs, count) = (to.div_ceil(2), from.div_ceil(2));
        let shift = Shift::new(self.weights.shifts[1]);
        let scaled = |pair, values: [i16; 2]| {
            let [first, second] = halves(self.weights.reverse, pair);
            [scale(values[0], first, shift), scale(values[1], second, shift)]
        };
        for pixel in 0..self.pixels {
            let first = (self.output_pixel() + pixel) * from;
            let values = buffers.source().get(first..).and_then(|values| values.get(..from)).unwrap_or_default();
            let words = lines::split(values).enumerate();
            let words = words.map(|(pair, values)| lines::word(scaled(pair, values)));
            lines::place(scratch, pixel, self.pixels, words);
        }
        for ky in 0..rows {
            for kx in 0..columns {
                for pair in 0..pairs {
                    let mut sums = [[0; 2]; PIXELS];
                    let sums = sums.get_mut(..self.pixels).unwrap_or_default();
                    let weights =
                        self.weights.words.get(4 * ((ky * pairs + pair) * columns + kx)..).unwrap_or_default();
                    let stride = rows * pairs * columns;
                    let tile = Lines { columns: scratch, step: self.pixels, count, taps: 1, weights, stride };
                    kernel::reverse(&tile, sums);
                    let first = self.input_pixel(ky, kx) * to + 2 * pair;
                    let values = buffers.result().get_mut(first..).unwrap_or_default();
                    store(Direction::Reverse, self.weights, pair, sums, (values, columns * to, to - 2 * pair));
                }
            }
        }
    }
}
