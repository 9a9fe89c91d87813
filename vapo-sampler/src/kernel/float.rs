//! The arithmetic of every layer: `y[p] += x[p]·W`, for all pixels p of one tap.
//!
//! A 3×3 or 2×2 convolution is a sum over its taps of such products, a 1×1 convolution and a linear map have one tap.
//! In reverse, a cotangent goes through the same product with W transposed.
//!
//! **Order of summation.** Each output adds its taps one after another, and within a tap its inputs in ascending
//! order. Taps that fall outside the image are skipped. Neither the block nor the tile sizes below change that order,
//! so they may differ between targets without changing a bit of any result. Rust neither fuses a product into a sum
//! nor reorders sums.
//!
//! **Blocks.** [`INPUTS`] × N weights are decoded at a time to f32, each multiplied by the scale of its column, into a
//! buffer on the stack. All pixels of the tap then use them, in tiles of P pixels × N outputs whose sums stay in
//! registers.
//!
//! **Wide vectors.** With the feature `wide`, for hosts, the same code is compiled for several widths of vectors, and the
//! processor's widest is taken as the program runs. It computes more outputs side by side, each in the same order.

use vapo_format::matrix::{Matrix, Weights, floats};
use vapo_format::{Bits, Packed};

/// Inputs of a block of weights.
const INPUTS: usize = 16;

/// Which way through a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Activations, from a matrix's rows to its columns.
    Forward,
    /// Cotangents, from a matrix's columns to its rows.
    Reverse,
}

/// Where a tap's pixels lie in a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lattice {
    /// Element at which the first pixel begins.
    pub(crate) start: usize,
    /// Elements from one row to the next.
    pub(crate) row: usize,
    /// Elements from one pixel to the next.
    pub(crate) pixel: usize,
}

/// The rows of a matrix that one tap uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tap<'a> {
    matrix: &'a Matrix<'a>,
    first_row: usize,
    rows: usize,
    direction: Direction,
}

impl<'a> Tap<'a> {
    /// Tap number `index` of a matrix with `rows` rows a tap.
    pub(crate) fn new(matrix: &'a Matrix<'a>, index: usize, rows: usize, direction: Direction) -> Self {
        Tap { matrix, first_row: index * rows, rows, direction }
    }

    fn inputs(&self) -> usize {
        match self.direction {
            Direction::Forward => self.rows,
            Direction::Reverse => self.matrix.columns,
        }
    }

    fn outputs(&self) -> usize {
        match self.direction {
            Direction::Forward => self.matrix.columns,
            Direction::Reverse => self.rows,
        }
    }

    /// Adds `x·W` to `y` on `rows` × `columns` pixels.
    pub(crate) fn accumulate(
        &self,
        (rows, columns): (usize, usize),
        (x, from): (&[f32], Lattice),
        (y, to): (&mut [f32], Lattice),
    ) {
        let contiguous = |lattice: Lattice| lattice.row == columns * lattice.pixel;
        let extent = if contiguous(from) && contiguous(to) { (1, rows * columns) } else { (rows, columns) };
        #[cfg(feature = "wide")]
        pulp::Arch::new().dispatch(Wide { tap: *self, extent, x: (x, from), y: (y, to) });
        #[cfg(not(feature = "wide"))]
        self.all_from(0, extent, (x, from), (y, to));
    }

    /// All outputs from `output` on.
    #[cfg_attr(feature = "wide", inline(always))]
    fn all_from(
        &self,
        mut output: usize,
        extent: (usize, usize),
        (x, from): (&[f32], Lattice),
        (y, to): (&mut [f32], Lattice),
    ) {
        output = self.outputs_from::<8>(output, extent, (x, from), (y, to));
        output = self.outputs_from::<4>(output, extent, (x, from), (y, to));
        self.outputs_from::<1>(output, extent, (x, from), (y, to));
    }

