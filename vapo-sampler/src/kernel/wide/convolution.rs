//! All tiles of an image, with padding before and requantisation after.

use super::lanes::{LANES, Lanes, Plain, Work};
use super::part::store;
use super::pass::{self, Pass, channels};
use super::requantise::{Finish, Scale};
use super::tile::{Source, tile};
use crate::kernel::convolution::{Buffers, Direction, Geometry, Weights};
use core::ops::Range;

/// Computes a convolution, or its transpose, as [`crate::kernel::convolution::convolve`]. `unpacked` is what [`super::unpack`]
/// wrote, `scratch` has [`super::scratch_words`].
pub fn convolve(
    direction: Direction,
    geometry: &Geometry,
    unpacked: &[u32],
    weights: &Weights<'_>,
    buffers: Buffers<'_>,
    scratch: &mut [u32],
) {
    on_this_processor(Convolution { direction, geometry, unpacked, weights, buffers, scratch });
}

fn on_this_processor(convolution: Convolution<'_, '_>) {
    #[cfg(target_arch = "x86_64")]
    {
        use super::x86::Vnni;
        use pulp::x86::{V3, V4};
        if let Some(lanes) = Vnni::detect() {
            return convolution.on(lanes);
        } else if let Some(lanes) = V4::try_new() {
            return convolution.on(lanes);
        } else if let Some(lanes) = V3::try_new() {
            return convolution.on(lanes);
        }
    }
    convolution.on(Plain);
}

/// One convolution, one way.
#[derive(Debug)]
pub(super) struct Convolution<'a, 'm> {
    pub(super) direction: Direction,
    pub(super) geometry: &'a Geometry,
    pub(super) unpacked: &'a [u32],
    pub(super) weights: &'a Weights<'a>,
    pub(super) buffers: Buffers<'m>,
    pub(super) scratch: &'m mut [u32],
}

impl Convolution<'_, '_> {
    pub(super) fn on<L: Lanes>(self, lanes: L) {
        let Convolution { direction, geometry, unpacked, weights, buffers, scratch } = self;
        let Some(unpacked) = pass::unpacked(geometry, direction, unpacked) else { return };
        let pass = pass::pass(geometry, direction);
        let ([window_rows, window_columns], [inputs, outputs]) = (geometry.window, channels(geometry));
        let [height, width] = [geometry.output.height, geometry.output.width].map(usize::from);
        let input_row = usize::from(geometry.input.width) * inputs;
        // Rows of the source, pixels of a row, values of a pixel.
        let (rows, columns, values) = match (direction, geometry.tiles) {
            (Direction::Forward, false) => (height, width, inputs),
            (Direction::Forward, true) => (height * window_rows, width, window_columns * inputs),
            (Direction::Reverse, _) => (height, width, outputs),
        };
        let row_values = if direction == Direction::Forward { input_row } else { width * outputs };
        let border = pass.window.map(|extent| if geometry.tiles { 0 } else { extent / 2 });
        let [forward_shift, scale_shift, reverse_shift] = weights.shifts.map(u32::from);
        let (scale, finish) = match direction {
            Direction::Forward => {
                let (factors, biases) = (weights.forward, weights.biases);
                (None, Finish::Forward { factors, biases, shift: forward_shift })
            }
            Direction::Reverse => {
                let scale = Scale { factors: weights.reverse, shift: scale_shift };
                (Some(scale), Finish::Reverse { shift: reverse_shift })
            }
        };
        let scratch: &mut [i16] = pulp::bytemuck::cast_slice_mut(scratch);
        // Without a copy, where the source is as tiles need it.
        let direct = matches!(buffers, Buffers::Apart(..))
            && border == [0, 0]
            && scale.is_none()
            && values % 2 == 0
            && row_values == columns * values;
        if !direct {
            let x: &[i16] = match &buffers {
                Buffers::Apart(source, _) => source,
                Buffers::InPlace(values) => values,
            };
            let padding = Padding { x, row_values, values, rows, columns, border, scale, to: scratch };
            lanes.vectorize(padding);
        }
        let (direct_source, result) = match buffers {
            Buffers::Apart(source, result) => (source, result),
            Buffers::InPlace(values) => (&*scratch, values),
        };
        let source = Source {
            pairs: if direct { direct_source } else { &*scratch }.as_chunks().0,
            row: (columns + 2 * border[1]) * pass.pairs,
            step: pass.step,
            pixel: pass.pairs,
            groups: pass.window[1] / pass.columns_together(),
        };
        let mut image = Image {
            lanes,
            pass,
            source,
            border,
            extent: [height, width],
            result,
            row: width * pass.outputs,
            first: 0,
            finish,
        };
        if direction == Direction::Reverse && geometry.tiles {
            image.row = window_rows * input_row;
            for (row, unpacked) in unpacked.chunks_exact(pass.words().max(1)).enumerate() {
                image.first = row * input_row;
                image.compute(unpacked);
            }
        } else {
            image.compute(unpacked);
        }
    }
}

