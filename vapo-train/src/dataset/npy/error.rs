//! What is wrong with an array.

use std::io;

/// Why an array, or a file of arrays, cannot serve as images.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The file is no `.npy` file.
    #[error("{array}: the header is not one of NumPy's ({cause}): expected what numpy.save writes")]
    Header {
        /// The array.
        array: String,
        /// What the parser says.
        cause: String,
    },
    /// The file is no `.npz` file.
    #[error("the archive is damaged or cut off ({0}): expected what numpy.savez writes, get the file anew")]
    Archive(String),
    /// The values cannot be read.
    #[error("{array}: the values cannot be read ({cause}): get the file anew")]
    Read {
        /// The array.
        array: String,
        /// What the system or the archive says.
        cause: io::Error,
    },
    /// The values end too early, or go on where they should end.
    #[error("{array}: expected {expected} bytes of values, found {}: the file was cut off or is damaged", length(*found, *expected))]
    Size {
        /// The array.
        array: String,
        /// Bytes that the header asks for.
        expected: u64,
        /// Bytes that there are, or one too many.
        found: u64,
    },
    /// The array's type is none of those taken.
    #[error("{array}: expected {expected}, found {found}: convert it, for instance with .astype('{suggested}')")]
    Type {
        /// The array.
        array: String,
        /// The types taken.
        expected: &'static str,
        /// NumPy's description of its type.
        found: String,
        /// The type to convert to.
        suggested: &'static str,
    },
    /// The array has another number of axes than images have.
    #[error("{array}: expected axes (N, H, W) or (N, H, W, C), found the shape {found:?}: reshape it")]
    Axes {
        /// The array.
        array: String,
        /// Its shape.
        found: Vec<u64>,
    },
    /// The second axis is as short as colours are, the last one is not.
    #[error(
        "{array}: the shape {found:?} looks like (N, C, H, W): expected channels last, (N, H, W, C); \
         use .transpose(0, 2, 3, 1)"
    )]
    ChannelsFirst {
        /// The array.
        array: String,
        /// Its shape.
        found: Vec<u64>,
    },
    /// A float that is no number.
    #[error("{array}: expected numbers, found {found} at index {index} of the flattened array")]
    NotANumber {
        /// The array.
        array: String,
        /// NaN or an infinity.
        found: f64,
        /// Place in the file's order of values.
        index: usize,
    },
    /// Floats outside the two ranges that images come in.
    #[error(
        "{array}: expected floats in [0, 1] or [-1, 1], found {least} to {greatest}: scale them, or save grey levels \
         with .astype('uint8')"
    )]
    Range {
        /// The array.
        array: String,
        /// The least value.
        least: f64,
        /// The greatest value.
        greatest: f64,
    },
    /// Labels are a class of 0 to 255 an image.
    #[error("{array}: expected one class of 0 to 255 an image, found {found}")]
    Label {
        /// The array.
        array: String,
        /// A class out of range, or the shape of the array.
        found: String,
    },
    /// None of the arrays is known to be the images.
    #[error(
        "expected an array named images, x or arr_0, or only one of 3 or 4 axes, found {found}: rename or remove others"
    )]
    NoImages {
        /// Every array, with its shape.
        found: String,
    },
    /// The file is not divided, or not into these parts.
    #[error("expected an array {expected} for the {split} split, found {found}: {advice}")]
    NoSplit {
        /// The array that would be the split.
        expected: &'static str,
        /// The split.
        split: &'static str,
        /// Every array, with its shape.
        found: String,
        /// What to do.
        advice: &'static str,
    },
}

fn length(found: u64, expected: u64) -> String {
    if found > expected { "more".to_owned() } else { found.to_string() }
}
