//! The data sets that the trainer knows, and where it finds them.

use crate::dataset::{Dataset, DatasetError, Preparation, cifar10, digits, foreign, idx, images, npy};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fmt, io};

/// Folder searched where none is given.
pub const DEFAULT_FOLDER: &str = "data";
/// Folder of Debian's package `dataset-fashion-mnist`.
const DEBIAN_FASHION_MNIST: &str = "/usr/share/datasets/fashion-mnist";

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

/// Where a data set's files are, and how its images are prepared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Folder of the files; the usual places if none.
    pub data_dir: Option<PathBuf>,
    /// Folder for prepared images; beside the data, or the user's cache folder, if none.
    pub cache_dir: Option<PathBuf>,
    /// What is done to every image; [`Preparation::of`] the data set if none. Without effect on data sets that are
    /// used as they are.
    pub preparation: Option<Preparation>,
}

impl Source {
    /// Every data set.
    pub const ALL: [Source; 7] = [
        Source::Digits,
        Source::Mnist,
        Source::FashionMnist,
        Source::Cifar10,
        Source::Celeba,
        Source::Folder,
        Source::Npy,
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
        }
    }

    /// Folders below the data folder where people and other programs keep the files. The data folder itself comes
    /// last: MNIST and Fashion-MNIST share their file names, so a folder with a telling name is the better guess.
    const fn folders(self) -> &'static [&'static str] {
        match self {
            Source::Digits | Source::Celeba | Source::Folder | Source::Npy => &[],
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
        }
    }

    /// Whether images are set aside for choices.
    const fn has_valid(self) -> bool {
        matches!(self, Source::Celeba | Source::Folder | Source::Npy)
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

/// Reads one split of a data set. See [`Dataset::load`].
pub(super) fn load(source: Source, split: Split, files: &Files) -> Result<Dataset, DatasetError> {
    if split == Split::Valid && !source.has_valid() {
        return Err(DatasetError::NoValid { dataset: source });
    }
    match source {
        Source::Digits => {
            digits::digits(split).map_err(|cause| DatasetError::Corrupt { path: digits::FILE.into(), cause })
        }
        Source::Mnist | Source::FashionMnist => idx::load(source, split, files.data_dir.as_deref()),
        Source::Cifar10 => {
            let given = files.data_dir.as_deref();
            if let Some(file) = given.filter(|path| path.is_file()) {
                return cifar10::of_file(split, file);
            }
            let folders = candidates(source, given);
            if let Some(dataset) = cifar10::load(split, &folders)? {
                return Ok(dataset);
            }
            Err(missing(source, cifar10::names(split), folders))
        }
        Source::Celeba | Source::Folder => images::load(source, split, files),
        Source::Npy => {
            let path = files.data_dir.as_deref().unwrap_or(Path::new(DEFAULT_FOLDER));
            if let Some(dataset) = npy::load(split, path)? {
                return Ok(dataset);
            }
            Err(missing(source, ["*.npz", "*.npy"].map(str::to_owned).to_vec(), vec![path.to_owned()]))
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Corruption;
    use flate2::{Compression, write::GzEncoder};
    use std::fs;
    use std::io::Write;
    use tempfile::TempDir;

    const TWO_IMAGES: [u8; 16 + 8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 255, 1, 2, 3, 4, 5, 6];
    const TWO_LABELS: [u8; 8 + 2] = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];

    fn load(source: Source, split: Split, folder: Option<&Path>) -> Result<Dataset, DatasetError> {
        super::load(source, split, &Files { data_dir: folder.map(Path::to_owned), ..Files::default() })
    }

    fn put(root: &TempDir, path: &str, bytes: &[u8]) {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn files_are_found_by_every_usual_name() {
        for (source, path) in [
            (Source::Mnist, "train-images-idx3-ubyte"),
            (Source::Mnist, "train-images.idx3-ubyte"),
            (Source::Mnist, "mnist/train-images-idx3-ubyte.gz"),
            (Source::Mnist, "MNIST/raw/train-images-idx3-ubyte"),
            (Source::FashionMnist, "train-images.idx3-ubyte.gz"),
            (Source::FashionMnist, "fashion-mnist/train-images-idx3-ubyte"),
            (Source::FashionMnist, "FashionMNIST/raw/train-images-idx3-ubyte.gz"),
        ] {
            let root = TempDir::new().unwrap();
            let compress = path.ends_with(".gz");
            let labels = path.replace("images", "labels").replace("idx3", "idx1");
            put(&root, path, &if compress { gzip(&TWO_IMAGES) } else { TWO_IMAGES.to_vec() });
            let unlabelled = load(source, Split::Train, Some(root.path())).unwrap();
            assert_eq!((unlabelled.len(), unlabelled.labels()), (2, None), "{path}");
            put(&root, &labels, &if compress { gzip(&TWO_LABELS) } else { TWO_LABELS.to_vec() });
            let labelled = load(source, Split::Train, Some(root.path())).unwrap();
            assert_eq!((labelled.image(1), labelled.labels()), (&[3, 4, 5, 6][..], Some(&[7, 9][..])), "{path}");
            assert!(matches!(load(source, Split::Test, Some(root.path())), Err(DatasetError::Missing { .. })));
        }
    }

    #[test]
    fn the_test_split_and_the_telling_folder_are_told_apart() {
        let root = TempDir::new().unwrap();
        put(&root, "t10k-images-idx3-ubyte", &TWO_IMAGES);
        let mut garments = TWO_IMAGES;
        garments[16] = 77;
        put(&root, "FashionMNIST/raw/t10k-images-idx3-ubyte", &garments);
        let first = |source| load(source, Split::Test, Some(root.path())).unwrap().image(0)[0];
        assert_eq!((first(Source::Mnist), first(Source::FashionMnist)), (0, 77));
    }

    #[test]
    fn a_missing_set_says_what_where_and_whence() {
        let root = TempDir::new().unwrap();
        let message = load(Source::FashionMnist, Split::Test, Some(root.path())).unwrap_err().to_string();
        for part in ["t10k-images-idx3-ubyte.gz", "FashionMNIST/raw", "dataset-fashion-mnist", "--data-dir"] {
            assert!(message.contains(part), "{part} in {message}");
        }
        assert!(message.contains(&*root.path().to_string_lossy()) && !message.contains(DEBIAN_FASHION_MNIST));
        assert!(candidates(Source::FashionMnist, None).contains(&DEBIAN_FASHION_MNIST.into()));
        assert!(!candidates(Source::Mnist, None).contains(&DEBIAN_FASHION_MNIST.into()));
    }

    #[test]
    fn damage_is_told_with_its_file() {
        let root = TempDir::new().unwrap();
        put(&root, "train-images-idx3-ubyte", &TWO_IMAGES);
        put(&root, "train-labels-idx1-ubyte", &[0, 0, 8, 1, 0, 0, 0, 3, 7, 9, 4]);
        match load(Source::Mnist, Split::Train, Some(root.path())) {
            Err(DatasetError::Corrupt { path, cause: Corruption::Labels { images: 2, labels: 3 } }) => {
                assert!(path.ends_with("train-labels-idx1-ubyte"));
            }
            other => panic!("{other:?}"),
        }
        put(&root, "train-images-idx3-ubyte", &TWO_IMAGES[..20]);
        let message = load(Source::Mnist, Split::Train, Some(root.path())).unwrap_err().to_string();
        assert!(message.contains("expected 24 bytes") && message.contains("found 20"), "{message}");
        assert!(message.contains("train-images-idx3-ubyte"), "{message}");
    }

    #[test]
    fn names_are_read_back_and_an_unknown_one_lists_them() {
        for source in Source::ALL {
            assert_eq!(source.to_string().parse::<Source>().unwrap(), source);
        }
        let message = "fashion".parse::<Source>().unwrap_err().to_string();
        assert_eq!(
            message,
            "there is no data set \"fashion\": give one of digits, mnist, fashion-mnist, cifar10, celeba, folder, npy"
        );
    }

    #[test]
    fn what_sets_nothing_aside_has_no_valid_split() {
        for source in [Source::Digits, Source::Mnist, Source::FashionMnist, Source::Cifar10] {
            let message = load(source, Split::Valid, None).unwrap_err().to_string();
            assert_eq!(message, format!("{source} has no valid split: give --split train or --split test"));
        }
    }
}
