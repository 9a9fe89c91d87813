//! Reads a split of any data set.

use crate::dataset::location::{DEFAULT_FOLDER, candidates, missing};
use crate::dataset::{Dataset, DatasetError, Files, Source, Split, cifar10, digits, idx, images, npy, series};
use std::path::Path;

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
        Source::Series => {
            let path = files.data_dir.as_deref().unwrap_or(Path::new(DEFAULT_FOLDER));
            let options = files.series.clone().unwrap_or_default();
            if let Some(dataset) = series::load(split, path, &options, files.scaling.as_deref())? {
                return Ok(dataset);
            }
            let kinds = ["*.csv", "*.tsv", "*.ts", "*.npy", "*.npz"];
            Err(missing(source, kinds.map(str::to_owned).to_vec(), vec![path.to_owned()]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Corruption;
    use crate::dataset::location::DEBIAN_FASHION_MNIST;
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
            assert_eq!(
                (labelled.images().unwrap().image(1), labelled.labels()),
                (&[3, 4, 5, 6][..], Some(&[7, 9][..])),
                "{path}"
            );
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
        let first = |source| load(source, Split::Test, Some(root.path())).unwrap().images().unwrap().image(0)[0];
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
    fn what_sets_nothing_aside_has_no_valid_split() {
        for source in [Source::Digits, Source::Mnist, Source::FashionMnist, Source::Cifar10] {
            let message = load(source, Split::Valid, None).unwrap_err().to_string();
            assert_eq!(message, format!("{source} has no valid split: give --split train or --split test"));
        }
    }
}
