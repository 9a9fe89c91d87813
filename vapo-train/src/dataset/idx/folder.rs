//! Finds the IDX files of a split, and makes a data set of them.

use super::names::{Name, Part, rank};
use crate::dataset::location::{absent, candidates, missing};
use crate::dataset::{Dataset, DatasetError, Source, Split, foreign, idx};
use crate::files::incidental::is_incidental;
use std::fs;
use std::path::{Path, PathBuf};

/// How the names of EMNIST's files begin. Its images are stored column by column, unlike MNIST's.
const COLUMNS_FIRST: &str = "emnist";

/// One split of a data set in IDX files, in the folder or with the file that was given, or where the set usually lies.
///
/// # Errors
/// The files are missing, are of several sets, cannot be read or are damaged.
pub(in crate::dataset) fn load(source: Source, split: Split, given: Option<&Path>) -> Result<Dataset, DatasetError> {
    // A file that was given tells its set among those of its folder.
    let (set, folders) = match given.filter(|path| path.is_file()) {
        Some(path) => match (path.file_name().and_then(|name| Name::parse(&name.to_string_lossy())), path.parent()) {
            // A name without a folder lies in the present one, which an empty path does not stand for.
            (Some(name), Some(parent)) => (Some(name.set), vec![Path::new(".").join(parent)]),
            _ => return Err(unknown(path)),
        },
        None => (None, candidates(source, given)),
    };
    for folder in &folders {
        let files = files(folder)?;
        let Some((name, path)) = images(folder, &files, split, set.as_deref())? else { continue };
        let labels = |(other, _): &&(Name, PathBuf)| {
            (other.set.as_str(), other.split, other.part) == (name.set.as_str(), split, Part::Labels)
        };
        return read(source, name, path, files.iter().find(labels).map(|(_, path)| path.as_path()));
    }
    let published = match split {
        Split::Test => "t10k-images-idx3-ubyte",
        Split::Train | Split::Valid => "train-images-idx3-ubyte",
    };
    let files = ["", ".gz"].map(|end| format!("{}{published}{end}", set.as_deref().map(prefix).unwrap_or_default()));
    Err(missing(source, files.to_vec(), folders))
}

fn prefix(set: &str) -> String {
    if set.is_empty() { String::new() } else { format!("{set}-") }
}

/// What is said of a file that was given and has no known name.
fn unknown(path: &Path) -> DatasetError {
    let other = DatasetError::Foreign {
        path: path.to_owned(),
        what: "a file whose name does not tell what it is",
        advice: "name it train-images-idx3-ubyte, or t10k-images-idx3-ubyte if it is of the test split",
    };
    match foreign::refuse(path) {
        // An IDX file, gzipped or not: only its name is wrong.
        Err(known) if !idx::is_idx(path) => known,
        _ => other,
    }
}

/// The images of a split in a folder: of the set that was named, of the only one, or of that without a name.
fn images<'f>(
    folder: &Path,
    files: &'f [(Name, PathBuf)],
    split: Split,
    set: Option<&str>,
) -> Result<Option<(&'f Name, &'f Path)>, DatasetError> {
    let all = || files.iter().filter(|(name, _)| (name.split, name.part) == (split, Part::Images));
    let wanted = set.unwrap_or("");
    if let Some((name, path)) = all().find(|(name, _)| name.set == wanted) {
        return Ok(Some((name, path)));
    }
    let Some((first, path)) = all().next().filter(|_| set.is_none()) else { return Ok(None) };
    if all().all(|(name, _)| name.set == first.set) {
        return Ok(Some((first, path)));
    }
    let mut names: Vec<String> = all().map(|(_, path)| file_name(path)).collect();
    names.sort();
    Err(DatasetError::Several { folder: folder.to_owned(), files: names })
}

/// Every file of a folder whose name says that it is one of these, the one to take first.
fn files(folder: &Path) -> Result<Vec<(Name, PathBuf)>, DatasetError> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        let name = path.file_name().and_then(|name| Name::parse(&name.to_string_lossy()));
        match name {
            Some(name) if path.is_file() => found.push((name, path)),
            // Some archives unpack each file into a folder of its name.
            Some(_) if path.is_dir() => found.extend(entries(&path)?.into_iter().filter_map(|path| {
                Some((Name::parse(&path.file_name()?.to_string_lossy())?, path)).filter(|(_, path)| path.is_file())
            })),
            _ => {}
        }
    }
    found.sort_by_key(|(_, path)| rank(&file_name(path)));
    Ok(found)
}

