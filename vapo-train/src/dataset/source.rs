//! The data sets that the trainer knows.

use crate::dataset::DatasetError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A data set that the trainer knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// 1,797 digits of 8×8 pixels, built into the trainer.
    Digits,
    /// 70,000 digits of 28×28 pixels.
    Mnist,
    /// 70,000 garments of 28×28 pixels.
    FashionMnist,
    /// 60,000 colour images of 32×32 pixels.
    Cifar10,
    /// 202,599 aligned faces of 178×218 pixels.
    Celeba,
    /// Image files of one's own.
    Folder,
    /// Arrays of NumPy, of any extent.
    Npy,
    /// Readings of sensors, in windows.
    Series,
}

/// Which part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// What the potential learns from.
    Train,
    /// What choices are made on, where the data set sets images aside for that.
    Valid,
    /// What it never sees: the reference of the evaluation.
    Test,
}

impl Split {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Valid => "valid",
            Split::Test => "test",
        }
    }
}

impl Source {
    /// Every data set.
    pub const ALL: [Source; 8] = [
        Source::Digits,
        Source::Mnist,
        Source::FashionMnist,
        Source::Cifar10,
        Source::Celeba,
        Source::Folder,
        Source::Npy,
        Source::Series,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Source::Digits => "digits",
            Source::Mnist => "mnist",
            Source::FashionMnist => "fashion-mnist",
            Source::Cifar10 => "cifar10",
            Source::Celeba => "celeba",
            Source::Folder => "folder",
            Source::Npy => "npy",
            Source::Series => "series",
        }
    }

    /// Folders below the data folder where people and other programs keep the files. The data folder itself comes
    /// last: MNIST and Fashion-MNIST share their file names, so a folder with a telling name is the better guess.
    pub(super) const fn folders(self) -> &'static [&'static str] {
        match self {
            Source::Digits | Source::Celeba | Source::Folder | Source::Npy | Source::Series => &[],
            Source::Mnist => &["mnist", "mnist/raw", "MNIST", "MNIST/raw", "."],
            Source::FashionMnist => &["fashion-mnist", "fashion-mnist/raw", "FashionMNIST", "FashionMNIST/raw", "."],
            Source::Cifar10 => &["cifar10", "cifar-10", "CIFAR10", "."],
        }
    }

    /// What to do where the files are missing.
    pub(super) const fn obtain(self) -> &'static str {
        match self {
            Source::Digits => "It is built in",
            Source::Mnist => "Get the files with `vapo-train fetch mnist`, or give their folder with --data-dir",
            Source::FashionMnist => {
                "Get the files with `vapo-train fetch fashion-mnist`, install Debian's package dataset-fashion-mnist, \
                 or give their folder with --data-dir"
            }
            Source::Cifar10 => {
                "Get the files with `vapo-train fetch cifar10`, or give their folder or archive with --data-dir"
            }
            Source::Celeba => {
                "Get img_align_celeba.zip and list_eval_partition.txt from \
                 http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, or give their folder with --data-dir"
            }
            Source::Folder => "Put image files into a folder",
            Source::Npy => "Write a file with numpy.save or numpy.savez, and give it or its folder with --data-dir",
            Source::Series => "Give a file of readings, or the folder of such files, with --data-dir",
        }
    }

    /// Whether images are set aside for choices.
    pub(super) const fn has_valid(self) -> bool {
        matches!(self, Source::Celeba | Source::Folder | Source::Npy | Source::Series)
    }

    /// What its samples are, for people.
    pub const fn samples(self) -> &'static str {
        match self {
            Source::Series => "windows",
            _ => "images",
        }
    }

    /// Whether a class is learned unless told otherwise.
    pub const fn has_usual_classes(self) -> bool {
        matches!(self, Source::Digits)
    }

    /// Whether training mirrors images at random unless told otherwise.
    pub const fn flips(self) -> bool {
        matches!(self, Source::Celeba)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Source {
    type Err = DatasetError;

    fn from_str(name: &str) -> Result<Self, DatasetError> {
        let known = Source::ALL.into_iter().find(|source| source.name() == name);
        known.ok_or_else(|| DatasetError::Unknown { found: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_an_unknown_one_lists_them() {
        for source in Source::ALL {
            assert_eq!(source.to_string().parse::<Source>().unwrap(), source);
        }
        let message = "fashion".parse::<Source>().unwrap_err().to_string();
        assert_eq!(
            message,
            "there is no data set \"fashion\": give one of digits, mnist, fashion-mnist, cifar10, celeba, folder, npy, series"
        );
    }
}
