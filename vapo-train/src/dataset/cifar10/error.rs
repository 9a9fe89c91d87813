//! What is wrong with a file of CIFAR-10.

use super::pickle::PickleError;
use super::{RECORD, RECORDS};
use std::io;

/// What is wrong with a file of CIFAR-10.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CifarError {
    /// A file has another size than 10,000 records.
    #[error(
        "expected {name} of {} bytes ({RECORDS} records of {RECORD}), found {found}: this is another file or it was \
         cut off, get it anew with `vapo-train fetch cifar10`", RECORDS * RECORD
    )]
    Size {
        /// The file.
        name: &'static str,
        /// Its bytes; where it is too long, no more than one beyond those expected.
        found: u64,
    },
    /// A label that is no class.
    #[error("expected labels 0 to 9, found {found} in record {record} of {name}: this is another kind of file")]
    Label {
        /// The file.
        name: &'static str,
        /// The record, from 0.
        record: usize,
        /// Its label.
        found: i64,
    },
    /// The archive, or the folder, lacks a file.
    #[error("expected {name}, found none: get the whole set with `vapo-train fetch cifar10`")]
    Member {
        /// The file.
        name: &'static str,
    },
    /// The archive cannot be read to its end.
    #[error("the archive is damaged or cut off ({0}): get it anew with `vapo-train fetch cifar10`")]
    Archive(io::Error),
    /// A file of the Python version cannot be read.
    #[error("{name}: {cause}")]
    Pickle {
        /// The file.
        name: &'static str,
        /// Why.
        cause: PickleError,
    },
    /// A file of the Python version does not hold what it should.
    #[error("expected {expected} in {name}, found {found}: this is another kind of file")]
    Contents {
        /// The file.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
}
