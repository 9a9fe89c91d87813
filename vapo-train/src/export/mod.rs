//! Images to files that other programs read, a chunk at a time: a great many need no memory to match. And a model to sources.
//!
//! | module | concept |
//! |---|---|
//! | [`format`](mod@format) | kinds of files, told by their names |
//! | [`writer`] | takes chunks of samples, and leaves the whole or nothing |
//! | [`folder`] | a flat folder of PNG files |
//! | `archive` | `.npy` and `.npz` |
//! | `npy` | samples as the bytes of an array |
//! | [`c`] | a model as sources of C |
//! | [`picture`] | grids and curves for people to look at |

mod archive;
pub mod c;
pub mod folder;
pub mod format;
mod npy;
pub mod picture;
pub mod writer;

pub use format::Format;
pub use npy::npy;
pub use writer::Writer;

use crate::export::picture::PictureError;
use std::io;
use std::path::{Path, PathBuf};

/// Why images were not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// No picture can be made of them.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// What the system says.
    #[error("cannot write {}: {cause}", path.display())]
    Access {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// A folder that `--force` would replace holds files that this program did not write.
    #[error(
        "{} holds {}, which is no picture of this program, and is not replaced: give another name",
        path.display(),
        found.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// A file in it.
        found: PathBuf,
    },
    /// More or fewer images than announced.
    #[error("expected {expected} images, found {found}")]
    Count {
        /// Announced.
        expected: usize,
        /// Given.
        found: usize,
    },
}

/// Wraps what the system says about `path`.
fn access<E: Into<io::Error>>(path: &Path) -> impl FnOnce(E) -> ExportError {
    move |cause| ExportError::Access { path: path.to_owned(), cause: cause.into() }
}
