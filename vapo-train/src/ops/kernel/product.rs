//! Windows × weights, the one product behind every convolution and every input gradient.

use super::real::{Real, accumulate, dispatch};
use pulp::{Simd, WithSimd};

/// `output[pixel] += Σ value · weights`, over the rows and values of the pixel's window.
pub struct Product<'a, E> {
    /// Memory that the windows are read from.
    pub input: &'a [E],
    /// Where each pixel's window starts in `input`.
    pub starts: &'a [u32],
    /// Rows of a window.
    pub rows: usize,
    /// Contiguous values a row.
    pub run: usize,
    /// Values from one row to the next.
    pub row_stride: usize,
    /// (rows·run, columns), row-major.
    pub weights: &'a [E],
    /// Output channels.
    pub columns: usize,
    /// Memory that is added to.
    pub output: &'a mut [E],
    /// Where each pixel's output starts in `output`.
    pub places: &'a [u32],
}

/// Where the pixels of a tensor with `columns` channels start.
pub fn contiguous(pixels: usize, columns: usize) -> Vec<u32> {
    (0..pixels).map(|pixel| (pixel * columns) as u32).collect()
}

/// Runs the product.
pub fn product<E: Real>(product: Product<'_, E>) {
    debug_assert_eq!(product.weights.len(), product.rows * product.run * product.columns);
    debug_assert_eq!(product.starts.len(), product.places.len());
    dispatch::<E, _>(product.columns, product);
}

impl<E: Real> WithSimd for Product<'_, E> {
    type Output = ();

    // Two registers of columns by six pixels, or one by twelve, fill the sixteen registers of AVX2; an
    // architecture with more takes twice the pixels.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let wide = S::REGISTER_COUNT >= 32;
        let mut column = 0;
        while column < self.columns {
            if self.columns - column > E::lanes::<S>() {
                let packed = self.pack(column, 2 * E::lanes::<S>());
                if wide {
                    self.block::<S, 12, 2>(simd, &packed, column)
                } else {
                    self.block::<S, 6, 2>(simd, &packed, column)
                }
                column += 2 * E::lanes::<S>();
            } else {
                let packed = self.pack(column, E::lanes::<S>());
                self.block::<S, 12, 1>(simd, &packed, column);
                column += E::lanes::<S>();
            }
        }
    }
}

impl<E: Real> Product<'_, E> {
    /// `width` columns of the weights from `column` on, zero past the last.
    #[inline(always)]
    fn pack(&self, column: usize, width: usize) -> Vec<E> {
        let used = width.min(self.columns - column);
        let mut packed = vec![E::default(); self.rows * self.run * width];
        for (to, from) in packed.chunks_exact_mut(width).zip(self.weights.chunks_exact(self.columns)) {
            to[..used].copy_from_slice(&from[column..column + used]);
        }
        packed
    }

    #[inline(always)]
    fn block<S: Simd, const P: usize, const V: usize>(&mut self, simd: S, packed: &[E], column: usize) {
        let used = (V * E::lanes::<S>()).min(self.columns - column);
        let (starts, places) = (self.starts, self.places);
        let (tiles, rest) = starts.as_chunks::<P>();
        let (tile_places, rest_places) = places.as_chunks::<P>();
        for (starts, places) in tiles.iter().zip(tile_places) {
            self.tile::<S, P, V>(simd, starts, places, packed, column, used);
        }
        for (start, place) in rest.iter().zip(rest_places) {
            self.tile::<S, 1, V>(simd, &[*start], &[*place], packed, column, used);
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        starts: &[u32; P],
        places: &[u32; P],
        packed: &[E],
        column: usize,
        used: usize,
    ) {
        let lanes = E::lanes::<S>();
        let mut sums = [[E::splat(simd, E::default()); V]; P];
        for row in 0..self.rows {
            // Slices of one known length: the bound of the loop below is the bound of every slice.
            let mut windows: [&[E]; P] = [&[]; P];
            for (window, start) in windows.iter_mut().zip(starts) {
                *window = &self.input[*start as usize + row * self.row_stride..][..self.run];
            }
            let weights = &packed[row * self.run * V * lanes..][..self.run * V * lanes];
            let (weights, _) = E::registers::<S>(weights).as_chunks::<V>();
            let weights = &weights[..self.run];
            for value in 0..self.run {
                let weights = weights[value];
                for p in 0..P {
                    let input = E::splat(simd, windows[p][value]);
                    for v in 0..V {
                        sums[p][v] = E::mul_add(simd, input, weights[v], sums[p][v]);
                    }
                }
            }
        }
        for (sums, &place) in sums.iter().zip(places) {
            let output = &mut self.output[place as usize + column..][..used];
            accumulate::<E, S, V>(simd, output, sums);
        }
    }
}
