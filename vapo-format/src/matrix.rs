//! One weight matrix: `rows` inputs by `columns` outputs, row-major, so that y = x·W + b.
//!
//! The rows of a convolution run over its taps row by row, and over the input channels within a tap.
//! On file, a matrix of float arithmetic is its biases (f32 a column), its scales (f32 a column) but for
//! [`Encoding::Float32`], its weights, and zero bytes up to a multiple of four. A matrix of integer arithmetic is its biases
//! (i32 a column), its multipliers forward and in reverse (i16 a column), its shifts, its weights in words of two inputs by
//! two outputs, and zero bytes up to a multiple of four. [`crate::packed`] says how weights of few bits lie.
//!
//! # Example
//!
//! ```
//! use vapo_format::matrix::{floats, halves, integers};
//! use vapo_format::{Bits, Encoding, Matrix, MatrixShape};
//! use vapo_format::matrix::Weights;
//!
//! // A 3×3 convolution of 2 channels into 4, of node 3.
//! let shape = MatrixShape { node: 3, window: [3, 3], rows: 9 * 2, columns: 4 };
//! assert_eq!((shape.taps(), shape.channels(), shape.parameters()), (9, 2, 19 * 4));
//! assert_eq!(shape.bits(Encoding::Int4), Some(Bits::Eight)); // few input channels keep 8 bits
//!
//! let bytes = vec![0; shape.bytes(Encoding::Int8)];
//! let Some((matrix, rest)) = Matrix::split_first(&bytes, shape, Encoding::Int8) else { unreachable!("all bytes are there") };
//! assert!(rest.is_empty() && matrix.biases().eq([0.0; 4]));
//! let Weights::Scaled { values, scales } = matrix.weights else { unreachable!("they are bytes with scales") };
//! assert_eq!((values.first(72).count(), floats(scales).count()), (72, 4));
//!
//! // What lies in a file is little-endian.
//! assert!(halves(&[1, 0]).eq([1]) && integers(&[1, 0, 0, 0]).eq([1]));
//! ```

use crate::encoding::{Arithmetic, Encoding, NARROW};
use crate::fixed_point::Shifts;
use crate::packed::{Bits, GROUP, Packed};
use core::fmt;

/// Whether a number may be the scale of a column: not negative, and below 2¹²¹, so that -128 times it is finite.
pub(crate) fn is_scale(scale: f32) -> bool {
    const END: f32 = f32::from_bits((127 + 121) << 23);
    (0.0..END).contains(&scale)
}

/// Extent of a matrix, known from the architecture alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatrixShape {
    /// Index of the node that it belongs to.
    pub node: u16,
    /// Rows and columns of the window whose pixels are the input.
    pub window: [usize; 2],
    /// Inputs.
    pub rows: usize,
    /// Outputs.
    pub columns: usize,
}

/// The node that it belongs to: `nodes.7`.
impl fmt::Display for MatrixShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nodes.{}", self.node)
    }
}

impl MatrixShape {
    /// Weights and biases.
    pub const fn parameters(&self) -> usize {
        self.rows.saturating_add(1).saturating_mul(self.columns)
    }

    /// Bits of its weights; none for floats.
    pub const fn bits(&self, encoding: Encoding) -> Option<Bits> {
        match encoding.bits() {
            Some(_) if self.channels() <= NARROW => Some(Bits::Eight),
            bits => bits,
        }
    }

    /// Bytes on file, padding included. Exact for a matrix of an architecture that validates; no extent overflows.
    pub const fn bytes(&self, encoding: Encoding) -> usize {
        let (a_column, shifts) = match (encoding.arithmetic(), encoding.bits()) {
            (Arithmetic::Float, None) => (4, 0),
            (Arithmetic::Float, Some(_)) => (8, 0),
            (Arithmetic::Integer, _) => (8, SHIFTS),
        };
        padded(self.weight_bytes(encoding)).saturating_add(shifts).saturating_add(self.columns.saturating_mul(a_column))
    }

    /// Bytes of the weights alone.
    const fn weight_bytes(&self, encoding: Encoding) -> usize {
        // Saturates where the size does not fit a `usize`; no slice is that long.
        let weights = self.rows.saturating_mul(self.columns);
        match (encoding.arithmetic(), self.bits(encoding)) {
            (_, None) => weights.saturating_mul(4),
            // Nothing fills the last group: bytes are padded.
            (Arithmetic::Float, Some(Bits::Eight)) => weights,
            (Arithmetic::Float, Some(bits)) => bits.bytes(weights),
            (Arithmetic::Integer, Some(bits)) => bits.bytes(self.words().saturating_mul(GROUP)),
        }
    }

    /// Input channels.
    pub const fn channels(&self) -> usize {
        match self.rows.checked_div(self.taps()) {
            Some(channels) => channels,
            None => 0,
        }
    }

    /// Pixels of the window.
    pub const fn taps(&self) -> usize {
        let [rows, columns] = self.window;
        rows * columns
    }

    /// Words of two inputs by two outputs.
    const fn words(&self) -> usize {
        let pairs = self.channels().div_ceil(2).saturating_mul(self.columns.div_ceil(2));
        self.taps().saturating_mul(pairs)
    }
}

