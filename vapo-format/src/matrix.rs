//! One weight matrix: `rows` inputs by `columns` outputs, row-major, so that y = x·W + b.
//!
//! The rows of a convolution run over its taps row by row, and over the input channels within a tap.
//! On file, a matrix is its biases (f32 a column), for [`Encoding::Int8`] its scales (f32 a column), its
//! weights, and zero bytes up to a multiple of four.

use crate::error::NameError;
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
}

/// `int8` or `float32`.
impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encoding::Int8 => "int8",
            Encoding::Float32 => "float32",
        })
    }
}

impl FromStr for Encoding {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "int8" => Ok(Encoding::Int8),
            "float32" => Ok(Encoding::Float32),
            _ => Err(NameError { expected: "int8 or float32" }),
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
        bytes(self.rows, self.columns, encoding)
    }
}

/// Saturates where the size does not fit a `usize`; no slice is that long.
const fn bytes(rows: usize, columns: usize, encoding: Encoding) -> usize {
    let weights = rows.saturating_mul(columns);
    let (a_column, weights) = match encoding {
        Encoding::Int8 => (8, padded(weights)),
        Encoding::Float32 => (4, weights.saturating_mul(4)),
    };
    weights.saturating_add(columns.saturating_mul(a_column))
}

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
    /// Biases, little-endian f32, one a column.
    pub biases: &'a [u8],
    /// The weights in their encoding.
    pub weights: Weights<'a>,
}

/// Borrowed weights, row-major.
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
}

impl<'a> Matrix<'a> {
    /// Splits the first matrix, of a known extent, off `bytes`; none if they are too few.
    pub fn split_first(bytes: &'a [u8], rows: usize, columns: usize, encoding: Encoding) -> Option<(Self, &'a [u8])> {
        let (matrix, _, rest) = Matrix::split_padded(bytes, rows, columns, encoding)?;
        Some((matrix, rest))
    }

    /// [`Matrix::split_first`] that also returns the padding, between the matrix and the rest.
    pub(crate) fn split_padded(
        bytes: &'a [u8],
        rows: usize,
        columns: usize,
        encoding: Encoding,
    ) -> Option<(Self, &'a [u8], &'a [u8])> {
        // Once this split succeeds, the products below fit a usize: each is at most the length of a slice.
        let (matrix, rest) = bytes.split_at_checked(self::bytes(rows, columns, encoding))?;
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
        };
        Some((Matrix { rows, columns, biases, weights }, padding, rest))
    }

    /// The biases as numbers.
    pub fn biases(&self) -> impl Iterator<Item = f32> + 'a {
        floats(self.biases)
    }
}

/// Little-endian f32 values of a byte slice.
pub fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    bytes.as_chunks().0.iter().map(|&chunk| f32::from_le_bytes(chunk))
}
