//! Why a data set could not be loaded.

use crate::dataset::cifar10::CifarError;
use crate::dataset::npy::ArrayError;
use crate::dataset::{ImagesError, SeriesError, Source};
use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use vapo_format::architecture::MAX_ACTIVATION;
use vapo_format::layer::MAX_EXTENT;

/// Why [`crate::dataset::Dataset::load`] failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// No data set has this name.
    #[error("there is no data set {found:?}: give one of {}", names())]
    Unknown {
        /// The name asked for.
        found: String,
    },
    /// The files are in none of the folders where they may be.
    #[error("{}", missing(*dataset, files, folders))]
    Missing {
        /// The data set asked for.
        dataset: Source,
        /// Names of files of which one is needed.
        files: Vec<String>,
        /// Every folder looked in.
        folders: Vec<PathBuf>,
    },
    /// A file is there but cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file's contents are damaged or belong to something else.
    #[error("{}: {cause}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: Corruption,
    },
    /// A file is of a kind that is not read.
    #[error("{}: found {what}: {advice}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// What to do with it.
        advice: &'static str,
    },
    /// The files are missing, and a file of another kind lies where they were looked for.
    #[error("{missing}\n{beside}")]
    Beside {
        /// What is missing.
        missing: Box<DatasetError>,
        /// What is there.
        beside: Box<DatasetError>,
    },
    /// Files of several sets lie beside each other.
    #[error("{}: expected the files of one set, found {}: name the images of one with --data-dir", folder.display(), files.join(", "))]
    Several {
        /// The folder.
        folder: PathBuf,
        /// Files of images, one of each set.
        files: Vec<String>,
    },
    /// The data set sets no images aside.
    #[error("{dataset} has no valid split: give --split train or --split test")]
    NoValid {
        /// The data set asked for.
        dataset: Source,
    },
    /// A data set of image files is refused.
    #[error(transparent)]
    Images(#[from] ImagesError),
}

/// What is wrong with the contents of a data set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Corruption {
    /// The gzip stream is damaged, cut off or followed by something else.
    #[error("the gzip stream is damaged or cut off ({0}): get the file anew")]
    Gzip(io::Error),
    /// The first four bytes are not those of the expected IDX file.
    #[error("expected the IDX magic {expected:#010x} ({}), found {found:#010x}: this is another kind of file", kind(*expected))]
    Magic {
        /// Unsigned bytes, and the number of dimensions.
        expected: u32,
        /// The file's.
        found: u32,
    },
    /// The contents end too early.
    #[error("expected {expected} bytes of contents, found {found}: the file was cut off, get it anew")]
    TooShort {
        /// Bytes that the header asks for, itself included.
        expected: u64,
        /// Bytes that there are, decompressed.
        found: u64,
    },
    /// The contents go on where they should end.
    #[error("expected {expected} bytes of contents, found more: the header does not fit the file, get it anew")]
    TooLong {
        /// Bytes that the header asks for, itself included.
        expected: u64,
    },
    /// The contents are compressed more than images can be.
    #[error(
        "its compressed bytes unpack to {expected} bytes, more than the {most} that are taken of so few: it holds next \
         to nothing, or is damaged"
    )]
    Inflation {
        /// Bytes that the header asks for.
        expected: u64,
        /// Bytes that are taken.
        most: u64,
    },
    /// There is not a single image or label.
    #[error("expected at least one image, found none")]
    Empty,
    /// Images of an extent that no potential takes.
    #[error(
        "expected images of 1 to {MAX_EXTENT} channels, rows and columns and at most {MAX_ACTIVATION} values, \
         found {channels}×{height}×{width}"
    )]
    Extent {
        /// Values a pixel.
        channels: u32,
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
    },
    /// The values do not make up whole images.
    #[error("expected a multiple of {elements} values, {elements} an image, found {found}")]
    Elements {
        /// Values of an image.
        elements: usize,
        /// Values of all images.
        found: usize,
    },
    /// A pixel brighter than white.
    #[error("expected pixels of 0 to {white}, found {found}")]
    Level {
        /// The brightest level.
        white: u8,
        /// The pixel's.
        found: u8,
    },
    /// Images and labels differ in number.
    #[error("expected {images} labels, one an image, found {labels}: the two files are not of one set")]
    Labels {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A line of text is not the expected list of numbers.
    #[error("expected {expected} numbers of 0 to 255 with commas between them in line {line}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// Numbers it should hold.
        expected: usize,
    },
    /// A file of CIFAR-10.
    #[error(transparent)]
    Cifar10(#[from] CifarError),
    /// An array of NumPy.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A series.
    #[error(transparent)]
    Series(#[from] SeriesError),
}

impl DatasetError {
    /// Whether a series has no window in the split that was asked for, though its files are fine.
    pub fn is_absent_split(&self) -> bool {
        let DatasetError::Corrupt { cause: Corruption::Series(cause), .. } = self else { return false };
        matches!(cause, SeriesError::NoSplit { .. } | SeriesError::Short { .. } | SeriesError::Gaps { .. })
    }
}

fn names() -> String {
    Source::ALL.map(Source::name).join(", ")
}

fn kind(magic: u32) -> String {
    format!("unsigned bytes in {} dimensions", magic & 0xff)
}

fn missing(dataset: Source, files: &[String], folders: &[PathBuf]) -> String {
    let files = files.join(", ");
    let mut message = format!("{dataset} is not here: found none of {files} in\n");
    for folder in folders {
        // Writing to a string cannot fail.
        let _ = writeln!(message, "  {}", folder.display());
    }
    message + dataset.obtain()
}
