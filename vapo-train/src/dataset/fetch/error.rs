//! Why a file could not be had.

use std::io;
use std::path::PathBuf;

/// Why [`crate::dataset::fetch::Client::fetch`] failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// A file of the name is there, and is another one.
    #[error(
        "{} is there with the MD5 sum {found}, expected {expected}: move it away, or replace it with --force",
        path.display()
    )]
    Differs {
        /// The file.
        path: PathBuf,
        /// The sum of the published file.
        expected: String,
        /// The sum of the file that is there.
        found: String,
    },
    /// Somebody else is writing the unfinished file.
    #[error("{} is being written by another program: wait for it, or give another --data-dir", path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("cannot read or write {}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The server cannot be reached, or stopped answering.
    #[error("{url}: {cause}: check the connection, or name a mirror with --base")]
    Connection {
        /// What was asked for.
        url: String,
        /// What went wrong.
        cause: String,
    },
    /// The server answered with a status that brings no file.
    #[error("{url}: the server answered with status {status}: name a mirror that has the file with --base")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer ended early.
    #[error("{url}: the answer ended after {found} of {expected} bytes")]
    CutOff {
        /// What was asked for.
        url: String,
        /// Bytes of the file.
        expected: u64,
        /// Bytes that came, now and earlier.
        found: u64,
    },
    /// More came than a published file has.
    #[error(
        "{url}: expected a file of at most {most} bytes, found more; nothing was kept: name another mirror with --base"
    )]
    TooLong {
        /// What was asked for.
        url: String,
        /// Bytes that are taken, at most.
        most: u64,
    },
    /// What came is not the published file.
    #[error(
        "{url}: expected a file with the MD5 sum {expected}, found {found}; nothing was kept: name another mirror with \
         --base"
    )]
    Checksum {
        /// What was asked for.
        url: String,
        /// The sum of the published file.
        expected: String,
        /// The sum of what came.
        found: String,
    },
    /// It failed as often as was allowed, with some of the file there.
    #[error("{cause}; {received} bytes are kept in {}: the same command goes on from there", part.display())]
    Unfinished {
        /// The last failure.
        cause: Box<FetchError>,
        /// Where the first part of the file is.
        part: PathBuf,
        /// Its bytes.
        received: u64,
    },
}

impl FetchError {
    /// Whether the next try may succeed.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            FetchError::Connection { .. } | FetchError::CutOff { .. } => true,
            FetchError::Status { status, .. } => matches!(status, 408 | 429 | 500..),
            _ => false,
        }
    }
}
