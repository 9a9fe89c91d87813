//! CIFAR-10 in its binary version: 60,000 colour images of 32×32 pixels, ten classes.
//!
//! ```text
//! cifar-10-batches-bin/data_batch_1.bin … data_batch_5.bin, test_batch.bin     10,000 records each
//! record = label (0 to 9), then 32 × 32 red, 32 × 32 green, 32 × 32 blue, each row-major
//! ```
//!
//! Read from that folder or from `cifar-10-binary.tar.gz` as it is published (A. Krizhevsky, *Learning Multiple Layers
//! of Features from Tiny Images*, 2009).

use crate::dataset::{Corruption, Dataset, DatasetError, Source, Split};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use vapo_format::Shape;

/// The archive, as published.
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
/// What the archive may be called: browsers like to unpack the outer layer and keep its name.
const ARCHIVES: [&str; 2] = [ARCHIVE, "cifar-10-binary.tar"];

/// Names of the files that make up a split.
pub const fn files(split: Split) -> &'static [&'static str] {
    match split {
        Split::Train => {
            &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"]
        }
        Split::Test => &["test_batch.bin"],
    }
}

/// What is wrong with a file of CIFAR-10.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CifarError {
    /// A file has another size than 10,000 records.
    #[error(
        "expected {name} of {} bytes ({RECORDS} records of {RECORD}), found {found}: this is another file or it was \
         cut off, get it anew with `vapo-train fetch cifar10`", RECORDS * RECORD
    )]
    Size {
        /// The file.
        name: &'static str,
        /// Its bytes; where it is too long, no more than one beyond those expected.
        found: u64,
    },
    /// A label that is no class.
    #[error("expected labels 0 to 9, found {found} in record {record} of {name}: this is another kind of file")]
    Label {
        /// The file.
        name: &'static str,
        /// The record, from 0.
        record: usize,
        /// Its label.
        found: u8,
    },
    /// The archive, or the folder, lacks a file.
    #[error("expected {name}, found none: get the whole set with `vapo-train fetch cifar10`")]
    Member {
        /// The file.
        name: &'static str,
    },
    /// The archive cannot be read to its end.
    #[error("the archive is damaged or cut off ({0}): get it anew with `vapo-train fetch cifar10`")]
    Archive(io::Error),
}

/// One split, from the first of `folders` that holds the published folder, its files or the archive; none if none does.
///
/// # Errors
/// A file cannot be read, is incomplete or holds something else.
pub(super) fn load(split: Split, folders: &[PathBuf]) -> Result<Option<Dataset>, DatasetError> {
    for folder in folders {
        for place in [folder.join(FOLDER), folder.clone()] {
            // One file of the split makes the folder the one meant: the others are then missed by name.
            if files(split).iter().any(|name| place.join(name).is_file()) {
                return unpacked(split, &place).map(Some);
            }
        }
        for path in ARCHIVES.map(|name| folder.join(name)) {
            if path.is_file() {
                let batches = File::open(&path)
                    .map_err(CifarError::Archive)
                    .and_then(|file| archived(split, BufReader::new(file)))
                    .map_err(|cause| corrupt(&path, cause))?;
                return assemble(split, batches, &path).map(Some);
            }
        }
    }
    Ok(None)
}

fn corrupt(path: &Path, cause: impl Into<Corruption>) -> DatasetError {
    DatasetError::Corrupt { path: path.to_owned(), cause: cause.into() }
}

fn unpacked(split: Split, folder: &Path) -> Result<Dataset, DatasetError> {
    let mut batches = Vec::new();
    for name in files(split) {
        let path = folder.join(name);
        let batch = match File::open(&path) {
            Ok(file) => bounded(name, file).map_err(|cause| DatasetError::Read { path: path.clone(), cause })?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Err(corrupt(folder, CifarError::Member { name }));
            }
            Err(cause) => return Err(DatasetError::Read { path, cause }),
        };
        batches.push(batch);
    }
    assemble(split, batches, folder)
}

/// The bytes of one file, and its name.
type Batch = (&'static str, Vec<u8>);

/// Reads no more than shows that a file is too long.
fn bounded(name: &'static str, file: impl Read) -> io::Result<Batch> {
    let mut bytes = Vec::new();
    file.take((RECORDS * RECORD) as u64 + 1).read_to_end(&mut bytes)?;
    Ok((name, bytes))
}

/// The files of a split, in their order, out of the archive. It is read to its end: only there gzip checks its sum.
fn archived(split: Split, mut file: impl BufRead) -> Result<Vec<Batch>, CifarError> {
    // Contents, not the name, tell whether it is gzipped.
    let gzipped = file.fill_buf().map_err(CifarError::Archive)?.starts_with(&[0x1f, 0x8b]);
    let stream: Box<dyn Read> = if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut archive = tar::Archive::new(stream);
    let mut found: Vec<Batch> = Vec::new();
    for entry in archive.entries().map_err(CifarError::Archive)? {
        let entry = entry.map_err(CifarError::Archive)?;
        let path = entry.path().map_err(CifarError::Archive)?.into_owned();
        let wanted = files(split).iter().find(|&&name| path.file_name().is_some_and(|found| found == name));
        if let Some(name) = wanted.filter(|&&name| found.iter().all(|(earlier, _)| *earlier != name)) {
            found.push(bounded(name, entry).map_err(CifarError::Archive)?);
        }
    }
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(CifarError::Archive)?;
    found.sort_by_key(|(name, _)| *name);
    match files(split).iter().find(|&&name| found.iter().all(|(there, _)| *there != name)) {
        Some(name) => Err(CifarError::Member { name }),
        None => Ok(found),
    }
}

fn assemble(split: Split, batches: Vec<Batch>, path: &Path) -> Result<Dataset, DatasetError> {
    let count = RECORDS * files(split).len();
    let (mut images, mut labels) = (Vec::with_capacity(count * SHAPE.elements()), Vec::with_capacity(count));
    for (name, bytes) in batches {
        if bytes.len() != RECORDS * RECORD {
            return Err(corrupt(path, CifarError::Size { name, found: bytes.len() as u64 }));
        }
        for (record, bytes) in bytes.chunks_exact(RECORD).enumerate() {
            let (label, planes) = (bytes[0], &bytes[1..]);
            if label >= CLASSES {
                return Err(corrupt(path, CifarError::Label { name, record, found: label }));
            }
            labels.push(label);
            images.extend((0..PLANE).flat_map(|pixel| (0..PLANES).map(move |plane| planes[plane * PLANE + pixel])));
        }
    }
    Dataset::new(Source::Cifar10.name(), SHAPE, u8::MAX, images, Some(labels)).map_err(|cause| corrupt(path, cause))
}

/// What a person is told to look for.
pub(super) fn names(split: Split) -> Vec<String> {
    let [first, last] = [files(split)[0], files(split)[files(split).len() - 1]];
    let files = if first == last { first.to_owned() } else { format!("{first} to {last}") };
    vec![ARCHIVE.to_owned(), format!("{FOLDER}/ ({files})")]
}
