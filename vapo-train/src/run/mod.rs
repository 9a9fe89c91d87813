//! A run: the settings of a training, all of its files, and the state that it needs to continue.
//!
//! | module | concept |
//! |---|---|
//! | [`preset`] | networks by name |
//! | [`distillation`] | settings of learning from a teacher to draw in few evaluations |
//! | [`reflow`] | settings of learning straight paths from a teacher |
//! | [`start`] | the model whose weights a run begins with |
//! | [`config`] | all settings that decide what a run computes |
//! | [`checkpoint`] | the state from which a run continues |
//! | [`folder`] | the folder itself: created, refused or opened again |
//! | [`lock`] | one writer a folder |
//! | [`metrics`] | `metrics.jsonl`, a line for each logged step |

pub mod checkpoint;
pub mod config;
pub mod distillation;
pub mod folder;
pub mod lock;
pub mod metrics;
pub mod preset;
pub mod reflow;
pub mod start;

pub use folder::RunFolder;
pub use lock::Lock;
pub use metrics::{Metrics, MetricsLog, read_metrics};

use std::io;
use std::path::{Path, PathBuf};

/// Why a run folder or one of its files is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The folder holds a run already.
    #[error(
        "{} holds a run already: go on with it (--resume), replace it (--force) or give another folder",
        path.display()
    )]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// Another process writes to the folder.
    #[error(
        "{} is in use: {holder} writes to it; wait for its end, stop it, or give another folder",
        path.display()
    )]
    Busy {
        /// The folder.
        path: PathBuf,
        /// Which process, as far as it is known.
        holder: String,
    },
    /// The folder is not the one that was locked any more.
    #[error(
        "{} was removed, renamed or replaced while this training wrote to it: it stops, and writes nothing more there; \
         begin anew, or go on (--resume) with the folder where it is now",
        path.display()
    )]
    Lost {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds no run.
    #[error("{} holds no run: expected a file {}, found none; give the folder of a training", path.display(), folder::CONFIG)]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// A file or a folder cannot be read or written.
    #[error("cannot read or write {}: {cause}", path.display())]
    Access {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file does not hold the JSON it should.
    #[error("{}, line {line}: {cause}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        cause: serde_json::Error,
    },
}

/// Wraps what the system says about `path`.
fn access(path: &Path) -> impl FnOnce(io::Error) -> RunError {
    move |cause| RunError::Access { path: path.to_owned(), cause }
}
