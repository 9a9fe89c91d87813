//! A data set and a split of it.

use crate::cli::Failure;
use crate::dataset::{Dataset, Source, Split};
use crate::run::card::DataCard;
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DataOptions {
    /// The data set
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Source::ALL.map(Source::name)))]
    dataset: String,
    /// Folder of the data set's files [default: data, and where Debian's packages put them]
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
        _ => Ok(Dataset::load(source, split, folder)?),
    }
}
