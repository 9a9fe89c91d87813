//! `checkpoint.safetensors`: everything that a resumed training needs beside its configuration.
//!
//! | tensor | type and shape | |
//! |---|---|---|
//! | `step` | u64, no axes | steps done |
//! | `generator` | u32, 4 | state of the random generator |
//! | `parameters.MATRIX.weight` | f32, rows × columns | inputs × outputs, as in [`vapo_format::matrix`] |
//! | `parameters.MATRIX.bias` | f32, columns | |
//! | `ema.…` | likewise | exponential moving average of the parameters: what samples are drawn with |
//! | `first_moment.…` | likewise | moving average of the gradient: Adam's, or Muon's for the weights that it moves |
//! | `second_moment.…` | likewise | moving average of its square: Adam's, or zero |
//! | `before_rest.…` | all of the above again | as it was when weights came to rest; only there if they did |
//! | `run` | u8, 32 | digest of the run's settings: [`Config::digest`](crate::run::config::Config::digest); only there if its images are known |
//! | `sha256` | u8, 32 | SHA-256 of all bytes of the file before it; it is the last tensor |
//!
//! `MATRIX` is the node that it belongs to, `nodes.7` for instance.
//!
//! Files written before there were the last three are read: they are not checked, and their weights move. So are files of
//! before there were nodes, whose matrices have the names of an encoder's layers, `layers.1.conv1` for instance, and files
//! whose `run` is the digest of fewer settings.
//!
//! | module | concept |
//! |---|---|
//! | `file` | the tensors, written and read |
//! | [`error`] | why a checkpoint is refused |

pub mod error;
mod file;
#[cfg(test)]
mod tests;

pub use error::{CheckpointError, Mismatch};

use crate::files::{bounded, write_atomically};
use error::{access, contents};
use std::path::Path;
use vapo_format::Architecture;

/// Bytes of a checkpoint at most, beside its vectors.
const MAX_HEADERS: u64 = 1 << 20;

/// A training between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Its state.
    pub now: Snapshot,
    /// Its state just before weights came to rest, with float weights; none while they move.
    pub before_rest: Option<Snapshot>,
    /// Which run it is of: [`Config::digest`](crate::run::config::Config::digest), where that is known.
    pub run: Option<[u8; 32]>,
}

/// State of a training between two steps. Each vector is [`Architecture::parameters`] long: for each matrix of
/// [`Architecture::matrices`] its weights, row-major, then its biases.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Steps done.
    pub step: u64,
    /// Weights and biases.
    pub parameters: Vec<f32>,
    /// Exponential moving average of the parameters.
    pub ema: Vec<f32>,
    /// The optimiser's mean of the gradient.
    pub first_moment: Vec<f32>,
    /// The optimiser's mean of the squared gradient.
    pub second_moment: Vec<f32>,
    /// State of the random generator.
    pub generator: [u32; 4],
}

impl Checkpoint {
    /// The training as it was when its weights last moved.
    pub fn rewound(self) -> Self {
        Checkpoint { now: self.before_rest.unwrap_or(self.now), before_rest: None, ..self }
    }

    /// Writes the file at `path`, whole or not at all.
    ///
    /// # Errors
    /// As [`Checkpoint::to_bytes`], and [`CheckpointError::Access`] where the system refuses. An older checkpoint of
    /// that name then still stands.
    pub fn save(&self, path: &Path, architecture: &Architecture) -> Result<(), CheckpointError> {
        let bytes = self.to_bytes(architecture).map_err(contents(path))?;
        write_atomically(path, &bytes).map_err(access(path))
    }

    /// Reads the file at `path`, written for the same architecture.
    ///
    /// # Errors
    /// As [`Checkpoint::from_bytes`], and [`CheckpointError::Access`] where the system refuses.
    pub fn load(path: &Path, architecture: &Architecture) -> Result<Self, CheckpointError> {
        // Two snapshots of four vectors, and twice that for safety.
        let most = MAX_HEADERS + 16 * 4 * architecture.parameters() as u64;
        let bytes = bounded::read_file(path, most).map_err(access(path))?;
        Self::from_bytes(&bytes, architecture).map_err(contents(path))
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Mismatch::Length`] for a vector of another length, [`Mismatch::Number`] for numbers that could not be loaded.
    pub fn to_bytes(&self, architecture: &Architecture) -> Result<Vec<u8>, Mismatch> {
        file::to_bytes(self, architecture)
    }

    /// Reads the bytes of a file, written for the same architecture.
    ///
    /// # Errors
    /// [`Mismatch::Checksum`] for a damaged file; else the first difference from what the architecture asks for.
    pub fn from_bytes(bytes: &[u8], architecture: &Architecture) -> Result<Self, Mismatch> {
        file::from_bytes(bytes, architecture)
    }
}
