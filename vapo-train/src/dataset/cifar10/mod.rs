//! CIFAR-10: 60,000 colour images of 32×32 pixels, ten classes, in its binary or its Python version.
//!
//! ```text
//! cifar-10-batches-bin/data_batch_1.bin … data_batch_5.bin, test_batch.bin     10,000 records each
//! record = label (0 to 9), then 32 × 32 red, 32 × 32 green, 32 × 32 blue, each row-major
//!
//! cifar-10-batches-py/data_batch_1 … data_batch_5, test_batch                  the same, pickled: module `python`
//! ```
//!
//! Read from these folders or from the archives as they are published (A. Krizhevsky, *Learning Multiple Layers
//! of Features from Tiny Images*, 2009). Programs in Python keep the second version; torchvision does.

pub mod error;
mod pickle;
pub(crate) mod python;
#[cfg(test)]
mod tests;

pub use error::CifarError;

use crate::dataset::{Corruption, Dataset, DatasetError, Source, Split, foreign};
use crate::files::inflation::Bounded;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use vapo_format::Shape;

/// The archive of the binary version, as published.
pub const ARCHIVE: &str = "cifar-10-binary.tar.gz";
/// The folder in it.
pub const FOLDER: &str = "cifar-10-batches-bin";
/// Images in each file.
pub const RECORDS: usize = 10_000;
/// Bytes of a record.
pub const RECORD: usize = 1 + PLANES * PLANE;

const SHAPE: Shape = Shape { channels: PLANES as u16, height: 32, width: 32 };
const PLANES: usize = 3;
const PLANE: usize = 32 * 32;
const CLASSES: u8 = 10;
/// Bytes that an archive may unpack to. Those that are published have 184 million.
const MOST: u64 = 1 << 28;