    /// The outputs from `output` on, N at a time, until fewer than N are left. Returns the first one left.
    #[cfg_attr(feature = "wide", inline(always))]
    fn outputs_from<const N: usize>(
        &self,
        mut output: usize,
        (rows, columns): (usize, usize),
        (x, from): (&[f32], Lattice),
        (y, to): (&mut [f32], Lattice),
    ) -> usize {
        let mut block = [[0.0; N]; INPUTS];
        while output + N <= self.outputs() {
            for input in (0..self.inputs()).step_by(INPUTS) {
                let depth = INPUTS.min(self.inputs() - input);
                let block = block.get_mut(..depth).unwrap_or_default();
                self.decode(input, output, block);
                for row in 0..rows {
                    let x = x.get(from.start + row * from.row + input..).unwrap_or_default();
                    let y = y.get_mut(to.start + row * to.row + output..).unwrap_or_default();
                    run(block, columns, (x, from.pixel), (y, to.pixel));
                }
            }
            output += N;
        }
        output
    }

    /// Decodes the weights between the inputs from `input` on and the N outputs from `output` on.
    #[cfg_attr(feature = "wide", inline(always))]
    fn decode<const N: usize>(&self, input: usize, output: usize, block: &mut [[f32; N]]) {
        match self.matrix.weights {
            Weights::Scaled { values: Packed { bytes, bits: Bits::Eight }, scales } => {
                self.decode_lines(input, output, block, |start, column| {
                    let values = bytes.get(start..).unwrap_or_default().iter().map(|&byte| f32::from(byte as i8));
                    values.zip(floats(scales.get(4 * column..).unwrap_or_default())).map(|(value, scale)| value * scale)
                });
            }
            #[cfg(feature = "few-bits")]
            Weights::Scaled { values, scales } => self.decode_lines(input, output, block, |start, column| {
                let values = values.from(start).map(f32::from);
                values.zip(floats(scales.get(4 * column..).unwrap_or_default())).map(|(value, scale)| value * scale)
            }),
            Weights::Float32 { values } => self.decode_lines(input, output, block, |start, _| {
                floats(values.get(4 * start..).unwrap_or_default()) //
            }),
            // What a potential refuses: of another arithmetic, or of fewer bits than this crate was built for.
            #[allow(unreachable_patterns)]
            Weights::Integer { .. } | Weights::Scaled { .. } => {}
        }
    }

    /// As [`Tap::decode`], where `line` gives the weights from an element on, whose column it is told.
    #[cfg_attr(feature = "wide", inline(always))]
    fn decode_lines<const N: usize, I: Iterator<Item = f32>>(
        &self,
        input: usize,
        output: usize,
        block: &mut [[f32; N]],
        line: impl Fn(usize, usize) -> I,
    ) {
        let line = |row, column| line((self.first_row + row) * self.matrix.columns + column, column);
        match self.direction {
            Direction::Forward => {
                for (row, weights) in block.iter_mut().enumerate() {
                    weights.iter_mut().zip(line(input + row, output)).for_each(|(weight, value)| *weight = value);
                }
            }
            Direction::Reverse => {
                for n in 0..N {
                    for (weights, value) in block.iter_mut().zip(line(output + n, input)) {
                        weights.iter_mut().skip(n).take(1).for_each(|weight| *weight = value);
                    }
                }
            }
        }
    }
}

/// [`Tap::accumulate`], to be compiled for every width of vectors.
#[cfg(feature = "wide")]
struct Wide<'a> {
    tap: Tap<'a>,
    extent: (usize, usize),
    x: (&'a [f32], Lattice),
    y: (&'a mut [f32], Lattice),
}

#[cfg(feature = "wide")]
impl pulp::WithSimd for Wide<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Wide { tap, extent, x, y: (y, to) } = self;
        let output = tap.outputs_from::<32>(0, extent, x, (y, to));
        let output = tap.outputs_from::<16>(output, extent, x, (y, to));
        tap.all_from(output, extent, x, (y, to));
    }
}

/// One row of pixels, in tiles as large as the registers allow: with 8 outputs each, two pixels fill the 32 registers
/// of a Cortex-M4F, four the 16 wide ones of x86-64.
#[cfg_attr(feature = "wide", inline(always))]
fn run<const N: usize>(
    block: &[[f32; N]],
    mut pixels: usize,
    (mut x, from): (&[f32], usize),
    (mut y, to): (&mut [f32], usize),
) {
    while pixels > 0 {
        let tile = if cfg!(not(target_arch = "arm")) && pixels >= 4 {
            tile::<N, 4>(block, (x, from), (y, to))
        } else if pixels >= 2 {
            tile::<N, 2>(block, (x, from), (y, to))
        } else {
            tile::<N, 1>(block, (x, from), (y, to))
        };
        let Some(done) = tile else { return };
        x = x.get(done * from..).unwrap_or_default();
        y = y.get_mut(done * to..).unwrap_or_default();
        pixels -= done;
    }
}

