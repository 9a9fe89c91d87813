//! Names of results, and what they are to hold.

use crate::cli::{Code, Failure};
use crate::export::Format;
use crate::export::picture::{PictureError, refuse_grid};
use std::num::NonZeroU32;
use std::path::Path;
use vapo_format::Shape;

/// What shows images that make no picture, where a command writes numbers too.
pub(in crate::cli) const NUMBERS: &str = "give a name that ends in .npy, for numbers";
/// The same where it writes pictures alone.
pub(in crate::cli) const SAMPLE: &str =
    "see samples as numbers with vapo-train sample, --out with a name that ends in .npy";

/// Refuses a name that is not that of a PNG file.
///
/// # Errors
/// It ends in something else.
pub(in crate::cli) fn expect_png(option: &str, path: &Path) -> Result<(), Failure> {
    match Format::of(path) {
        Some(Format::Grid) => Ok(()),
        _ => Err(Failure::Refused(
            Code::OutputName,
            format!("{option} {}: expected a name that ends in .png", path.display()),
        )),
    }
}

/// Refuses a name that is not that of a model.
///
/// # Errors
/// It ends in something other than `.vapo`.
pub(in crate::cli) fn expect_vapo(option: &str, path: &Path) -> Result<(), Failure> {
    match path.extension() {
        Some(extension) if extension == "vapo" => Ok(()),
        _ => Err(Failure::Refused(
            Code::OutputName,
            format!("{option} {}: expected a name that ends in .vapo", path.display()),
        )),
    }
}

/// The kind of file or folder that `--out` asks for.
///
/// # Errors
/// Its name ends in something else.
pub(in crate::cli) fn image_format(path: &Path) -> Result<Format, Failure> {
    Format::of(path).ok_or_else(|| {
        Failure::Refused(Code::OutputName, format!(
            "--out {}: expected a name that ends in .png, .npy or .npz, or that of a folder, without an extension or \
             with a slash at its end",
            path.display()
        ))
    })
}

/// Refuses a grid of `count` images of extent `shape` that no picture holds, before there is an image.
///
/// # Errors
/// Such images, with what shows them `instead`.
pub(in crate::cli) fn expect_grid(
    path: &Path,
    count: usize,
    shape: Shape,
    columns: Option<NonZeroU32>,
    instead: &str,
) -> Result<(), Failure> {
    refuse_grid(count, shape, columns).map_err(|cause| {
        let advice = if matches!(cause, PictureError::Large { .. }) { "ask for fewer" } else { instead };
        Failure::refused(&cause, format!("--out {}: {cause}: {advice}", path.display()))
    })
}

/// Refuses images that a file or a folder of a format does not hold, before there is an image.
///
/// # Errors
/// Such images.
pub(in crate::cli) fn expect_images(
    path: &Path,
    format: Format,
    count: usize,
    shape: Shape,
    columns: Option<NonZeroU32>,
) -> Result<(), Failure> {
    match format {
        Format::Grid => expect_grid(path, count, shape, columns, NUMBERS),
        // A picture each.
        Format::Folder => expect_grid(path, 1, shape, None, NUMBERS),
        Format::Npy | Format::Npz => Ok(()),
    }
}
