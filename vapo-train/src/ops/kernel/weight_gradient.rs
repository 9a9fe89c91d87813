//! Windowsᵀ × cotangents: the gradient of a convolution's weights.

use super::panels::in_pairs;
use super::real::{NARROW, Real, accumulate, dispatch};
use pulp::{Simd, WithSimd};

/// `gradient[input, column] += Σ window value · cotangent`, over all pixels.
pub struct WeightGradient<'a, E> {
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
    /// Memory that the cotangents are read from.
    pub cotangent: &'a [E],
    /// Where each pixel's cotangent starts in `cotangent`.
    pub places: &'a [u32],
    /// Output channels.
    pub columns: usize,
    /// (rows·run, columns), added to.
    pub gradient: &'a mut [E],
}

/// Pixels that are summed at a time: their windows and cotangents stay in the first-level cache.
const PIXELS: usize = 256;

/// Runs the product.
pub fn weight_gradient<E: Real>(product: WeightGradient<'_, E>) {
    dispatch::<E, _>(product.lanes(), product);
}

impl<E: Real> WithSimd for WeightGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        debug_assert_eq!(self.starts.len(), self.places.len());
        let lanes = E::lanes::<S>();
        let (starts, places) = (self.starts, self.places);
        for (starts, places) in starts.chunks(PIXELS).zip(places.chunks(PIXELS)) {
            // Where one register does not hold two inputs, they would gain nothing.
            if 2 * self.columns <= lanes && in_pairs(self.run, self.columns) {
                self.pairs(simd, starts, places);
                continue;
            }
            let mut column = 0;
            while column < self.columns {
                if self.columns - column >= 2 * lanes {
                    self.columns_of::<S, 2>(simd, starts, places, column);
                    column += 2 * lanes;
                } else {
                    self.columns_of::<S, 1>(simd, starts, places, column);
                    column += lanes;
                }
            }
        }
    }
}

/// Inputs one by one.
impl<E: Real> WeightGradient<'_, E> {
    #[inline(always)]
    fn columns_of<S: Simd, const V: usize>(&mut self, simd: S, starts: &[u32], places: &[u32], column: usize) {
        for row in 0..self.rows {
            let mut value = 0;
            // As in the product: twelve registers of sums, or twice as many where there is room, whatever their shape.
            while (V == 1 || S::REGISTER_COUNT >= 32) && value + 12 <= self.run {
                self.tile::<S, 12, V>(simd, starts, places, column, row, value);
                value += 12;
            }
            while value + 6 <= self.run {
                self.tile::<S, 6, V>(simd, starts, places, column, row, value);
                value += 6;
            }
            while value + 3 <= self.run {
                self.tile::<S, 3, V>(simd, starts, places, column, row, value);
                value += 3;
            }
            while value < self.run {
                self.tile::<S, 1, V>(simd, starts, places, column, row, value);
                value += 1;
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const Q: usize, const V: usize>(
        &mut self,
        simd: S,
        starts: &[u32],
        places: &[u32],
        column: usize,
        row: usize,
        value: usize,
    ) {
        let lanes = E::lanes::<S>();
        let used = (V * lanes).min(self.columns - column);
        let whole = used == V * lanes;
        let mut sums = [[E::splat(simd, E::default()); V]; Q];
        let (input, cotangent) = (&self.input[row * self.row_stride + value..], &self.cotangent[column..]);
        for (&start, &place) in starts.iter().zip(places) {
            let Some(values) = input[start as usize..].first_chunk::<Q>() else { return };
            let cotangent = &cotangent[place as usize..][..used];
            let mut factors = [E::splat(simd, E::default()); V];
            if whole {
                factors.copy_from_slice(&E::registers::<S>(cotangent)[..V]);
            } else {
                for (factor, cotangent) in factors.iter_mut().zip(cotangent.chunks(lanes)) {
                    *factor = E::load(simd, cotangent);
                }
            }
            for q in 0..Q {
                let input = E::splat(simd, values[q]);
                for v in 0..V {
                    sums[q][v] = E::mul_add(simd, input, factors[v], sums[q][v]);
                }
            }
        }
        let first = row * self.run + value;
        for (q, sums) in sums.iter().enumerate() {
            let gradient = &mut self.gradient[(first + q) * self.columns + column..][..used];
            accumulate::<E, S, V>(simd, gradient, sums);
        }
    }
}

/// Inputs in pairs, as in [`super::panels`]: with every cotangent twice, one multiplication takes in two inputs.
impl<E: Real> WeightGradient<'_, E> {
    /// Lanes that it fills.
    pub fn lanes(&self) -> usize {
        if in_pairs(self.run, self.columns) { 2 * self.columns } else { self.columns }
    }

    #[inline(always)]
    fn pairs<S: Simd>(&mut self, simd: S, starts: &[u32], places: &[u32]) {
        let mut twice = [[E::default(); NARROW]; PIXELS];
        for (twice, &place) in twice.iter_mut().zip(places) {
            let cotangent = &self.cotangent[place as usize..][..self.columns];
            twice.as_chunks_mut().0.iter_mut().zip(cotangent).for_each(|(pair, value)| *pair = [*value; 2]);
        }
        for row in 0..self.rows {
            let mut value = 0;
            while value + 24 <= self.run {
                self.pairs_tile::<S, 12>(simd, starts, &twice, row, value);
                value += 24;
            }
            while value + 8 <= self.run {
                self.pairs_tile::<S, 4>(simd, starts, &twice, row, value);
                value += 8;
            }
            while value < self.run {
                self.pairs_tile::<S, 1>(simd, starts, &twice, row, value);
                value += 2;
            }
        }
    }

    #[inline(always)]
    fn pairs_tile<S: Simd, const Q: usize>(
        &mut self,
        simd: S,
        starts: &[u32],
        twice: &[[E; NARROW]; PIXELS],
        row: usize,
        value: usize,
    ) {
        let mut sums = [E::splat(simd, E::default()); Q];
        let input = &self.input[row * self.row_stride + value..];
        for (&start, cotangents) in starts.iter().zip(twice) {
            let Some(pairs) = input[start as usize..].as_chunks().0.first_chunk::<Q>() else { return };
            let factor = E::registers::<S>(cotangents)[0];
            for q in 0..Q {
                sums[q] = E::mul_add(simd, E::splat_pair(simd, pairs[q])[0], factor, sums[q]);
            }
        }
        let first = row * self.run + value;
        let gradient = &mut self.gradient[first * self.columns..][..2 * Q * self.columns];
        for (sum, rows) in sums.iter().zip(gradient.chunks_exact_mut(2 * self.columns)) {
            let mut halves = [E::default(); NARROW];
            E::registers_mut::<S>(&mut halves)[0] = *sum;
            for (input, row) in rows.chunks_exact_mut(self.columns).enumerate() {
                row.iter_mut().zip(halves.iter().skip(input).step_by(2)).for_each(|(to, value)| *to += *value);
            }
        }
    }
}
