//! Convolutions over integers: i8 weights, i16 values, i32 sums, the same bits on every target.
//!
//! | module | concept |
//! |---|---|
//! | [`mod@reference`] | the definition, in plain loops |
//! | `rounding` | from a sum to a value of 16 bits |
//! | `window` | windows of odd extent that overlap |
//! | `band` | the rows that such a window reaches, kept while they are overwritten |
//! | `tiles` | windows that tile the input, 1×1 among them |
//! | `run` | neighbouring pixels, of which all channels are computed from the same words |
//! | `unpacked` | the same where weights have fewer than 8 bits |
//! | `planar` | words of a pair of channels each, from values that lie channels last |
//! | `lines` | what a tile of neighbouring pixels sums over: the contract of the kernels |
//! | `portable` | the kernel in Rust |
//! | `dsp` | tiles in instructions of Cortex-M4, M7 and M33, by the feature `dsp` |
//! | `rv32` | the kernel for RV32IM |
//! | `armv6m` | the kernel for Cortex-M0, of the feature of that name |
//! | `simd128` | the kernel in vectors of WebAssembly, where the target has them |
//!
//! **Weights.** C inputs and O outputs are taken in pairs, the last with zeros where the number is odd. Word
//! `((o/2 · KY + ky) · ⌈C/2⌉ + c/2) · KX + kx` has the four bytes `w(c, o), w(c, o+1), w(c+1, o), w(c+1, o+1)`. Weights of fewer
//! than 8 bits are unpacked to such bytes, those of one pair at a time.
//!
//! **Forward.** `y_o = sat(round(⌊sum_o · M_o / 2¹⁶⌋ / 2ⁿ) + B_o)`. The sum runs over the window and the input channels.
//!
//! **Reverse.** `x_c = sat(round(sum_c / 2ᵏ))`, where the sum runs over the transposed window and over
//! `t_o = sat(round(g_o · S_o / 2ᵐ))` of the output's cotangents g.
//!
//! Sums of integers do not depend on their order, so that each target may have its own. They wrap, which no checked model
//! makes them do.

#[cfg(all(feature = "armv6m", not(feature = "dsp"), target_arch = "arm"))]
mod armv6m;
mod band;
#[cfg(all(feature = "dsp", target_arch = "arm"))]
mod dsp;
mod lines;
mod planar;
mod portable;
pub mod reference;
mod rounding;
mod run;
#[cfg(all(target_arch = "riscv32", target_feature = "m"))]
mod rv32;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
mod tiles;
#[cfg(feature = "few-bits")]
mod unpacked;
mod window;

#[cfg(test)]
mod tests;

use vapo_format::layer::Conv;
use vapo_format::{Packed, Shape};

/// Most pixels that are computed at once. The memory that a convolution works in depends on it.
const PIXELS: usize = 4;

/// Which way through a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Activations, from the input's extent to the output's.
    Forward,
    /// Cotangents, from the output's extent to the input's.
    Reverse,
}

/// The extents of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Rows and columns of the window.
    pub window: [usize; 2],
    /// Whether windows tile the input. They overlap otherwise, are of odd extent, and reach over its border.
    pub tiles: bool,
    /// Extent of the input.
    pub input: Shape,
    /// Extent of the output.
    pub output: Shape,
}

/// The weights of a convolution as a model file holds them.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// Four weights a word, packed in a group: two outputs of two inputs.
    pub words: Packed<'a>,
    /// M, i16 an output.
    pub forward: &'a [u8],
    /// S, i16 an output.
    pub reverse: &'a [u8],
    /// B, i32 an output.
    pub biases: &'a [u8],
    /// n, m and k.
    pub shifts: [u8; 3],
}

/// Where a convolution's source and result lie.
#[derive(Debug)]
pub enum Buffers<'m> {
    /// Apart from each other: the source, and the result.
    Apart(&'m [i16], &'m mut [i16]),
    /// The result takes the source's place. Both have the same extent.
    InPlace(&'m mut [i16]),
}

impl Buffers<'_> {
    /// What is read.
    fn source(&self) -> &[i16] {
        match self {
            Buffers::Apart(source, _) => source,
            Buffers::InPlace(values) => values,
        }
    }

    /// What is written.
    fn result(&mut self) -> &mut [i16] {
        match self {
            Buffers::Apart(_, result) => result,
            Buffers::InPlace(values) => values,
        }
    }
}

impl Geometry {
    /// The extents of a layer.
    pub fn of(conv: &Conv, input: Shape, output: Shape) -> Self {
        Geometry { window: conv.window.map(usize::from), tiles: conv.tiles(), input, output }
    }

    /// Words of four bytes that a convolution works in, beside its source and its result. The same on every target.
    pub const fn scratch_words(&self, direction: Direction) -> usize {
        if self.tiles { tiles::scratch_words(self, direction) } else { window::scratch_words(self, direction) }
    }

    /// Values a pixel of the source and of the result.
    const fn channels(&self, direction: Direction) -> (usize, usize) {
        let (input, output) = (self.input.channels as usize, self.output.channels as usize);
        match direction {
            Direction::Forward => (input, output),
            Direction::Reverse => (output, input),
        }
    }
}

/// Computes a convolution, or its transpose, from one extent to the other.
///
/// Values outside of any of the slices count as zero or are dropped, which the extents that a plan checks rule out.
pub fn convolve(
    direction: Direction,
    geometry: &Geometry,
    weights: &Weights<'_>,
    buffers: Buffers<'_>,
    scratch: &mut [u32],
) {
    if geometry.tiles {
        tiles::convolve(direction, geometry, weights, buffers, scratch);
    } else {
        window::convolve(direction, geometry, weights, buffers, scratch);
    }
}