/// Copies an image, with a border of zeros and an even number of values a pixel.
#[derive(Debug)]
struct Padding<'a> {
    x: &'a [i16],
    row_values: usize,
    values: usize,
    rows: usize,
    columns: usize,
    border: [usize; 2],
    scale: Option<Scale<'a>>,
    to: &'a mut [i16],
}

impl<L: Lanes> Work<L> for Padding<'_> {
    #[inline(always)]
    fn run(self, _: L) {
        let Padding { x, row_values, values, rows, columns, border, scale, to } = self;
        let even = values.next_multiple_of(2);
        let padded_row = (columns + 2 * border[1]) * even;
        let edge = border[1] * even;
        let Some((above, to)) = to.split_at_mut_checked(border[0] * padded_row) else { return };
        let Some((to, below)) = to.split_at_mut_checked(rows * padded_row) else { return };
        above.fill(0);
        below.iter_mut().take(border[0] * padded_row).for_each(|value| *value = 0);
        for (x, to) in x.chunks(row_values.max(1)).zip(to.chunks_exact_mut(padded_row.max(1))) {
            let Some((left, to)) = to.split_at_mut_checked(edge) else { return };
            let Some((to, right)) = to.split_at_mut_checked(columns * even) else { return };
            let Some(x) = x.get(..columns * values) else { return };
            left.fill(0);
            right.fill(0);
            match (scale, even == values) {
                (None, true) => to.copy_from_slice(x),
                (None, false) => {
                    for (x, to) in x.chunks_exact(values).zip(to.chunks_exact_mut(even)) {
                        to.iter_mut().zip(x.iter().chain(&[0])).for_each(|(to, &x)| *to = x);
                    }
                }
                (Some(scale), _) => {
                    scale.apply(x, values, to);
                }
            }
        }
    }
}

/// An image to be computed by tiles.
struct Image<'a, L> {
    lanes: L,
    pass: Pass,
    source: Source<'a>,
    /// Rows and columns of zeros around the source.
    border: [usize; 2],
    /// Rows and columns of the result.
    extent: [usize; 2],
    result: &'a mut [i16],
    /// Values from one row of the result to the next.
    row: usize,
    /// Value at which the result begins.
    first: usize,
    finish: Finish<'a>,
}

impl<L: Lanes> Image<'_, L> {
    fn compute(&mut self, weights: &[u32]) {
        let mut extent = self.extent;
        if self.pass.window == [1, 1] && self.row == extent[1] * self.pass.outputs {
            extent = [1, extent[0] * extent[1]];
        }
        let vectors = self.pass.block_words() / LANES;
        let mut weights = weights.as_chunks().0;
        let mut output = 0;
        while output < self.pass.outputs {
            let together = if L::TILE >= 16 && output + LANES < self.pass.outputs { 2 } else { 1 };
            let Some((now, later)) = weights.split_at_checked(together * vectors) else { return };
            match now.split_at_checked(vectors) {
                Some((first, second)) if together == 2 => {
                    self.cover([first, second], output, 0..extent[0], 0..extent[1])
                }
                _ => self.cover([now], output, 0..extent[0], 0..extent[1]),
            }
            weights = later;
            output += together * LANES;
        }
    }

    /// Covers rows and columns of the result by tiles of the shapes that fit best.
    fn cover<const B: usize>(
        &mut self,
        weights: [&[[u32; LANES]]; B],
        output: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    ) {
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let [r, p] = shape::<L, B>(rows.len(), columns.len());
        let main_rows = rows.start..rows.end - rows.len() % r;
        let main_columns = columns.start..columns.end - columns.len() % p;
        let area = [main_rows.clone(), main_columns.clone()];
        match [r, p] {
            [1, 14] => self.sweep_large::<1, 14, B>(weights, output, area),
            [2, 8] => self.sweep_large::<2, 8, B>(weights, output, area),
            [1, 8] => self.sweep_large::<1, 8, B>(weights, output, area),
            [2, 7] => self.sweep_large::<2, 7, B>(weights, output, area),
            [1, 7] => self.sweep_large::<1, 7, B>(weights, output, area),
            [4, 4] => self.sweep_large::<4, 4, B>(weights, output, area),
            [2, 4] => self.sweep::<2, 4, B>(weights, output, area),
            [1, 4] => self.sweep::<1, 4, B>(weights, output, area),
            [4, 2] => self.sweep::<4, 2, B>(weights, output, area),
            [2, 2] => self.sweep::<2, 2, B>(weights, output, area),
            [1, 2] => self.sweep::<1, 2, B>(weights, output, area),
            [4, 1] => self.sweep::<4, 1, B>(weights, output, area),
            _ => self.sweep::<1, 1, B>(weights, output, area),
        }
        self.cover(weights, output, rows.clone(), main_columns.end..columns.end);
        self.cover(weights, output, main_rows.end..rows.end, main_columns);
    }

    /// As [`Image::sweep`], for shapes that most pixels are covered by: compiled for some numbers of channels.
    fn sweep_large<const R: usize, const P: usize, const B: usize>(
        &mut self,
        weights: [&[[u32; LANES]]; B],
        output: usize,
        area: [Range<usize>; 2],
    ) {
        // `shape` chooses none of these. What a constant rules out is not compiled: half of all tiles.
        if const { R * P * B > L::TILE } {
            return;
        }
        let lanes = self.lanes;
        match (self.pass.columns_together(), self.pass.pairs) {
            (3, 8) => lanes.vectorize(Sweep::<L, R, P, B, 3, 8> { image: self, weights, output, area }),
            (3, 16) => lanes.vectorize(Sweep::<L, R, P, B, 3, 16> { image: self, weights, output, area }),
            _ => self.sweep::<R, P, B>(weights, output, area),
        }
    }

    fn sweep<const R: usize, const P: usize, const B: usize>(
        &mut self,
        weights: [&[[u32; LANES]]; B],
        output: usize,
        area: [Range<usize>; 2],
    ) {
        if const { R * P * B > L::TILE } {
            return;
        }
        let lanes = self.lanes;
        if self.pass.columns_together() == 3 {
            lanes.vectorize(Sweep::<L, R, P, B, 3, 0> { image: self, weights, output, area });
        } else {
            lanes.vectorize(Sweep::<L, R, P, B, 1, 0> { image: self, weights, output, area });
        }
    }
}

