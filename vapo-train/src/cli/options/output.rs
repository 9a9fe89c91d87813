//! The file that a command writes.

use crate::cli::Failure;
use crate::run::card::Card;
use crate::run::write_atomically;
use std::path::Path;

/// Refuses to overwrite, before any work is done.
///
/// # Errors
/// `path` exists and `force` is not given.
pub(in crate::cli) fn refuse_existing(path: &Path, force: bool) -> Result<(), Failure> {
    if path.exists() && !force {
        return Err(Failure::Usage(format!(
            "--out {}: the file exists; give another name, or --force to replace it",
            path.display()
        )));
    }
    Ok(())
}

/// Writes a file as a whole or not at all.
///
/// # Errors
/// What the system says.
pub(in crate::cli) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_atomically(path, bytes)
        .map_err(|cause| Failure::Other(format!("cannot write {}: {cause}", path.display()).into()))
}

/// Writes a command's result, and beside it the card that says how to repeat it.
///
/// # Errors
/// What the system says.
pub(in crate::cli) fn write_with_card(path: &Path, bytes: &[u8], card: &Card) -> Result<(), Failure> {
    write(path, bytes)?;
    write(&Card::path_beside(path), card.json().as_bytes())
}
