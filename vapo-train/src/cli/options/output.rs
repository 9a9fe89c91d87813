//! The file that a command writes.

use crate::cli::Failure;
use crate::export::Format;
use crate::run::card::Card;
use crate::run::write_atomically;
use std::path::Path;

/// Refuses to overwrite, before any work is done.
///
/// # Errors
/// `path` exists and `force` is not given.
pub(in crate::cli) fn refuse_existing(path: &Path, force: bool) -> Result<(), Failure> {
    refuse_existing_as("--out", path, force)
}

/// As [`refuse_existing`], for a file of another option.
///
/// # Errors
/// `path` exists and `force` is not given.
pub(in crate::cli) fn refuse_existing_as(option: &str, path: &Path, force: bool) -> Result<(), Failure> {
    if path.exists() && !force {
        return Err(Failure::Usage(format!(
            "{option} {}: it exists; give another name, or --force to replace it",
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
    write_card(path, card)
}

/// Writes a command's card beside its result.
///
/// # Errors
/// What the system says.
pub(in crate::cli) fn write_card(path: &Path, card: &Card) -> Result<(), Failure> {
    write(&Card::path_beside(path), card.json().as_bytes())
}

/// Refuses a name that is not that of a PNG file.
///
/// # Errors
/// It ends in something else.
pub(in crate::cli) fn expect_png(path: &Path) -> Result<(), Failure> {
    match Format::of(path) {
        Some(Format::Grid) => Ok(()),
        _ => Err(Failure::Usage(format!("--out {}: expected a name that ends in .png", path.display()))),
    }
}

/// The kind of file or folder that `--out` asks for.
///
/// # Errors
/// Its name ends in something else.
pub(in crate::cli) fn image_format(path: &Path) -> Result<Format, Failure> {
    Format::of(path).ok_or_else(|| {
        Failure::Usage(format!(
            "--out {}: expected a name that ends in .png, .npy or .npz, or that of a folder, without an extension or \
             with a slash at its end",
            path.display()
        ))
    })
}