/// Bytes of the three shifts, padded.
const SHIFTS: usize = 4;

/// The next multiple of four, or `usize::MAX`.
const fn padded(bytes: usize) -> usize {
    bytes.saturating_add(bytes.wrapping_neg() % 4)
}

/// A view of one matrix in a model's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix<'a> {
    /// Inputs.
    pub rows: usize,
    /// Outputs.
    pub columns: usize,
    /// Biases, one a column: little-endian f32, or i32 for integer arithmetic.
    pub biases: &'a [u8],
    /// The weights in their encoding.
    pub weights: Weights<'a>,
}

/// Borrowed weights, row-major but for [`Weights::Integer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights<'a> {
    /// Integers, to be multiplied by the scale of their column.
    Scaled {
        /// The integers.
        values: Packed<'a>,
        /// Little-endian f32, one a column.
        scales: &'a [u8],
    },
    /// Little-endian f32.
    Float32 {
        /// Four bytes a weight.
        values: &'a [u8],
    },
    /// Integers, and what makes activations of their sums.
    Integer {
        /// Words of two inputs by two outputs, a group each. The word of the inputs c and c + 1 and the outputs o and o + 1 is
        /// w(c, o), w(c, o + 1), w(c + 1, o), w(c + 1, o + 1); those past the last input or output are zero. Words run over
        /// a row of the window's pixels, then over pairs of input channels, then over the window's rows, then over pairs of
        /// outputs.
        words: Packed<'a>,
        /// Multipliers forward, little-endian i16, one a column.
        forward: &'a [u8],
        /// Multipliers in reverse, little-endian i16, one a column.
        reverse: &'a [u8],
        /// The shifts.
        shifts: Shifts,
    },
}

/// Bytes of a matrix that are zero: after its shifts, and at its end.
pub(crate) type Padding<'a> = [&'a [u8]; 2];

impl<'a> Matrix<'a> {
    /// Splits the first matrix, of a known extent, off `bytes`; none if they are too few.
    pub fn split_first(bytes: &'a [u8], shape: MatrixShape, encoding: Encoding) -> Option<(Self, &'a [u8])> {
        let (matrix, _, rest) = Matrix::split_padded(bytes, shape, encoding)?;
        Some((matrix, rest))
    }

    /// [`Matrix::split_first`] that also returns the padding.
    pub(crate) fn split_padded(
        bytes: &'a [u8],
        shape: MatrixShape,
        encoding: Encoding,
    ) -> Option<(Self, Padding<'a>, &'a [u8])> {
        let MatrixShape { rows, columns, .. } = shape;
        // Once this split succeeds, the products below fit a usize: each is at most the length of a slice.
        let (matrix, rest) = bytes.split_at_checked(shape.bytes(encoding))?;
        let (biases, matrix) = matrix.split_at_checked(4 * columns)?;
        let length = shape.weight_bytes(encoding);
        let (weights, padding) = match (encoding.arithmetic(), shape.bits(encoding)) {
            (Arithmetic::Float, Some(bits)) => {
                let (scales, matrix) = matrix.split_at_checked(4 * columns)?;
                let (bytes, padding) = matrix.split_at_checked(length)?;
                (Weights::Scaled { values: Packed { bytes, bits }, scales }, [[].as_slice(), padding])
            }
            (_, None) => {
                let (values, padding) = matrix.split_at_checked(length)?;
                (Weights::Float32 { values }, [[].as_slice(), padding])
            }
            (Arithmetic::Integer, Some(bits)) => {
                let (forward, matrix) = matrix.split_at_checked(2 * columns)?;
                let (reverse, matrix) = matrix.split_at_checked(2 * columns)?;
                let (&[forward_shift, reverse_shift, sum], matrix) = matrix.split_first_chunk()?;
                let (after_shifts, matrix) = matrix.split_at_checked(1)?;
                let (bytes, padding) = matrix.split_at_checked(length)?;
                let shifts = Shifts { forward: forward_shift, reverse: reverse_shift, sum };
                (Weights::Integer { words: Packed { bytes, bits }, forward, reverse, shifts }, [after_shifts, padding])
            }
        };
        Some((Matrix { rows, columns, biases, weights }, padding, rest))
    }

    /// The biases of float arithmetic.
    pub fn biases(&self) -> impl Iterator<Item = f32> + 'a {
        floats(self.biases)
    }
}

/// Little-endian i16 values of a byte slice.
pub fn halves(bytes: &[u8]) -> impl Iterator<Item = i16> + '_ {
    bytes.as_chunks().0.iter().map(|&chunk| i16::from_le_bytes(chunk))
}

/// Little-endian i32 values of a byte slice.
pub fn integers(bytes: &[u8]) -> impl Iterator<Item = i32> + '_ {
    bytes.as_chunks().0.iter().map(|&chunk| i32::from_le_bytes(chunk))
}

/// Little-endian f32 values of a byte slice.
pub fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    bytes.as_chunks().0.iter().map(|&chunk| f32::from_le_bytes(chunk))
}
