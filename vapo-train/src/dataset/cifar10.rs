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
        // There is no valid split, and none is loaded.
        Split::Valid => &[],
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
    let files = match files(split) {
        [first, .., last] => format!("{first} to {last}"),
        files => files.concat(),
    };
    vec![ARCHIVE.to_owned(), format!("{FOLDER}/ ({files})")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::fs;
    use tempfile::TempDir;

    /// A file of black images of class `class`, but for the first: red, green and blue differ, and so do pixels.
    fn batch(class: u8) -> Vec<u8> {
        let mut bytes = vec![0; RECORDS * RECORD];
        bytes.iter_mut().step_by(RECORD).for_each(|label| *label = class);
        for (plane, value) in [10, 20, 30].into_iter().enumerate() {
            bytes[1 + plane * PLANE] = value;
            bytes[1 + plane * PLANE + 1] = value + 1;
            bytes[1 + plane * PLANE + PLANE - 1] = value + 2;
        }
        bytes
    }

    fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, format!("{FOLDER}/{name}"), *bytes).unwrap();
        }
        archive.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn test_split(path: &str, bytes: &[u8]) -> Result<Dataset, String> {
        let root = TempDir::new().unwrap();
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        Dataset::load(Source::Cifar10, Split::Test, Some(root.path())).map_err(|cause| cause.to_string())
    }

    #[test]
    fn every_layout_gives_the_same_images_with_channels_last() {
        let bytes = batch(7);
        let plain = tar(&[("readme.html", b"<html>"), ("test_batch.bin", &bytes)]);
        let places: [(&str, &[u8]); 5] = [
            ("test_batch.bin", &bytes),
            ("cifar10/cifar-10-batches-bin/test_batch.bin", &bytes),
            ("cifar-10-batches-bin/test_batch.bin", &bytes),
            ("cifar10/cifar-10-binary.tar.gz", &gzip(&plain)),
            ("cifar-10-binary.tar", &plain),
        ];
        for (path, bytes) in places {
            let set = test_split(path, bytes).unwrap();
            assert_eq!((set.len(), set.shape(), set.name()), (RECORDS, SHAPE, "cifar10"));
            assert!(set.labels().unwrap().iter().all(|&label| label == 7));
            let image = set.image(0);
            assert_eq!(
                (&image[..7], &image[PLANE * PLANES - 3..]),
                (&[10, 20, 30, 11, 21, 31, 0][..], &[12, 22, 32][..])
            );
            assert!(set.image(1).iter().all(|&value| value == 0), "{path}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let good = batch(9);
        let mut label = good.clone();
        label[3 * RECORD] = 10;
        let long = [&good[..], &[0]].concat();
        let size = "expected test_batch.bin of 30730000 bytes";
        for (bytes, parts) in [
            (&good[..good.len() - 1], [size, "found 30729999", "vapo-train fetch cifar10"]),
            (&long, [size, "found 30730001", "test_batch.bin"]),
            (&[], [size, "found 0", "test_batch.bin"]),
            (&label, ["labels 0 to 9, found 10", "record 3 of test_batch.bin", "cifar-10-batches-bin"]),
        ] {
            let told = test_split("cifar-10-batches-bin/test_batch.bin", bytes).unwrap_err();
            assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_archive_is_told() {
        let plain = tar(&[("test_batch.bin", &batch(9))]);
        let zipped = gzip(&plain);
        let mut flipped = zipped.clone();
        let sum = zipped.len() - 8;
        flipped[sum] ^= 0xff;
        let damaged = "the archive is damaged or cut off";
        for (path, bytes, part) in [
            (ARCHIVE, &zipped[..zipped.len() / 2], damaged),
            (ARCHIVE, &zipped[..zipped.len() - 4], damaged),
            (ARCHIVE, &flipped, damaged),
            (ARCHIVE, b"<!DOCTYPE html><title>404</title>", damaged),
            ("cifar-10-binary.tar", &plain[..plain.len() / 2], damaged),
            (
                ARCHIVE,
                &gzip(&tar(&[("test_batch.bin", &[1; 100])])),
                "30730000 bytes (10000 records of 3073), found 100",
            ),
            (ARCHIVE, &gzip(&tar(&[("other.bin", &[1; 100])])), "expected test_batch.bin, found none"),
            (ARCHIVE, &[], "found none"),
        ] {
            let told = test_split(path, bytes).unwrap_err();
            assert!(told.contains(path) && told.contains(part) && told.contains("fetch cifar10"), "{told}");
        }
    }

    #[test]
    fn a_folder_with_part_of_the_split_is_not_taken_for_the_whole() {
        let root = TempDir::new().unwrap();
        for name in ["data_batch_1.bin", "data_batch_2.bin", "data_batch_4.bin", "test_batch.bin"] {
            fs::write(root.path().join(name), []).unwrap();
        }
        let told = Dataset::load(Source::Cifar10, Split::Train, Some(root.path())).unwrap_err().to_string();
        assert!(told.contains("expected data_batch_3.bin, found none"), "{told}");
    }
}
