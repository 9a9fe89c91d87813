//! What a run learns that straightens the ways of a model: pairs of noise and image, the ends of these ways.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A run that begins as a model, its teacher, and learns from the ends of that one's ways in place of data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reflow {
    /// The teacher's file.
    pub teacher: PathBuf,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
    /// Pairs that are kept, at most.
    pub pairs: u64,
    /// Share of the pairs that begin with an image of the data, 0 to 1; the others begin with noise.
    pub real: f32,
}
