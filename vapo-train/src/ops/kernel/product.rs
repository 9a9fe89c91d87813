//! Windows × weights, the one product behind every convolution and every input gradient.

use super::panels::{Panels, WIDE};
use super::real::{NARROW, Real, dispatch};
use pulp::{Simd, WithSimd};

/// `output[pixel] = bias + Σ value · weights`, over the rows and values of the pixel's window, or += the same.
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
    /// (rows·run, columns).
    pub weights: &'a Panels<E>,
    /// (columns,), or zero.
    pub bias: Option<&'a [E]>,
    /// Whether the sums are added to what the output holds.
    pub add: bool,
    /// Where the sums go.
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
    dispatch::<E, _>(product.weights.lanes(), product);
}

impl<E: Real> WithSimd for Product<'_, E> {
    type Output = ();

    // Two registers of columns by six pixels, or one by twelve, fill the sixteen registers of AVX2; an
    // architecture with more takes twice the pixels.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        debug_assert_eq!(self.weights.inputs(), self.rows * self.run);
        debug_assert_eq!(self.starts.len(), self.places.len());
        if self.weights.in_pairs() {
            return if self.add { self.pairs::<S, true>(simd) } else { self.pairs::<S, false>(simd) };
        }
        match (self.weights.width(), self.add) {
            (NARROW, false) => self.panels::<S, NARROW, false>(simd),
            (NARROW, true) => self.panels::<S, NARROW, true>(simd),
            (_, false) => self.panels::<S, WIDE, false>(simd),
            (_, true) => self.panels::<S, WIDE, true>(simd),
        }
    }
}