/// Rows and columns of the tile that fits an area best.
fn shape<L: Lanes, const B: usize>(rows: usize, columns: usize) -> [usize; 2] {
    let widths: &[usize] = match (L::TILE >= 16, B) {
        (true, 1) => &[14, 8, 7, 4, 2, 1],
        (true, _) => &[8, 7, 4, 2, 1],
        _ => &[4, 2, 1],
    };
    let even = widths.iter().find(|&&width| width >= 4 && columns.is_multiple_of(width));
    let width = even.or_else(|| widths.iter().find(|&&width| width <= columns)).copied().unwrap_or(1);
    let tall = |height: usize| height <= rows && height * width * B <= L::TILE;
    let height = match width {
        7 | 8 => [1, 2, 2],
        1 => [1, 1, 4],
        _ => [1, 2, 4],
    };
    [height.into_iter().rev().find(|&height| tall(height)).unwrap_or(1), width]
}

/// Tiles of one shape over an area, for some blocks of outputs.
struct Sweep<'i, 'a, L, const R: usize, const P: usize, const B: usize, const K: usize, const D: usize> {
    image: &'i mut Image<'a, L>,
    weights: [&'i [[u32; LANES]]; B],
    output: usize,
    area: [Range<usize>; 2],
}

impl<L: Lanes, const R: usize, const P: usize, const B: usize, const K: usize, const D: usize> Work<L>
    for Sweep<'_, '_, L, R, P, B, K, D>
{
    #[inline(always)]
    fn run(self, lanes: L) {
        let Sweep { image, weights, output, area: [rows, columns] } = self;
        let Pass { window, outputs, .. } = image.pass;
        let source = image.source;
        let mut finishes = [image.finish.block(output); B];
        for (b, finish) in finishes.iter_mut().enumerate() {
            *finish = image.finish.block(output + b * LANES);
        }
        for row in rows.step_by(R) {
            // Rows of the window above and below the image are left out where no other row of the tile needs them.
            let above = image.border[0].saturating_sub(row + R - 1);
            let below = (row + window[0]).saturating_sub(image.extent[0] + image.border[0]);
            let window_rows = if image.border[0] > 0 { above..window[0] - below } else { 0..window[0] };
            for column in columns.clone().step_by(P) {
                let first = row * source.step * source.row + column * source.pixel;
                let Some(sums) = tile::<L, R, P, B, K, D>(lanes, source, first, window_rows.clone(), weights) else {
                    return;
                };
                for (r, sums) in sums.iter().enumerate() {
                    for (p, sums) in sums.iter().enumerate() {
                        let at = image.first + (row + r) * image.row + (column + p) * outputs + output;
                        let Some(mut result) = image.result.get_mut(at..) else { return };
                        let mut left = outputs - output;
                        for (&sums, finish) in sums.iter().zip(&finishes) {
                            let Some(rest) = store(finish.of(lanes.values(sums)), left, result) else { return };
                            result = rest;
                            left = left.saturating_sub(LANES);
                        }
                    }
                }
            }
        }
    }
}
