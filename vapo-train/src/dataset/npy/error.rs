//! What is wrong with an array.

use crate::files::array::ArrayFileError;

/// Why an array, or a file of arrays, cannot serve as images.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] ArrayFileError),
    /// The array's type is none of those taken.
    #[error("{array}: expected uint8, bool, or floats of 2, 4 or 8 bytes, found {found}: {advice}")]
    Type {
        /// The array.
        array: String,
        /// NumPy's description of its type, and the values where they matter.
        found: String,
        /// What to do about these values.
        advice: String,
    },
    /// The array has another number of axes than images have.
    #[error("{array}: expected axes (N, H, W) or (N, H, W, C), found the shape {found:?}: {advice}")]
    Axes {
        /// The array.
        array: String,
        /// Its shape.
        found: Vec<u64>,
        /// What to do about this number of axes.
        advice: &'static str,
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
    /// Three axes, the last as short as colours are, the others not.
    #[error(
        "{array}: the shape {found:?} looks like one image (H, W, C): expected (N, H, W, C); use x[None] for one image, \
         or x[..., None] for grey images that are as narrow"
    )]
    OneImage {
        /// The array.
        array: String,
        /// Its shape.
        found: Vec<u64>,
    },
    /// A float that is no number.
    #[error(
        "{array}: expected numbers, found {found} at index {index} of the flattened array: leave its image out, or \
         replace the value"
    )]
    NotANumber {
        /// The array.
        array: String,
        /// NaN or an infinity.
        found: f64,
        /// Place in the file's order of values.
        index: usize,
    },
    /// Floats outside the two ranges that images come in.
    #[error("{array}: expected floats in [0, 1] or [-1, 1], found {least} to {greatest}: {advice}")]
    Range {
        /// The array.
        array: String,
        /// The least value.
        least: f64,
        /// The greatest value.
        greatest: f64,
        /// How to bring them into range.
        advice: String,
    },
    /// Labels are a class of 0 to 255 an image.
    #[error("{array}: expected one class of 0 to 255 an image, found {found}: {advice}")]
    Label {
        /// The array.
        array: String,
        /// A class out of range, or the shape or type of the array.
        found: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// None of the arrays is known to be the images.
    #[error(
        "expected an array named images, x or arr_0, or only one of 3 or 4 axes, found {found}: rename or remove others"
    )]
    NoImages {
        /// Every array, with its shape.
        found: String,
    },
    /// All arrays are classes.
    #[error("expected images (N, H, W) or (N, H, W, C), found {found}: there are classes, and no images")]
    OnlyClasses {
        /// Every array, with its shape.
        found: String,
    },
    /// Two arrays whose names say that they are the images of one split.
    #[error("expected one array of images for the {split} split, found {found}: rename or remove all but one")]
    Several {
        /// The split.
        split: &'static str,
        /// The names of the arrays.
        found: String,
    },
    /// The file is not divided, or not into these parts.
    #[error("expected an array {expected} for the {split} split, found {found}: {advice}")]
    NoSplit {
        /// The arrays that would be the split.
        expected: String,
        /// The split.
        split: &'static str,
        /// Every array, with its shape.
        found: String,
        /// What to do.
        advice: &'static str,
    },
}