/// Inputs one by one.
impl<E: Real> Product<'_, E> {
    #[inline(always)]
    fn panels<S: Simd, const W: usize, const ADD: bool>(&mut self, simd: S) {
        let (lanes, columns) = (E::lanes::<S>(), self.weights.columns());
        let mut column = 0;
        while column < columns {
            // Two registers lie in one panel: both are powers of two.
            if columns - column > lanes && 2 * lanes <= W {
                if S::REGISTER_COUNT >= 32 {
                    self.block::<S, 12, 2, W, ADD>(simd, column)
                } else {
                    self.block::<S, 6, 2, W, ADD>(simd, column)
                }
                column += 2 * lanes;
            } else {
                self.block::<S, 12, 1, W, ADD>(simd, column);
                column += lanes;
            }
        }
    }

    // `ADD` is known to the compiler, and a sum is never merely copied: either would move the sums out of registers.
    /// V registers of columns from `column` on, for all pixels: P at a time, the rest by four and one.
    #[inline(always)]
    fn block<S: Simd, const P: usize, const V: usize, const W: usize, const ADD: bool>(
        &mut self,
        simd: S,
        column: usize,
    ) {
        let (starts, places) = (self.starts, self.places);
        let (tiles, rest) = starts.as_chunks::<P>();
        let (tile_places, rest_places) = places.as_chunks::<P>();
        for (starts, places) in tiles.iter().zip(tile_places) {
            self.tile::<S, P, V, W, ADD>(simd, starts, places, column);
        }
        let (tiles, rest) = rest.as_chunks::<4>();
        let (tile_places, rest_places) = rest_places.as_chunks::<4>();
        for (starts, places) in tiles.iter().zip(tile_places) {
            self.tile::<S, 4, V, W, ADD>(simd, starts, places, column);
        }
        for (start, place) in rest.iter().zip(rest_places) {
            self.tile::<S, 1, V, W, ADD>(simd, &[*start], &[*place], column);
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const P: usize, const V: usize, const W: usize, const ADD: bool>(
        &mut self,
        simd: S,
        starts: &[u32; P],
        places: &[u32; P],
        column: usize,
    ) {
        let lanes = E::lanes::<S>();
        let used = (V * lanes).min(self.weights.columns() - column);
        // The bound tells the compiler that the registers lie in the panel. A check in the innermost loop would move sums to memory.
        let first = (column % W).min(W.saturating_sub(V * lanes));
        let panel = self.weights.panel::<W>(column);
        let mut sums = [[E::splat(simd, E::default()); V]; P];
        for row in 0..self.rows {
            // Slices of one known length: the bound of the loop below is the bound of every slice.
            let mut windows: [&[E]; P] = [&[]; P];
            for (window, start) in windows.iter_mut().zip(starts) {
                *window = &self.input[*start as usize + row * self.row_stride..][..self.run];
            }
            let weights = &panel[row * self.run..][..self.run];
            for value in 0..self.run {
                let factors = &E::registers::<S>(&weights[value][first..first + V * lanes])[..V];
                for p in 0..P {
                    let input = E::splat(simd, windows[p][value]);
                    for v in 0..V {
                        sums[p][v] = E::mul_add(simd, input, factors[v], sums[p][v]);
                    }
                }
            }
        }
        let mut base = [E::splat(simd, E::default()); V];
        if let Some(bias) = self.bias {
            for (base, bias) in base.iter_mut().zip(bias[column..column + used].chunks(lanes)) {
                *base = E::load(simd, bias);
            }
        }
        for (sums, &place) in sums.iter().zip(places) {
            let output = &mut self.output[place as usize + column..][..used];
            if used == V * lanes {
                for ((value, base), sum) in E::registers_mut::<S>(output).iter_mut().zip(&base).zip(sums) {
                    let sum = E::plus(simd, *base, *sum);
                    *value = if ADD { E::plus(simd, *value, sum) } else { sum };
                }
            } else {
                for ((values, base), sum) in output.chunks_mut(lanes).zip(&base).zip(sums) {
                    let sum = E::plus(simd, *base, *sum);
                    let sum = if ADD { E::plus(simd, E::load(simd, values), sum) } else { sum };
                    E::store(simd, values, sum);
                }
            }
        }
    }
}

/// Inputs in pairs: even and odd ones are summed in lanes of their own, and these are added up at the end.
impl<E: Real> Product<'_, E> {
    #[inline(always)]
    fn pairs<S: Simd, const ADD: bool>(&mut self, simd: S) {
        match (2 * self.weights.columns()).div_ceil(E::lanes::<S>()) {
            1 => self.pairs_block::<S, 12, 1, ADD>(simd),
            // Of six pixels the compiler keeps two sums in memory.
            2 => self.pairs_block::<S, 5, 2, ADD>(simd),
            3 | 4 => self.pairs_block::<S, 3, 4, ADD>(simd),
            5..=8 => self.pairs_block::<S, 1, 8, ADD>(simd),
            _ => self.pairs_block::<S, 1, NARROW, ADD>(simd),
        }
    }

    /// V registers, all that the columns fill, for all pixels: P at a time, the rest one by one.
    #[inline(always)]
    fn pairs_block<S: Simd, const P: usize, const V: usize, const ADD: bool>(&mut self, simd: S) {
        let (starts, places) = (self.starts, self.places);
        let (tiles, rest) = starts.as_chunks::<P>();
        let (tile_places, rest_places) = places.as_chunks::<P>();
        for (starts, places) in tiles.iter().zip(tile_places) {
            self.pairs_tile::<S, P, V, ADD>(simd, starts, places);
        }
        for (start, place) in rest.iter().zip(rest_places) {
            self.pairs_tile::<S, 1, V, ADD>(simd, &[*start], &[*place]);
        }
    }

    #[inline(always)]
    fn pairs_tile<S: Simd, const P: usize, const V: usize, const ADD: bool>(
        &mut self,
        simd: S,
        starts: &[u32; P],
        places: &[u32; P],
    ) {
        let (columns, run) = (self.weights.columns(), self.run / 2);
        let mut sums = [[E::splat(simd, E::default()); V]; P];
        for row in 0..self.rows {
            let mut windows: [&[[E; 2]]; P] = [&[]; P];
            for (window, start) in windows.iter_mut().zip(starts) {
                *window = &self.input[*start as usize + row * self.row_stride..].as_chunks().0[..run];
            }
            let weights = &self.weights.pairs()[row * run..][..run];
            for pair in 0..run {
                let factors = &E::registers::<S>(&weights[pair])[..V];
                for p in 0..P {
                    let inputs = E::splat_pair(simd, windows[p][pair]);
                    for v in 0..V {
                        sums[p][v] = E::mul_add(simd, inputs[v % 2], factors[v], sums[p][v]);
                    }
                }
            }
        }
        let mut base = [E::default(); NARROW / 2];
        if let Some(bias) = self.bias {
            base[..columns].copy_from_slice(bias);
        }
        for (sums, &place) in sums.iter().zip(places) {
            let mut halves = [E::default(); NARROW];
            E::registers_mut::<S>(&mut halves).iter_mut().zip(sums).for_each(|(half, sum)| *half = *sum);
            let output = &mut self.output[place as usize..][..columns];
            for ((value, base), [even, odd]) in output.iter_mut().zip(&base).zip(halves.as_chunks().0) {
                let sum = *base + (*even + *odd);
                *value = if ADD { *value + sum } else { sum };
            }
        }
    }
}
