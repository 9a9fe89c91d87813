//! Why there are no images from files.

use crate::dataset::{Crop, Split};
use crate::files::incidental::{LeftOut, Unreadable};
use std::io;
use std::path::PathBuf;

/// Why a data set of image files could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImagesError {
    /// No folder was given where there is no usual one.
    #[error("the data set folder needs --data-dir DIR: the folder of its image files")]
    NoFolder,
    /// A file where a folder was meant.
    #[error("{}: expected the folder that holds the images, found a file: give its folder, or unpack an archive first", path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// Several folders for one split.
    #[error("{} and {} are both folders of the {} split: rename one", one.display(), other.display(), split.name())]
    Ambiguous {
        /// The split.
        split: Split,
        /// A folder.
        one: PathBuf,
        /// Another.
        other: PathBuf,
    },
    /// Folders of splits further below than they are looked for.
    #[error(
        "{} holds folders of splits, and all images of {} would be trained on: give --data-dir {} for its splits, or \
         move what is to be trained on into {}",
        inside.display(), origin.display(), inside.display(), origin.join("train").display()
    )]
    DeepSplits {
        /// The folder that was given.
        origin: PathBuf,
        /// A folder below it, with folders of several splits.
        inside: PathBuf,
    },
    /// Folders whose names begin as those of several splits do.
    #[error(
        "{} has folders named like splits, {names}, and all of their images would be trained on: rename them to train, \
         valid and test, give one with --data-dir, or, to train on all, move all into {}",
        origin.display(), origin.join("train").display()
    )]
    LikeSplits {
        /// The folder that was given.
        origin: PathBuf,
        /// The folders below it.
        names: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file is no zip archive, or not all of one.
    #[error("{}: expected a zip archive, found one that is cut off or damaged ({cause}): get it anew", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        cause: String,
    },
    /// Images of one name in several folders of an archive.
    #[error(
        "{}: there is a {name} in {one} and in {other}, and which is the image cannot be told: pack the folder \
         img_align_celeba alone",
        path.display()
    )]
    Doubles {
        /// The archive.
        path: PathBuf,
        /// The first such name.
        name: String,
        /// A folder.
        one: String,
        /// Another.
        other: String,
    },
    /// There is not a single image.
    #[error("{}: expected image files ({}), found none{}", origin.display(), crate::files::raster::kind::NAMES, passed_over(left_out))]
    Empty {
        /// The archive or folder.
        origin: PathBuf,
        /// What was there instead.
        left_out: LeftOut,
    },
    /// The data set has no such split.
    #[error("{} has no {} split: {advice}", origin.display(), split.name())]
    NoSplit {
        /// The split.
        split: Split,
        /// The archive or folder.
        origin: PathBuf,
        /// What would make one.
        advice: String,
    },
    /// A line of the partition is none.
    #[error("{}, line {line}: expected {expected}, found {found:?}", path.display())]
    PartitionLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What would be right.
        expected: &'static str,
        /// The start of the line.
        found: String,
    },
    /// The partition is no text.
    #[error("{}: expected text in UTF-8, found other bytes: save the list as UTF-8", path.display())]
    PartitionText {
        /// The file.
        path: PathBuf,
    },
    /// The partition is about other images.
    #[error(
        "{} names {missing} images that are not in {}, {first} first: get both anew, or remove the list to train \
         on all images",
        path.display(), origin.display()
    )]
    Partition {
        /// The partition.
        path: PathBuf,
        /// The archive or folder.
        origin: PathBuf,
        /// Number of images that are not there.
        missing: usize,
        /// Name of the first.
        first: String,
    },
    /// So many images are damaged that the data set is.
    #[error(
        "{}: {damaged} of the first {read} images cannot be decoded, and more than 1 in 100 are too many to leave \
         out: get the data anew, or remove them; {examples}",
        origin.display()
    )]
    Damaged {
        /// The archive or folder.
        origin: PathBuf,
        /// Number of damaged images.
        damaged: usize,
        /// Number of images that were read until it was given up.
        read: usize,
        /// Names of some, each with what is wrong with it.
        examples: String,
    },
    /// An image is smaller than what is to be cropped of it.
    #[error("{name} in {} has {width}×{height} pixels (width × height), fewer than --crop {crop} keeps: give another --crop", origin.display())]
    Crop {
        /// The image.
        name: String,
        /// The archive or folder.
        origin: PathBuf,
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// The crop.
        crop: Crop,
    },
    /// Images differ in extent.
    #[error(
        "the images in {} differ in extent: {first} has {} pixels, {other} has {} (width × height); give --size, to \
         resize all",
        origin.display(), pixels(*first_extent), pixels(*other_extent)
    )]
    Extents {
        /// The archive or folder.
        origin: PathBuf,
        /// The first image.
        first: String,
        /// Its columns and rows, after the crop.
        first_extent: (u32, u32),
        /// Another image.
        other: String,
        /// Its columns and rows.
        other_extent: (u32, u32),
    },
    /// The images' own extent is more than a potential takes.
    #[error("the images in {} have {} pixels (width × height), more than a potential takes: give --size", origin.display(), pixels(*extent))]
    Extent {
        /// The archive or folder.
        origin: PathBuf,
        /// Columns and rows.
        extent: (u32, u32),
    },
    /// The prepared images cannot be written.
    #[error(
        "cannot write the prepared images to {}: {cause}; free some space, or give another folder with --cache-dir",
        path.display()
    )]
    Write {
        /// The cache.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// There is no folder to write them to.
    #[error("there is no folder to keep the prepared images in{tried}; give one with --cache-dir")]
    NoCacheFolder {
        /// A line for each folder and what the system said about it.
        tried: String,
    },
}

impl From<Unreadable> for ImagesError {
    fn from(Unreadable { path, cause }: Unreadable) -> Self {
        ImagesError::Read { path, cause }
    }
}

fn passed_over(left_out: &LeftOut) -> String {
    if left_out.is_empty() { String::new() } else { format!("; left out: {left_out}") }
}

fn pixels((width, height): (u32, u32)) -> String {
    format!("{width}×{height}")
}
