//! What a processor must offer, and the same in plain Rust.

/// Outputs computed side by side.
pub(super) const LANES: usize = 16;

/// Vectors of [`LANES`] sums.
pub(super) trait Lanes: Copy {
    /// A sum a lane.
    type Sums: Copy;
    /// Two weights a lane.
    type Weights: Copy;
    /// The same two values in all lanes.
    type Pair: Copy;
    /// Sums that the registers hold beside weights.
    const TILE: usize;

    /// Does `work` compiled for the processor.
    fn vectorize<W: Work<Self>>(self, work: W);
    /// Sums of zero.
    fn zero(self) -> Self::Sums;
    /// Weights from memory.
    fn weights(self, words: &[u32; LANES]) -> Self::Weights;
    /// Two neighbouring values in all lanes.
    fn pair(self, values: [i16; 2]) -> Self::Pair;
    /// Adds both products to each lane's sum.
    fn add_products(self, sums: Self::Sums, pair: Self::Pair, weights: Self::Weights) -> Self::Sums;
    /// The lanes in order.
    fn values(self, sums: Self::Sums) -> [i32; LANES];
}

/// Work that is compiled for a processor. Everything that it calls is inlined.
pub(super) trait Work<L> {
    /// Does it.
    fn run(self, lanes: L);
}

/// Plain Rust.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain;

impl Lanes for Plain {
    type Sums = [i32; LANES];
    type Weights = [u32; LANES];
    type Pair = [i32; 2];
    const TILE: usize = 4;

    fn vectorize<W: Work<Self>>(self, work: W) {
        work.run(self);
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [0; LANES]
    }

    #[inline(always)]
    fn weights(self, words: &[u32; LANES]) -> Self::Weights {
        *words
    }

    #[inline(always)]
    fn pair(self, values: [i16; 2]) -> Self::Pair {
        values.map(i32::from)
    }

    #[inline(always)]
    fn add_products(self, mut sums: Self::Sums, [low, high]: Self::Pair, weights: Self::Weights) -> Self::Sums {
        for (sum, word) in sums.iter_mut().zip(weights) {
            let weights = [word as i16, (word >> 16) as i16].map(i32::from);
            *sum = sum.wrapping_add(low * weights[0]).wrapping_add(high * weights[1]);
        }
        sums
    }

    #[inline(always)]
    fn values(self, sums: Self::Sums) -> [i32; LANES] {
        sums
    }
}
