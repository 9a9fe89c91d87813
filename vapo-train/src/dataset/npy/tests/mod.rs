//! Arrays as NumPy writes them, and what becomes of them.

mod archives;
mod arrays;

use super::*;
use proptest::prelude::*;
use std::fs;
use std::io::{Cursor, Read, Write};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A `.npy` file.
fn npy(descr: &str, fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    text += &" ".repeat(117 - text.len());
    text.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((text.len() as u16).to_le_bytes());
    [&file, text.as_bytes(), values].concat()
}

/// `count` images of 2×3 pixels whose values count up.
fn counting(count: u8) -> Vec<u8> {
    npy("|u1", false, &format!("({count}, 2, 3)"), &(0..count * 6).collect::<Vec<u8>>())
}

fn classes(classes: &[u8]) -> Vec<u8> {
    npy("|u1", false, &format!("({},)", classes.len()), classes)
}

fn npz(method: CompressionMethod, arrays: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        archive.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// What comes of a file of these bytes.
fn read(bytes: &[u8], split: Split) -> Result<Dataset, String> {
    let root = TempDir::new().unwrap();
    let path = root.path().join("file");
    fs::write(&path, bytes).unwrap();
    load(split, &path).map(Option::unwrap).map_err(|cause| cause.to_string())
}

fn pixels(bytes: &[u8]) -> Vec<u8> {
    let set = read(bytes, Split::Train).unwrap();
    (0..set.len()).flat_map(|index| set.images().unwrap().image(index).to_vec()).collect()
}

#[track_caller]
fn refused(bytes: &[u8], split: Split, parts: &[&str]) {
    let told = read(bytes, split).unwrap_err();
    for part in parts {
        assert!(told.contains(part), "no {part:?} in: {told}");
    }
}
