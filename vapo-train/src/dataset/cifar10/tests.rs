//! CIFAR-10 in every layout, and what is wrong with it.

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
        let image = set.images().unwrap().image(0);
        assert_eq!((&image[..7], &image[PLANE * PLANES - 3..]), (&[10, 20, 30, 11, 21, 31, 0][..], &[12, 22, 32][..]));
        assert!(set.images().unwrap().image(1).iter().all(|&value| value == 0), "{path}");
    }
}

/// A file of the Python version, with the same images and labels.
fn pickled_batch(class: u8) -> Vec<u8> {
    let records = batch(class);
    let (labels, images): (Vec<u8>, Vec<&[u8]>) =
        records.chunks_exact(RECORD).map(|record| (record[0], &record[1..])).unzip();
    python::tests::pickled(&images.concat(), RECORDS as u16, &labels)
}

#[test]
fn the_python_version_gives_the_same_images() {
    let expected = test_split("test_batch.bin", &batch(7)).unwrap();
    let file = pickled_batch(7);
    let plain = tar(&[("batches.meta", b"\x80\x02}."), ("test_batch", &file)]);
    let places: [(&str, &[u8]); 4] = [
        ("cifar-10-batches-py/test_batch", &file),
        ("test_batch", &file),
        ("cifar10/cifar-10-python.tar.gz", &gzip(&plain)),
        ("cifar-10-python.tar", &plain),
    ];
    for (path, bytes) in places {
        assert!(test_split(path, bytes).unwrap() == expected, "{path}");
    }
    let told = test_split("cifar-10-batches-py/test_batch", &file[..1000]).unwrap_err();
    assert!(told.contains("cifar-10-batches-py: test_batch: the pickle is cut off"), "{told}");
    let told = test_split("test_batch", b"\x80\x02cos\nsystem\nU\x04true\x85R.").unwrap_err();
    assert!(told.contains("os system") && told.contains("not executed"), "{told}");
}

#[test]
fn an_archive_may_be_named_itself() {
    let root = TempDir::new().unwrap();
    let expected = test_split("test_batch.bin", &batch(7)).unwrap();
    let load = |name: &str, bytes: &[u8]| {
        let path = root.path().join(name);
        fs::write(&path, bytes).unwrap();
        Dataset::load(Source::Cifar10, Split::Test, Some(&path)).map_err(|cause| cause.to_string())
    };
    for (name, bytes) in [
        ("cifar-10-binary.tar.gz", gzip(&tar(&[("test_batch.bin", &batch(7))]))),
        ("cifar-10-binary (1).tar.gz", gzip(&tar(&[("test_batch.bin", &batch(7))]))),
        // Not the archive, but a file of the folder: the others of the split are looked for beside it.
        ("test_batch.bin", batch(7)),
        ("renamed", tar(&[("test_batch", &pickled_batch(7))])),
    ] {
        assert!(load(name, &bytes).unwrap() == expected, "{name}");
    }
    for (name, bytes, part) in [
        (
            "cifar-10-matlab.tar.gz",
            gzip(&tar(&[("test_batch.mat", b"MATLAB 5.0")])),
            "expected test_batch.bin, found none",
        ),
        ("cifar.zip", b"PK\x03\x04".to_vec(), "a zip archive"),
        ("train.parquet", b"PAR1".to_vec(), "a table of Parquet"),
    ] {
        let told = load(name, &bytes).unwrap_err();
        assert!(told.contains(name) && told.contains(part), "{told}");
    }
}

#[test]
fn an_archive_that_unpacks_to_more_than_cifar_has_is_refused() {
    // A name of two gigabytes, which readers of archives keep in memory whole; streams of gzip may follow each other.
    let mut header = ::tar::Header::new_gnu();
    header.set_path("././@LongLink").unwrap();
    header.set_entry_type(::tar::EntryType::GNULongName);
    header.set_size(1 << 31);
    header.set_cksum();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::Write::write_all(&mut encoder, &vec![b'x'; 1 << 20]).unwrap();
    let megabyte = encoder.finish().unwrap();
    let mut file = gzip(header.as_bytes());
    (0..1 << 11).for_each(|_| file.extend(&megabyte));
    let told = test_split(ARCHIVE, &file).unwrap_err();
    assert!(told.contains("unpacks to more than such a file can hold"), "{told}");
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
        (ARCHIVE, &gzip(&tar(&[("test_batch.bin", &[1; 100])])), "30730000 bytes (10000 records of 3073), found 100"),
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
