//! Where the files of data sets are looked for.

use crate::dataset::{DatasetError, Preparation, SeriesOptions, Source, foreign};
use std::io;
use std::path::{Path, PathBuf};
use vapo_format::Scaling;

/// Folder searched where none is given.
pub const DEFAULT_FOLDER: &str = "data";
/// Folder of Debian's package `dataset-fashion-mnist`.
pub(super) const DEBIAN_FASHION_MNIST: &str = "/usr/share/datasets/fashion-mnist";

/// Where a data set's files are, and how samples are made of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Files {
    /// Folder of the files; the usual places if none.
    pub data_dir: Option<PathBuf>,
    /// Folder for prepared images; beside the data, or the user's cache folder, if none.
    pub cache_dir: Option<PathBuf>,
    /// What is done to every image; [`Preparation::of`] the data set if none. Without effect on data sets that are
    /// used as they are.
    pub preparation: Option<Preparation>,
    /// How a series is read and cut into windows; as usual if none. Without effect on images.
    pub series: Option<SeriesOptions>,
    /// How raw readings become values: one scaling for all channels, or one each. Learned from what is trained on if none.
    /// Without effect on images.
    pub scaling: Option<Vec<Scaling>>,
}

/// That a data set is in none of the folders, with what may be meant in its place.
pub(super) fn missing(dataset: Source, files: Vec<String>, folders: Vec<PathBuf>) -> DatasetError {
    foreign::beside(DatasetError::Missing { dataset, files, folders: folders.clone() }, &folders)
}

/// Every folder to look in. One that was given stands alone, so that nobody trains on other files than they meant.
pub(super) fn candidates(source: Source, folder: Option<&Path>) -> Vec<PathBuf> {
    let root = folder.unwrap_or(Path::new(DEFAULT_FOLDER));
    let below = |&name: &&str| if name == "." { root.to_owned() } else { root.join(name) };
    let mut folders: Vec<PathBuf> = source.folders().iter().map(below).collect();
    if folder.is_none() && source == Source::FashionMnist {
        folders.push(DEBIAN_FASHION_MNIST.into());
    }
    folders
}

/// Whether there is nothing to read rather than something that cannot be read.
pub(super) fn absent(cause: &io::Error) -> bool {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(cause.kind(), NotFound | NotADirectory | IsADirectory)
}
