//! One weight matrix: `rows` inputs by `columns` outputs, row-major, so that y = x·W + b.
//!
//! The rows of a convolution run over its taps row by row, and over the input channels within a tap.
//! On file, a matrix of float arithmetic is its biases (f32 a column), for [`Encoding::Int8`] its scales (f32 a column), its
//! weights, and zero bytes up to a multiple of four. A matrix of integer arithmetic is its biases (i32 a column), its
//! multipliers forward and in reverse (i16 a column), its shifts, and its weights in words of two inputs by two outputs.

use crate::error::NameError;
use crate::fixed_point::Shifts;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// i8 weights, symmetric, times an f32 scale for each output channel.
    Int8,
    /// f32 weights, little-endian.
    Float32,
    /// i8 weights with the multipliers of integer arithmetic.
    Integer,
}

/// What a potential is computed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// f32.
    Float,
    /// i16 activations, i32 sums: see [`crate::fixed_point`].
    Integer,
}

impl Arithmetic {
    /// Bytes of an element of an activation.
    pub const fn element(self) -> usize {
        match self {
            Arithmetic::Float => 4,
            Arithmetic::Integer => 2,
        }
    }
}

/// `float` or `integer`.
impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Arithmetic::Float => "float",
            Arithmetic::Integer => "integer",
        })
    }
}

impl Encoding {
    /// What a potential with such weights is computed in.
    pub const fn arithmetic(self) -> Arithmetic {
        match self {
            Encoding::Int8 | Encoding::Float32 => Arithmetic::Float,
            Encoding::Integer => Arithmetic::Integer,
        }
    }
}

/// `int8`, `float32` or `integer`.
impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encoding::Int8 => "int8",
            Encoding::Float32 => "float32",
            Encoding::Integer => "integer",
        })
    }
}

impl FromStr for Encoding {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "int8" => Ok(Encoding::Int8),
            "float32" => Ok(Encoding::Float32),
            "integer" => Ok(Encoding::Integer),
            _ => Err(NameError { expected: "int8, float32 or integer" }),
        }
    }
}

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

    /// Bytes on file, padding included. Exact for a matrix of an architecture that validates; no extent overflows.
    pub const fn bytes(&self, encoding: Encoding) -> usize {
        // Saturates where the size does not fit a `usize`; no slice is that long.
        let weights = self.rows.saturating_mul(self.columns);
        let (a_column, weights) = match encoding {
            Encoding::Int8 => (8, padded(weights)),
            Encoding::Float32 => (4, weights.saturating_mul(4)),
            Encoding::Integer => (8, self.word_bytes().saturating_add(SHIFTS)),
        };
        weights.saturating_add(self.columns.saturating_mul(a_column))
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

    /// Bytes of all words of two inputs by two outputs.
    const fn word_bytes(&self) -> usize {
        let pairs = self.channels().div_ceil(2).saturating_mul(self.columns.div_ceil(2));
        self.taps().saturating_mul(pairs).saturating_mul(4)
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
    /// Two's complement bytes, to be multiplied by the scale of their column.
    Int8 {
        /// One byte a weight.
        values: &'a [u8],
        /// Little-endian f32, one a column.
        scales: &'a [u8],
    },
    /// Little-endian f32.
    Float32 {
        /// Four bytes a weight.
        values: &'a [u8],
    },
    /// Two's complement bytes, and what makes activations of their sums.
    Integer {
        /// Words of two inputs by two outputs. The word of the inputs c and c + 1 and the outputs o and o + 1 is the bytes
        /// w(c, o), w(c, o + 1), w(c + 1, o), w(c + 1, o + 1); those past the last input or output are zero. Words run over
        /// a row of the window's pixels, then over pairs of input channels, then over the window's rows, then over pairs of
        /// outputs.
        words: &'a [u8],
        /// Multipliers forward, little-endian i16, one a column.
        forward: &'a [u8],
        /// Multipliers in reverse, little-endian i16, one a column.
        reverse: &'a [u8],
        /// The shifts.
        shifts: Shifts,
    },
}

impl<'a> Matrix<'a> {
    /// Splits the first matrix, of a known extent, off `bytes`; none if they are too few.
    pub fn split_first(bytes: &'a [u8], shape: MatrixShape, encoding: Encoding) -> Option<(Self, &'a [u8])> {
        let (matrix, _, rest) = Matrix::split_padded(bytes, shape, encoding)?;
        Some((matrix, rest))
    }

    /// [`Matrix::split_first`] that also returns the padding, between the matrix and the rest.
    pub(crate) fn split_padded(
        bytes: &'a [u8],
        shape: MatrixShape,
        encoding: Encoding,
    ) -> Option<(Self, &'a [u8], &'a [u8])> {
        let MatrixShape { rows, columns, .. } = shape;
        // Once this split succeeds, the products below fit a usize: each is at most the length of a slice.
        let (matrix, rest) = bytes.split_at_checked(shape.bytes(encoding))?;
        let (biases, matrix) = matrix.split_at_checked(4 * columns)?;
        let (weights, padding) = match encoding {
            Encoding::Int8 => {
                let (scales, matrix) = matrix.split_at_checked(4 * columns)?;
                let (values, padding) = matrix.split_at_checked(rows * columns)?;
                (Weights::Int8 { values, scales }, padding)
            }
            Encoding::Float32 => {
                let (values, padding) = matrix.split_at_checked(4 * rows * columns)?;
                (Weights::Float32 { values }, padding)
            }
            Encoding::Integer => {
                let (forward, matrix) = matrix.split_at_checked(2 * columns)?;
                let (reverse, matrix) = matrix.split_at_checked(2 * columns)?;
                let (&[forward_shift, reverse_shift, sum], matrix) = matrix.split_first_chunk()?;
                let (padding, words) = matrix.split_at_checked(1)?;
                let shifts = Shifts { forward: forward_shift, reverse: reverse_shift, sum };
                (Weights::Integer { words, forward, reverse, shifts }, padding)
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
