//! What a run begins with that does not begin with random weights: those of a model.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The model whose weights a run begins with. The run needs its file before the first step alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The model's file.
    pub model: PathBuf,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
}
