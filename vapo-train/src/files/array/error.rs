//! Why an array cannot be read.

use std::io;

/// Why a file of arrays, or an array in it, cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayFileError {
    /// The file is no `.npy` file.
    #[error("{array}: the header is not one of NumPy's ({cause}): expected what numpy.save writes")]
    Header {
        /// The array.
        array: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The file is no `.npz` file.
    #[error("the archive is damaged or cut off ({0}): expected what numpy.savez writes, get the file anew")]
    Archive(String),
    /// The file is a `.npy` file where an archive is asked for.
    #[error("this is a single array (.npy): expected an archive, as numpy.savez(FILE, NAME=x) writes it")]
    Single,
    /// The archive is whole, but of another kind than NumPy's.
    #[error("the archive is not read ({0}): expected what numpy.savez or numpy.savez_compressed writes")]
    Unsupported(String),
    /// The archive lacks an array.
    #[error("expected an array {array} in the archive, found {found}")]
    Missing {
        /// The array.
        array: String,
        /// The arrays that there are.
        found: String,
    },
    /// The values cannot be read.
    #[error("{array}: the values cannot be read ({cause}): get the file anew")]
    Read {
        /// The array.
        array: String,
        /// What the system or the archive says.
        cause: io::Error,
    },
    /// The values end too early, or go on where they should end.
    #[error("{array}: expected {expected} bytes of values, found {}: the file was cut off or is damaged", length(*found, *expected))]
    Size {
        /// The array.
        array: String,
        /// Bytes that the header asks for.
        expected: u64,
        /// Bytes that there are, or at least one too many.
        found: u64,
    },
    /// The values are compressed more than images can be.
    #[error(
        "{array}: its compressed bytes unpack to {expected} bytes, more than the {most} that are taken of so few: it \
         holds next to nothing, or is damaged"
    )]
    Inflation {
        /// The array.
        array: String,
        /// Bytes that the header asks for.
        expected: u64,
        /// Bytes that are taken.
        most: u64,
    },
    /// The values do not fit memory.
    #[error("{array}: its {expected} bytes of values are more than memory holds")]
    Memory {
        /// The array.
        array: String,
        /// Bytes that the header asks for.
        expected: u64,
    },
}

fn length(found: u64, expected: u64) -> String {
    if found > expected { "more".to_owned() } else { found.to_string() }
}
