//! A data set and a split of it.

use crate::cli::{Failure, note};
use crate::dataset::{Dataset, DatasetError, Source, Split, npy};
use crate::run::card::DataCard;
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DataOptions {
    /// The data set
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Source::ALL.map(Source::name)))]
    dataset: String,
    /// Folder of the data set's files, or for npy a .npy or .npz file or a folder of .npy files [default: data, and where
    /// Debian's packages put them]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Which part of the data set
    #[arg(long, value_enum, default_value = "test")]
    split: Split,
}

impl DataOptions {
    /// The images that the options stand for.
    ///
    /// # Errors
    /// The files are missing or damaged, or the options contradict each other.
    pub(in crate::cli) fn load(&self) -> Result<Dataset, Failure> {
        self.load_split(self.split)
    }

    /// The images of another split of the same data set.
    ///
    /// # Errors
    /// As [`DataOptions::load`].
    pub(in crate::cli) fn load_split(&self, split: Split) -> Result<Dataset, Failure> {
        load(self.dataset.parse()?, split, self.data_dir.as_deref())
    }

    /// The split that was asked for.
    pub(in crate::cli) fn split(&self) -> Split {
        self.split
    }

    /// Images of another data set, looked for in the same folder.
    ///
    /// # Errors
    /// The files are missing or damaged.
    pub(in crate::cli) fn load_other(&self, source: Source, split: Split) -> Result<Dataset, Failure> {
        // The digits are built in.
        let folder = self.data_dir.as_deref().filter(|_| source != Source::Digits);
        load(source, split, folder)
    }

    /// What a run card says of the images.
    pub(in crate::cli) fn card(&self, images: &Dataset) -> DataCard {
        DataCard { dataset: images.name().to_owned(), split: self.split, shape: images.shape(), count: images.len() }
    }
}

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
        Some(path) if source == Source::Npy => numpy(split, path),
        None if source == Source::Npy => Err(Failure::Usage(
            "--dataset npy: give its .npy or .npz file, or a folder of .npy files, with --data-dir".to_owned(),
        )),
        _ => Ok(Dataset::load(source, split, folder)?),
    }
}

/// Arrays of NumPy. What is done to floats is said.
fn numpy(split: Split, path: &Path) -> Result<Dataset, Failure> {
    let missing = || DatasetError::Missing { dataset: Source::Npy, split, folders: vec![path.to_owned()] };
    let (dataset, range) = npy::load(split, path)?.ok_or_else(missing)?;
    if let Some(range) = range {
        note(&format!("npy: floats of {range} are rounded to 256 grey levels"));
    }
    Ok(dataset)
}
