//! Why a model file or an architecture is refused.

use core::fmt;

/// Why [`crate::Model::parse`] or [`crate::Writer`] refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The input ends before the model does.
    TooShort {
        /// Bytes that the model needs.
        expected: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// The input goes on after the model's end.
    TooLong {
        /// Bytes that the model needs.
        expected: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// The first four bytes are not `VAPO`.
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// The version of the format is not [`crate::model::VERSION`].
    Version {
        /// The file's version.
        found: u16,
    },
    /// The checksum of the contents is not the one stored.
    Checksum {
        /// CRC-32 computed from the contents.
        computed: u32,
        /// CRC-32 stored at the end.
        stored: u32,
    },
    /// The header is not the one postcard encoding of an architecture and an encoding of weights, padded with zeros, with
    /// or without the bytes of a threshold after it.
    Header,
    /// The header's architecture breaks a rule.
    Architecture(ArchitectureError),
    /// The anomaly threshold is none: see [`crate::Threshold`].
    Threshold,
    /// A scale or a bias, or a float weight, is infinite or not a number, or a scale is negative or so large (2¹²¹ or
    /// more) that a weight would be infinite.
    Number {
        /// Position of the matrix in the file, from 0.
        matrix: u16,
    },
    /// Bytes after a matrix, up to a multiple of four, are not zero.
    Padding {
        /// Position of the matrix in the file, from 0.
        matrix: u16,
    },
    /// A matrix given to the writer has another extent or encoding than the architecture's next one, or there is no
    /// next one.
    Extent {
        /// Position of the matrix in the file, from 0.
        matrix: u16,
    },
    /// The writer was finished before all matrices were given.
    Unfinished {
        /// Matrices that the architecture has.
        expected: u16,
        /// Matrices that were given.
        found: u16,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TooShort { expected, found } => {
                write!(f, "the model needs {expected} bytes, only {found} are there: the file was cut off")
            }
            Error::TooLong { expected, found } => {
                write!(f, "the model ends after {expected} bytes, but {found} are there: give its own bytes only")
            }
            Error::Magic { found } => {
                write!(f, "a model starts with the bytes `VAPO`, this starts with {found:02x?}: it is not a .vapo file")
            }
            Error::Version { found } => {
                write!(
                    f,
                    "format version {found} is not version {}: write the file anew with this version's trainer",
                    crate::model::VERSION
                )
            }
            Error::Checksum { computed, stored } => {
                write!(
                    f,
                    "the checksum of the contents is {computed:08x}, the file says {stored:08x}: the file is damaged"
                )
            }
            Error::Header => {
                f.write_str("the header is not one of a model: the file is damaged or was not written by a trainer")
            }
            Error::Architecture(error) => write!(f, "the architecture is refused: {error}"),
            Error::Threshold => f.write_str(
                "an anomaly threshold has a finite energy, a time from 0 to 1 (below 1 for the linear homotopy) and a rate \
                 between 0 and 1, found another number: choose the threshold anew",
            ),
            Error::Number { matrix } => {
                write!(
                    f,
                    "matrix {matrix} must hold finite numbers, and scales from 0 to below 2^121, found another: \
                     train or quantise anew"
                )
            }
            Error::Padding { matrix } => {
                write!(f, "the padding after matrix {matrix} must be zero, found another byte: write the file anew")
            }
            Error::Extent { matrix } => {
                write!(
                    f,
                    "matrix {matrix} has another extent or encoding than the architecture says, or is one too many: \
                     give the matrices of `Architecture::matrices`, in order"
                )
            }
            Error::Unfinished { expected, found } => {
                write!(f, "the architecture has {expected} matrices, only {found} were written: write the others first")
            }
        }
    }
}

impl core::error::Error for Error {}

impl From<ArchitectureError> for Error {
    fn from(error: ArchitectureError) -> Self {
        Error::Architecture(error)
    }
}

/// Why [`crate::Architecture::validate`] refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchitectureError {
    /// A height, width, channel count or embedding outside 1 to [`crate::architecture::MAX_EXTENT`].
    Extent {
        /// The extent.
        found: u16,
    },
    /// A layer halves an odd height or width.
    OddExtent {
        /// Rows of its input.
        height: u16,
        /// Columns of its input.
        width: u16,
    },
    /// An activation of more than [`crate::architecture::MAX_ACTIVATION`] elements.
    Activation {
        /// Its elements.
        elements: u32,
    },
    /// The last layer is no head, or a head is not the last layer.
    Head,
}

impl fmt::Display for ArchitectureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::architecture::{MAX_ACTIVATION, MAX_EXTENT};
        match self {
            ArchitectureError::Extent { found } => {
                write!(f, "heights, widths, channels and embedding lie in 1 to {MAX_EXTENT}, found {found}")
            }
            ArchitectureError::OddExtent { height, width } => {
                write!(f, "a layer halves height and width, so both must be even, found {height}×{width}")
            }
            ArchitectureError::Activation { elements } => {
                write!(f, "an activation has at most {MAX_ACTIVATION} elements, found {elements}")
            }
            ArchitectureError::Head => f.write_str("the last layer, and only the last, is a head"),
        }
    }
}

impl core::error::Error for ArchitectureError {}

/// A text is not one of the names that its type has. Whoever parsed the text knows it and can print it beside this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError {
    /// The names.
    pub expected: &'static str,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl core::error::Error for NameError {}
