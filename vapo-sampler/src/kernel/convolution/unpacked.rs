//! Runs whose weights have fewer than 8 bits: those of a pair of channels are unpacked, then computed as any others.

use super::lines::{Lines, Run, share};
#[cfg(not(all(any(feature = "armv6m", feature = "dsp"), target_arch = "arm")))]
use super::portable::PIXELS as TILE;
use super::portable::{forward, reverse};
use super::rounding::store;
use super::{Direction, PIXELS, Weights};
use vapo_format::Packed;

/// Pixels of a tile whose weights are unpacked for it alone.
#[cfg(all(any(feature = "armv6m", feature = "dsp"), target_arch = "arm"))]
const TILE: usize = PIXELS;

/// Words that are unpacked at once, on the stack: those of a pair of channels in a 3×3 window over 64 others.
const ROOM: usize = 3 * 3 * 32;

impl Run<'_> {
    /// Computes all channels.
    #[inline(never)] // models of 8 bits do without its stack
    pub(super) fn compute_unpacked(&self, result: &mut [i16]) {
        let mut room = [0; ROOM];
        let (channels, step) = self.result;
        let (segments, next_columns, _) = self.segments;
        let of_segment = self.count * self.taps;
        for pair in 0..channels.div_ceil(2) {
            let weights = self.of_pair(pair);
            let result = result.get_mut(2 * pair..).unwrap_or_default();
            let of_result = ((channels - 2 * pair).min(2), step);
            let Some(words) = room.get_mut(..segments * of_segment) else {
                self.compute_by_part(pair, &weights, &mut room, result);
                continue;
            };
            for (segment, words) in words.chunks_exact_mut(of_segment.max(1)).enumerate() {
                self.unpack(pair, segment, 0, words);
            }
            let words = Packed::eight(bytes(words));
            let run = Run {
                weights: &Weights { words, ..weights },
                stride: self.taps,
                segments: (segments, next_columns, of_segment),
                pairs: (0, 0),
                result: of_result,
                ..*self
            };
            run.compute_whole(result);
        }
    }

    /// Computes a pair of channels whose weights do not fit the room at once.
    fn compute_by_part(&self, pair: usize, weights: &Weights<'_>, room: &mut [u32; ROOM], result: &mut [i16]) {
        let (channels, step) = self.result;
        let (segments, next_columns, _) = self.segments;
        // A window has at most 15 taps a line.
        let most = (ROOM / self.taps.max(1)).max(1);
        let mut pixel = 0;
        while pixel < self.pixels {
            let pixels = share(self.pixels - pixel, TILE);
            let mut sums = [[0; 2]; PIXELS];
            let sums = sums.get_mut(..pixels).unwrap_or_default();
            for segment in 0..segments {
                for line in (0..self.count).step_by(most) {
                    let count = most.min(self.count - line);
                    let words = room.get_mut(..count * self.taps).unwrap_or_default();
                    self.unpack(pair, segment, line, words);
                    let columns = pixel + segment * next_columns + line * self.step;
                    let lines = Lines {
                        columns: self.columns.get(columns..).unwrap_or_default(),
                        step: self.step,
                        count,
                        taps: self.taps,
                        weights: bytes(words),
                        stride: self.taps,
                    };
                    match self.direction {
                        Direction::Forward => forward(&lines, sums),
                        Direction::Reverse => reverse(&lines, sums),
                    }
                }
            }
            let to = result.get_mut(pixel * step..).unwrap_or_default();
            store(self.direction, weights, 0, sums, (to, step, channels - 2 * pair));
            pixel += pixels;
        }
    }

    /// Unpacks the words of lines from one on, one line after the other.
    fn unpack(&self, pair: usize, segment: usize, line: usize, to: &mut [u32]) {
        let ((first, next_pair), (_, _, next_segment)) = (self.pairs, self.segments);
        let mut word = first + pair * next_pair + segment * next_segment + line * self.stride;
        // Lines side by side are one.
        let taps = if self.stride == self.taps { to.len() } else { self.taps };
        for to in to.chunks_mut(taps.max(1)) {
            self.weights.words.unpack(word, to);
            // As bytes in the order of the file, whatever the processor's.
            to.iter_mut().for_each(|word| *word = word.to_le());
            word += self.stride;
        }
    }

    /// The numbers of a pair of channels.
    fn of_pair(&self, pair: usize) -> Weights<'_> {
        let Weights { words, forward, reverse, biases, shifts } = *self.weights;
        // Two multipliers of i16 a pair, and two biases of i32.
        let [forward, reverse] = [forward, reverse].map(|factors| factors.get(4 * pair..).unwrap_or_default());
        Weights { words, forward, reverse, biases: biases.get(8 * pair..).unwrap_or_default(), shifts }
    }
}

/// The bytes of words.
fn bytes(words: &[u32]) -> &[u8] {
    bytemuck::try_cast_slice(words).unwrap_or_default()
}
