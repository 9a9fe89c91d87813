//! Why a checkpoint is refused.

use safetensors::{Dtype, SafeTensorError};
use std::io;
use std::path::{Path, PathBuf};

/// Why a checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be read or written.
    #[error("cannot read or write {}: {cause}", path.display())]
    Access {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The contents are damaged or those of another architecture.
    #[error("{}: {cause}", path.display())]
    Contents {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: Mismatch,
    },
}

/// How the contents of a checkpoint differ from what the architecture asks for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// No safetensors file.
    #[error("expected a safetensors file, found something else or a damaged one ({0})")]
    Format(#[from] SafeTensorError),
    /// The bytes are not those that were written.
    #[error(transparent)]
    Checksum(#[from] crate::files::seal::Broken),
    /// A tensor is not there.
    #[error("expected a tensor `{name}`, found none: the checkpoint is of another architecture or version")]
    Missing {
        /// The tensor.
        name: String,
    },
    /// A tensor is there that no one asked for.
    #[error("expected no tensor `{name}`: the checkpoint is of another architecture or version")]
    Unexpected {
        /// The tensor.
        name: String,
    },
    /// A tensor is of another type or shape.
    #[error("expected `{name}` as {} of shape {:?}, found {} of shape {:?}", expected.0, expected.1, found.0, found.1)]
    Kind {
        /// The tensor.
        name: String,
        /// Type and shape by the architecture.
        expected: (Dtype, Vec<usize>),
        /// Type and shape in the file.
        found: (Dtype, Vec<usize>),
    },
    /// A number that no training produces: infinite, not a number, or a negative mean of squares.
    #[error("expected finite numbers in `{name}` (and none negative in a second moment), found {found} at {index}")]
    Number {
        /// The tensor.
        name: String,
        /// Position in row-major order.
        index: usize,
        /// The number.
        found: f32,
    },
    /// A vector to be written is not as long as the architecture has parameters.
    #[error("expected {expected} numbers of `{name}`, found {found}")]
    Length {
        /// The vector.
        name: &'static str,
        /// Parameters of the architecture.
        expected: usize,
        /// Numbers given.
        found: usize,
    },
}

pub(super) fn access(path: &Path) -> impl FnOnce(io::Error) -> CheckpointError {
    move |cause| CheckpointError::Access { path: path.to_owned(), cause }
}

pub(crate) fn contents(path: &Path) -> impl FnOnce(Mismatch) -> CheckpointError {
    move |cause| CheckpointError::Contents { path: path.to_owned(), cause }
}