/// One of the two versions that are read.
struct Version {
    /// What the archive may be called: browsers like to unpack the outer layer and keep its name.
    archives: [&'static str; 2],
    folder: &'static str,
    train: [&'static str; 5],
    test: [&'static str; 1],
    /// Bytes of a file, at most.
    most: u64,
    /// The records that the bytes of a file hold.
    records: fn(&'static str, Vec<u8>) -> Result<Vec<u8>, CifarError>,
}

const BINARY: Version = Version {
    archives: [ARCHIVE, "cifar-10-binary.tar"],
    folder: FOLDER,
    train: ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    test: ["test_batch.bin"],
    most: (RECORDS * RECORD) as u64,
    records: |_, bytes| Ok(bytes),
};

const PYTHON: Version = Version {
    archives: ["cifar-10-python.tar.gz", "cifar-10-python.tar"],
    folder: "cifar-10-batches-py",
    train: ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"],
    test: ["test_batch"],
    most: python::MOST,
    records: |name, bytes| python::records(name, &bytes),
};

impl Version {
    /// Names of the files that make up a split.
    fn files(&self, split: Split) -> &[&'static str] {
        match split {
            Split::Train => &self.train,
            // There is no valid split, and none is loaded.
            Split::Valid => &[],
            Split::Test => &self.test,
        }
    }
}

/// One split, from the first of `folders` that holds the published folder, its files or the archive, the binary version
/// before the other; none if none does.
///
/// # Errors
/// A file cannot be read, is incomplete or holds something else.
pub(super) fn load(split: Split, folders: &[PathBuf]) -> Result<Option<Dataset>, DatasetError> {
    for folder in folders {
        for version in [&BINARY, &PYTHON] {
            for place in [folder.join(version.folder), folder.clone()] {
                // One file of the split makes the folder the one meant: the others are then missed by name.
                if version.files(split).iter().any(|name| place.join(name).is_file()) {
                    return unpacked(version, split, &place).map(Some);
                }
            }
            for path in version.archives.map(|name| folder.join(name)) {
                if path.is_file() {
                    return of_file(split, &path).map(Some);
                }
            }
        }
    }
    Ok(None)
}

/// One split, from an archive of either version, whatever its name; or from the folder of a file of either.
///
/// # Errors
/// It cannot be read, is incomplete or holds something else.
pub(crate) fn of_file(split: Split, path: &Path) -> Result<Dataset, DatasetError> {
    let of = |version: &Version| version.train.iter().chain(&version.test).any(|name| path.ends_with(name));
    if let Some(version) = [&BINARY, &PYTHON].into_iter().find(|version| of(version)) {
        return unpacked(version, split, path.parent().unwrap_or(path));
    }
    let opened =
        crate::files::bounded::open(path).map_err(|cause| DatasetError::Read { path: path.to_owned(), cause })?;
    let (version, batches) = match archived(split, BufReader::new(opened)) {
        Ok(found) => found,
        Err(cause) => {
            if !is_archive(path) {
                foreign::refuse(path)?;
            }
            return Err(corrupt(path, cause));
        }
    };
    assemble(version, split, batches, path)
}

/// Whether a file is named as archives are: an error about its contents then says more than its kind.
fn is_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    [".tar", ".tar.gz", ".tgz"].iter().any(|end| name.ends_with(end))
}

fn corrupt(path: &Path, cause: impl Into<Corruption>) -> DatasetError {
    DatasetError::Corrupt { path: path.to_owned(), cause: cause.into() }
}

fn unpacked(version: &Version, split: Split, folder: &Path) -> Result<Dataset, DatasetError> {
    let mut batches = Vec::new();
    for name in version.files(split) {
        let path = folder.join(name);
        let batch = match crate::files::bounded::open(&path) {
            Ok(file) => {
                bounded(version, name, file).map_err(|cause| DatasetError::Read { path: path.clone(), cause })?
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Err(corrupt(folder, CifarError::Member { name }));
            }
            Err(cause) => return Err(DatasetError::Read { path, cause }),
        };
        batches.push(batch);
    }
    assemble(version, split, batches, folder)
}

/// The bytes of one file, and its name.
type Batch = (&'static str, Vec<u8>);

/// Reads no more than shows that a file is too long.
fn bounded(version: &Version, name: &'static str, file: impl Read) -> io::Result<Batch> {
    let mut bytes = Vec::new();
    file.take(version.most + 1).read_to_end(&mut bytes)?;
    Ok((name, bytes))
}

/// The files of a split, in their order, out of the archive of either version. It is read to its end: only there gzip
/// checks its sum.
fn archived(split: Split, mut file: impl BufRead) -> Result<(&'static Version, Vec<Batch>), CifarError> {
    // Contents, not the name, tell whether it is gzipped.
    let gzipped = file.fill_buf().map_err(CifarError::Archive)?.starts_with(&[0x1f, 0x8b]);
    let stream: Box<dyn Read> = if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut archive = tar::Archive::new(Bounded::new(stream, MOST));
    let mut found: [(&'static Version, Vec<Batch>); 2] = [(&BINARY, Vec::new()), (&PYTHON, Vec::new())];
    for entry in archive.entries().map_err(CifarError::Archive)? {
        let mut entry = entry.map_err(CifarError::Archive)?;
        let path = entry.path().map_err(CifarError::Archive)?.into_owned();
        for (version, found) in &mut found {
            let wanted = version.files(split).iter().find(|&&name| path.file_name().is_some_and(|found| found == name));
            if let Some(name) = wanted.filter(|&&name| found.iter().all(|(earlier, _)| *earlier != name)) {
                found.push(bounded(version, name, &mut entry).map_err(CifarError::Archive)?);
            }
        }
    }
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(CifarError::Archive)?;
    let [binary, python] = found;
    let (version, mut batches) = if binary.1.is_empty() && !python.1.is_empty() { python } else { binary };
    batches.sort_by_key(|(name, _)| *name);
    match version.files(split).iter().find(|&&name| batches.iter().all(|(there, _)| *there != name)) {
        Some(name) => Err(CifarError::Member { name }),
        None => Ok((version, batches)),
    }
}

fn assemble(version: &Version, split: Split, batches: Vec<Batch>, path: &Path) -> Result<Dataset, DatasetError> {
    let count = RECORDS * version.files(split).len();
    let (mut images, mut labels) = (Vec::with_capacity(count * SHAPE.elements()), Vec::with_capacity(count));
    for (name, bytes) in batches {
        let bytes = (version.records)(name, bytes).map_err(|cause| corrupt(path, cause))?;
        if bytes.len() != RECORDS * RECORD {
            return Err(corrupt(path, CifarError::Size { name, found: bytes.len() as u64 }));
        }
        for (record, bytes) in bytes.chunks_exact(RECORD).enumerate() {
            let (label, planes) = (bytes[0], &bytes[1..]);
            if label >= CLASSES {
                return Err(corrupt(path, CifarError::Label { name, record, found: label.into() }));
            }
            labels.push(label);
            images.extend((0..PLANE).flat_map(|pixel| (0..PLANES).map(move |plane| planes[plane * PLANE + pixel])));
        }
    }
    Dataset::new(Source::Cifar10.name(), SHAPE, u8::MAX, images, Some(labels)).map_err(|cause| corrupt(path, cause))
}

/// What a person is told to look for.
pub(super) fn names(split: Split) -> Vec<String> {
    let files = |version: &Version| match version.files(split) {
        [first, .., last] => format!("{first} to {last}"),
        files => files.concat(),
    };
    let of = |version: &Version| [version.archives[0].to_owned(), format!("{}/ ({})", version.folder, files(version))];
    [of(&BINARY), of(&PYTHON)].concat()
}