/// P pixels × N outputs. None where a slice is too short, which the layers' shapes rule out.
#[inline(always)]
fn tile<const N: usize, const P: usize>(
    block: &[[f32; N]],
    (x, from): (&[f32], usize),
    (y, to): (&mut [f32], usize),
) -> Option<usize> {
    let mut inputs = [[].as_slice(); P];
    let mut sums = [[0.0; N]; P];
    for (p, (input, sum)) in inputs.iter_mut().zip(&mut sums).enumerate() {
        *input = x.get(p * from..)?.get(..block.len())?;
        *sum = *y.get(p * to..)?.first_chunk()?;
    }
    for (k, weights) in block.iter().enumerate() {
        for (input, sum) in inputs.iter().zip(&mut sums) {
            let value = *input.get(k)?;
            sum.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
        }
    }
    for (p, sum) in sums.iter().enumerate() {
        *y.get_mut(p * to..)?.first_chunk_mut()? = *sum;
    }
    Some(P)
}

/// Sets every pixel of `y` to the biases of `matrix`.
pub(crate) fn set_biases(matrix: &Matrix<'_>, y: &mut [f32]) {
    for pixel in y.chunks_exact_mut(matrix.columns.max(1)) {
        pixel.iter_mut().zip(matrix.biases()).for_each(|(value, bias)| *value = bias);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{vec, vec::Vec};

    /// The same linear map for every pixel: `y = x·W + bias` forward, `y = x·Wᵀ` in reverse.
    fn linear(matrix: &Matrix<'_>, direction: Direction, pixels: usize, x: &[f32], y: &mut [f32]) {
        match direction {
            Direction::Forward => set_biases(matrix, y),
            Direction::Reverse => y.fill(0.0),
        }
        let tap = Tap::new(matrix, 0, matrix.rows, direction);
        let from = Lattice { start: 0, row: pixels * tap.inputs(), pixel: tap.inputs() };
        let to = Lattice { start: 0, row: pixels * tap.outputs(), pixel: tap.outputs() };
        tap.accumulate((1, pixels), (x, from), (y, to));
    }

    /// Integers small enough that every order of summation is exact.
    fn integers(count: usize, factor: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * factor) % 7) as f32 - 3.0).collect()
    }

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// Counts around every block and tile size.
    const COUNTS: [usize; 9] = [1, 2, 3, 5, 8, 12, 15, 17, 33];

    #[test]
    fn a_linear_map_and_its_transpose_are_exact_for_every_extent() {
        for (rows, columns, pixels) in
            COUNTS.iter().flat_map(|&r| COUNTS.iter().flat_map(move |&c| [1, 2, 3, 4, 7, 9].map(|p| (r, c, p))))
        {
            let (weights, biases) = (integers(rows * columns, 3), integers(columns, 5));
            let (weight_bytes, bias_bytes) = (bytes(&weights), bytes(&biases));
            let matrix =
                Matrix { rows, columns, biases: &bias_bytes, weights: Weights::Float32 { values: &weight_bytes } };

            let x = integers(pixels * rows, 4);
            let mut y = vec![f32::NAN; pixels * columns];
            linear(&matrix, Direction::Forward, pixels, &x, &mut y);
            for (i, y) in y.iter().enumerate() {
                let (pixel, column) = (i / columns, i % columns);
                let sum: f32 = (0..rows).map(|row| x[pixel * rows + row] * weights[row * columns + column]).sum();
                assert_eq!(*y, sum + biases[column], "{rows}×{columns}, {pixels} pixels");
            }

            let g = integers(pixels * columns, 2);
            let mut y = vec![f32::NAN; pixels * rows];
            linear(&matrix, Direction::Reverse, pixels, &g, &mut y);
            for (i, y) in y.iter().enumerate() {
                let (pixel, row) = (i / rows, i % rows);
                let sum: f32 =
                    (0..columns).map(|column| g[pixel * columns + column] * weights[row * columns + column]).sum();
                assert_eq!(*y, sum, "{rows}×{columns} transposed, {pixels} pixels");
            }
        }
    }

    /// The documented order, with numbers whose sum depends on it.
    #[test]
    fn inputs_are_added_in_ascending_order() {
        let rows = 3 * INPUTS + 1;
        let weights: Vec<f32> = (0..rows * 9).map(|i| 1.0 / (i as f32 + 1.3)).collect();
        let (weight_bytes, biases) = (bytes(&weights), bytes(&[0.1; 9]));
        let matrix = Matrix { rows, columns: 9, biases: &biases, weights: Weights::Float32 { values: &weight_bytes } };
        let x: Vec<f32> = (0..5 * rows).map(|i| libm::sinf(i as f32)).collect();
        let mut y = vec![0.0; 5 * 9];
        linear(&matrix, Direction::Forward, 5, &x, &mut y);
        for (i, y) in y.iter().enumerate() {
            let expected = (0..rows).fold(0.1, |sum, row| sum + x[i / 9 * rows + row] * weights[row * 9 + i % 9]);
            assert_eq!(y.to_bits(), f32::to_bits(expected));
        }
    }

    /// As [`Tap::accumulate`], by every width of vectors that this processor has, with their names, whichever a sampler
    /// would take.
    #[cfg(feature = "wide")]
    fn by_width(
        tap: Tap<'_>,
        extent: (usize, usize),
        x: (&[f32], Lattice),
        (y, to): (&[f32], Lattice),
    ) -> Vec<(&'static str, Vec<f32>)> {
        use pulp::{Scalar, Simd};
        let computed = |vectorize: &dyn Fn(Wide<'_>)| {
            let mut y = y.to_vec();
            vectorize(Wide { tap, extent, x, y: (&mut y, to) });
            y
        };
        #[allow(unused_mut)] // other processors have no more
        let mut all = vec![("no vectors", computed(&|wide| Scalar.vectorize(wide)))];
        #[cfg(target_arch = "x86_64")]
        {
            let (narrow, wide) = (pulp::x86::V3::try_new(), pulp::x86::V4::try_new());
            all.extend(narrow.map(|simd| ("AVX2", computed(&|wide| Simd::vectorize(simd, wide)))));
            all.extend(wide.map(|simd| ("AVX-512", computed(&|wide| Simd::vectorize(simd, wide)))));
        }
        #[cfg(target_arch = "aarch64")]
        all.extend(pulp::aarch64::Neon::try_new().map(|simd| ("NEON", computed(&|wide| Simd::vectorize(simd, wide)))));
        all
    }

    /// Numbers whose sum depends on its order: without vectors, with each width, and in the loop that devices have.
    #[cfg(feature = "wide")]
    #[test]
    fn every_width_of_vectors_gives_the_same_bits() {
        let mut names = Vec::new();
        for (rows, columns) in COUNTS.iter().flat_map(|&rows| COUNTS.map(|columns| (rows, columns))) {
            let weights: Vec<f32> = (0..rows * columns).map(|i| 1.0 / (i as f32 + 1.3)).collect();
            let (weights, biases) = (bytes(&weights), bytes(&vec![0.1; columns]));
            let matrix = Matrix { rows, columns, biases: &biases, weights: Weights::Float32 { values: &weights } };
            for direction in [Direction::Forward, Direction::Reverse] {
                let tap = Tap::new(&matrix, 0, rows, direction);
                let x: Vec<f32> = (0..7 * tap.inputs()).map(|i| libm::sinf(i as f32)).collect();
                let lattice = |pixel: usize| Lattice { start: 0, row: 7 * pixel, pixel };
                let (from, to) = (lattice(tap.inputs()), lattice(tap.outputs()));
                let mut device = vec![0.1; 7 * tap.outputs()];
                let all = by_width(tap, (1, 7), (&x, from), (&device, to));
                tap.all_from(0, (1, 7), (&x, from), (&mut device, to));
                for (name, computed) in &all {
                    assert!(bytes(computed) == bytes(&device), "{name}: {rows}×{columns} {direction:?}");
                }
                names = all.into_iter().map(|(name, _)| name).collect();
            }
        }
        // Where the processor has vectors, more than one width was compared.
        let scalar = std::format!("{:?}", pulp::Arch::new()) == std::format!("{:?}", pulp::Arch::Scalar);
        assert!(scalar || names.len() > 1, "compared {names:?} only");
        std::println!("compared: {}", names.join(", "));
    }
}
