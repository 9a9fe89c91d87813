//! Windows of odd extent that overlap, with a border of zeros. Rows of pixels are computed in ascending order, from the
//! rows of the source that a [`Band`] keeps. Rows of the window outside the image are left out.

use super::band::{self, Band};
use super::lines::Run;
use super::{Buffers, Direction, Geometry, Weights};
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
        let result = buffers.result().get_mut(row * width * channels..).unwrap_or_default();
        run(direction, geometry, weights, &band, (row, window)).compute(result);
    }
}

/// A row of pixels. In reverse a window that is inside the image is one segment, since the rows of each pair lie
/// side by side; of another one every row is a segment.
fn run<'a>(
    direction: Direction,
    geometry: &Geometry,
    weights: &'a Weights<'a>,
    band: &'a Band<'_>,
    (row, window): (usize, Range<usize>),
) -> Run<'a> {
    let [rows, taps] = geometry.window;
    let (from, channels) = geometry.channels(direction);
    let (from_pairs, to_pairs) = (from.div_ceil(2), channels.div_ceil(2));
    let (before, pixels) = (rows / 2, geometry.input.width.into());
    let result = (channels, channels);
    let step = band.pair_step();
    match direction {
        Direction::Forward => Run {
            direction,
            weights,
            pixels,
            taps,
            columns: band.from(band.row(row + window.start - before)),
            step,
            stride: taps,
            count: window.len() * from_pairs,
            segments: (1, 0, 0),
            pairs: (window.start * from_pairs * taps, rows * from_pairs * taps),
            result,
        },
        Direction::Reverse => {
            let whole = window.len() == rows;
            Run {
                direction,
                weights,
                pixels,
                taps,
                columns: band.from(band.row(row + before - window.start)),
                step: if whole { band.line() } else { step },
                stride: to_pairs * taps * if whole { 1 } else { rows },
                count: from_pairs * if whole { rows } else { 1 },
                segments: if whole { (1, 0, 0) } else { (window.len(), band.line(), to_pairs * taps) },
                pairs: (window.start * to_pairs * taps, taps),
                result,
            }
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
