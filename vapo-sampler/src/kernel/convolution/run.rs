//! A run of neighbouring pixels of the result, of which all channels are computed from the same words, tile after tile.

#[cfg(all(feature = "armv6m", not(feature = "dsp"), target_arch = "arm"))]
use super::armv6m as kernel;
#[cfg(all(feature = "dsp", target_arch = "arm"))]
use super::dsp as kernel;
use super::lines::{Lines, Run, share};
#[cfg(not(any(
    all(any(feature = "armv6m", feature = "dsp"), target_arch = "arm"),
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
use super::portable as kernel;
use super::rounding::store;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use super::simd128 as kernel;
use super::{Direction, PIXELS};

impl Run<'_> {
    /// Computes all channels. `result` begins with the first of the first pixel.
    pub(super) fn compute(&self, result: &mut [i16]) {
        #[cfg(feature = "few-bits")]
        if self.weights.words.bits != vapo_format::Bits::Eight {
            return self.compute_unpacked(result);
        }
        self.compute_whole(result);
    }

    /// The same, from weights of 8 bits.
    pub(super) fn compute_whole(&self, result: &mut [i16]) {
        #[cfg(all(any(feature = "armv6m", feature = "dsp"), target_arch = "arm"))]
        if kernel::compute(self, result) {
            return;
        }
        self.compute_tiles(result);
    }

    /// The same, tile by tile and pair by pair. Where there is a kernel in assembly this is for what it does not take.
    #[cfg_attr(all(any(feature = "armv6m", feature = "dsp"), target_arch = "arm"), cold)]
    fn compute_tiles(&self, result: &mut [i16]) {
        let mut pixel = 0;
        while pixel < self.pixels {
            let pixels = share(self.pixels - pixel, kernel::PIXELS);
            self.compute_tile((pixel, pixels), result.get_mut(pixel * self.result.1..).unwrap_or_default());
            pixel += pixels;
        }
    }

    /// Computes all channels of as many pixels as the kernel takes at once, from one on.
    fn compute_tile(&self, (pixel, pixels): (usize, usize), mut result: &mut [i16]) {
        let ((segments, next_columns, next_weights), (word, next_pair)) = (self.segments, self.pairs);
        let (channels, step) = self.result;
        for pair in 0..channels.div_ceil(2) {
            let mut sums = [[0; 2]; PIXELS];
            let sums = sums.get_mut(..pixels).unwrap_or_default();
            for segment in 0..segments {
                let word = word + pair * next_pair + segment * next_weights;
                let lines = Lines {
                    columns: self.columns.get(pixel + segment * next_columns..).unwrap_or_default(),
                    step: self.step,
                    count: self.count,
                    taps: self.taps,
                    weights: self.weights.words.bytes.get(4 * word..).unwrap_or_default(),
                    stride: self.stride,
                };
                match self.direction {
                    Direction::Forward => kernel::forward(&lines, sums),
                    Direction::Reverse => kernel::reverse(&lines, sums),
                }
            }
            store(self.direction, self.weights, pair, sums, (result, step, channels - 2 * pair));
            result = result.get_mut(2..).unwrap_or_default();
        }
    }
}
