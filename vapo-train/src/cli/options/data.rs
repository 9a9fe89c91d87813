//! A data set and a split of it.

use crate::cli::Failure;
use crate::dataset::{Dataset, Source, Split};
use std::path::Path;

/// One split of a data set.
///
/// # Errors
/// The files are missing or damaged, or a folder is given for what is built in.
pub(in crate::cli) fn load(source: Source, split: Split, folder: Option<&Path>) -> Result<Dataset, Failure> {
    match folder {
        Some(folder) if source == Source::Digits => Err(Failure::Usage(format!(
            "--data-dir {}: the digits are built in; say with --dataset what the files are",
            folder.display()
        ))),
        _ => Ok(Dataset::load(source, split, folder)?),
    }
}