/// What lies in a folder, if it is one, without what systems leave there.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let failed = |cause| DatasetError::Read { path: folder.to_owned(), cause };
    let entries = match fs::read_dir(folder) {
        Err(cause) if absent(&cause) => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if !is_incidental(Path::new(&entry.file_name())) {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(source: Source, name: &Name, path: &Path, labels: Option<&Path>) -> Result<Dataset, DatasetError> {
    let contents = |path: &Path| idx::read(path).map_err(|cause| DatasetError::Read { path: path.to_owned(), cause });
    let corrupt = |path: &Path| {
        let path = path.to_owned();
        move |cause| DatasetError::Corrupt { path, cause }
    };
    let bytes = contents(path)?;
    // Pages of the web and archives under the file's name say more by their kind than by a wrong magic.
    if !bytes.starts_with(&[0, 0]) && !bytes.starts_with(&idx::GZIP) {
        foreign::refuse(path)?;
    }
    let (shape, mut images) = idx::images(&bytes).map_err(corrupt(path))?;
    drop(bytes);
    let columns_first = name.set.starts_with(COLUMNS_FIRST) && shape.height == shape.width;
    if columns_first {
        images.chunks_exact_mut(shape.elements()).for_each(|image| transpose(image, shape.width.into()));
    }
    let classes = labels.map(|path| idx::labels(&contents(path)?).map_err(corrupt(path))).transpose()?;
    let mut dataset =
        Dataset::new(source.name(), shape, u8::MAX, images, classes).map_err(corrupt(labels.unwrap_or(path)))?;
    if !name.set.is_empty() {
        let turned = if columns_first { ", turned upright: its images are stored column by column" } else { "" };
        dataset.notes.push(format!("{source}: read from {}{turned}", file_name(path)));
    }
    Ok(dataset)
}

/// Exchanges rows and columns of a square image.
fn transpose(image: &mut [u8], side: usize) {
    for row in 0..side {
        for column in row + 1..side {
            image.swap(row * side + column, column * side + row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// Two images of 2×2.
    const IMAGES: [u8; 16 + 8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 255, 1, 2, 3, 4, 5, 6];
    const LABELS: [u8; 8 + 2] = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];

    fn put(root: &TempDir, path: &str, bytes: &[u8]) -> PathBuf {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn mnist(split: Split, given: &Path) -> Result<Dataset, String> {
        load(Source::Mnist, split, Some(given)).map_err(|cause| cause.to_string())
    }

    #[test]
    fn files_renamed_on_their_way_are_read() {
        for (images, labels) in [
            ("train-images-idx3-ubyte (1)", "train-labels-idx1-ubyte (1)"),
            ("TRAIN-IMAGES-IDX3-UBYTE", "Train-Labels-idx1-ubyte"),
            // Named as if they were gzipped: the contents count.
            ("train-images-idx3-ubyte.gz", "train-labels.idx1-ubyte.gz"),
            ("train-images-idx3-ubyte/train-images-idx3-ubyte", "train-labels-idx1-ubyte/train-labels-idx1-ubyte"),
        ] {
            let root = TempDir::new().unwrap();
            put(&root, images, &IMAGES);
            put(&root, labels, &LABELS);
            put(&root, "._train-images-idx3-ubyte", b"of a system");
            put(&root, "mnist/.DS_Store", b"of a system");
            let set = mnist(Split::Train, root.path()).unwrap();
            assert_eq!(
                (set.images().unwrap().image(1), set.labels()),
                (&[3, 4, 5, 6][..], Some(&[7, 9][..])),
                "{images}"
            );
            assert!(set.notes().is_empty(), "{:?}", set.notes());
        }
    }

    #[test]
    fn emnist_is_turned_upright_and_this_is_said() {
        let root = TempDir::new().unwrap();
        let letters = put(&root, "gzip/emnist-letters-train-images-idx3-ubyte", &IMAGES);
        put(&root, "gzip/emnist-letters-train-labels-idx1-ubyte", &LABELS);
        let folder = letters.parent().unwrap();
        let set = mnist(Split::Train, folder).unwrap();
        assert_eq!(
            (set.images().unwrap().image(0), set.images().unwrap().image(1)),
            (&[0, 1, 255, 2][..], &[3, 5, 4, 6][..])
        );
        assert_eq!(set.labels(), Some(&[7, 9][..]));
        assert_eq!(
            set.notes(),
            [
                "mnist: read from emnist-letters-train-images-idx3-ubyte, turned upright: its images are stored column by \
              column"
            ]
        );
        // With another set beside it, one has to be named; its other split is then found too.
        put(&root, "gzip/emnist-digits-train-images-idx3-ubyte", &IMAGES);
        put(&root, "gzip/emnist-letters-test-images-idx3-ubyte", &IMAGES);
        let told = mnist(Split::Train, folder).unwrap_err();
        assert!(
            told.contains("emnist-digits-train-images-idx3-ubyte, emnist-letters-train-images-idx3-ubyte: name"),
            "{told}"
        );
        for split in [Split::Train, Split::Test] {
            assert_eq!(mnist(split, &letters).unwrap().len(), 2);
        }
        let told = mnist(Split::Test, &folder.join("emnist-digits-train-images-idx3-ubyte")).unwrap_err();
        assert!(told.contains("emnist-digits-t10k-images-idx3-ubyte"), "{told}");
        // The set without a name is meant where it is there.
        put(&root, "gzip/train-images-idx3-ubyte", &IMAGES);
        let plain = mnist(Split::Train, folder).unwrap();
        assert_eq!((plain.images().unwrap().image(0), plain.labels()), (&[0, 255, 1, 2][..], None));
    }

    #[test]
    fn what_lies_there_in_place_of_the_files_is_named() {
        let root = TempDir::new().unwrap();
        put(&root, "train.csv", b"label,pixel0,pixel1\n1,0,0\n");
        let told = mnist(Split::Train, root.path()).unwrap_err();
        assert!(told.contains("train.csv: found a table of numbers with commas") && told.contains("savez"), "{told}");
        let told = mnist(Split::Train, &root.path().join("train.csv")).unwrap_err();
        assert!(told.contains("a table of numbers with commas"), "{told}");
        let renamed = put(&root, "mnist.images", &IMAGES);
        let told = mnist(Split::Train, &renamed).unwrap_err();
        assert!(told.contains("mnist.images") && told.contains("name it train-images-idx3-ubyte"), "{told}");
    }
}
