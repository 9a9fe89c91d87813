//! What an array that NumPy opens begins with. Written here: a header is one line of text, and crates that write arrays bring
//! their readers along, where ours has bounds that theirs have not.

use super::header::MAGIC;
use std::io::{Cursor, Write};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What a `.npy` file (version 1.0) begins with, before the values in C order: their type as NumPy writes it (`<f4`,
/// `|u1`), and the extents of the array.
pub fn header(descr: &str, extents: &[usize]) -> Vec<u8> {
    let mut list = extents.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    if extents.len() == 1 {
        list.push(',');
    }
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({list}), }}");
    // Spaces and a line feed bring the values to a multiple of 64 bytes, past ten bytes of magic, version and length.
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', length - header.len() - 1));
    let mut file = [&MAGIC[..], b"\x01\x00"].concat();
    file.extend((length as u16).to_le_bytes());
    file.extend(header.bytes());
    file.push(b'\n');
    file
}

/// An array whose values are written one after another in C order, as little-endian bytes.
#[derive(Clone, Debug)]
pub struct Array<'n> {
    name: &'n str,
    file: Vec<u8>,
}

impl<'n> Array<'n> {
    /// An array of 64-bit floats.
    pub fn of_f64(name: &'n str, extents: &[usize], values: impl IntoIterator<Item = f64>) -> Self {
        Array::of(name, "<f8", extents, values.into_iter().map(f64::to_le_bytes))
    }

    /// An array of 32-bit floats.
    pub fn of_f32(name: &'n str, extents: &[usize], values: impl IntoIterator<Item = f32>) -> Self {
        Array::of(name, "<f4", extents, values.into_iter().map(f32::to_le_bytes))
    }

    /// An array of 64-bit whole numbers.
    pub fn of_usize(name: &'n str, extents: &[usize], values: impl IntoIterator<Item = usize>) -> Self {
        Array::of(name, "<i8", extents, values.into_iter().map(|value| (value as u64).to_le_bytes()))
    }

    /// An array of what is true or false.
    pub fn of_bool(name: &'n str, extents: &[usize], values: impl IntoIterator<Item = bool>) -> Self {
        Array::of(name, "|b1", extents, values.into_iter().map(|value| [u8::from(value)]))
    }

    fn of<const N: usize>(
        name: &'n str,
        descr: &str,
        extents: &[usize],
        values: impl Iterator<Item = [u8; N]>,
    ) -> Self {
        let mut file = header(descr, extents);
        file.extend(values.flatten());
        Array { name, file }
    }
}

/// The bytes of a `.npz` file, not compressed, as NumPy's `savez` leaves it. The same arrays are the same bytes.
pub fn archive(arrays: &[Array<'_>]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    let mut write = |array: &Array<'_>| {
        archive.start_file(format!("{}.npy", array.name), options)?;
        archive.write_all(&array.file).map_err(ZipError::from)
    };
    let written = arrays.iter().try_for_each(&mut write).and_then(|()| archive.finish());
    written.expect("memory takes every byte").into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_the_comma_of_a_tuple() {
        // numpy.save(file, numpy.zeros(3))
        let header = String::from_utf8_lossy(&header("<f8", &[3])).into_owned();
        assert!(header.contains("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"), "{header}");
    }

    #[test]
    fn values_start_at_a_multiple_of_64_for_every_extent() {
        for width in [1, 10, 100, 1000] {
            assert_eq!(header("<f4", &[1, 1, width, 1000]).len() % 64, 0);
        }
    }

    #[test]
    fn another_reader_takes_it() {
        let file = [header("<f4", &[2, 1]), 1.5_f32.to_le_bytes().to_vec(), 2.5_f32.to_le_bytes().to_vec()].concat();
        let array = npyz::NpyFile::new(file.as_slice()).unwrap();
        assert_eq!(array.shape(), [2, 1]);
        assert_eq!(array.into_vec::<f32>().unwrap(), [1.5, 2.5]);
    }

    #[test]
    fn an_archive_holds_arrays_by_their_names() {
        let arrays = [
            Array::of_f32("a", &[2], [1.5, f32::NAN]),
            Array::of_usize("b", &[1, 2], [7, 1 << 40]),
            Array::of_bool("c", &[2], [true, false]),
            Array::of_f64("d", &[0], []),
        ];
        let file = archive(&arrays);
        assert_eq!(file, archive(&arrays));
        let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
        let array = npyz::NpyFile::new(archive.by_name("b.npy").unwrap()).unwrap();
        assert_eq!((array.shape().to_vec(), array.into_vec::<i64>().unwrap()), (vec![1, 2], vec![7, 1 << 40]));
        let array = npyz::NpyFile::new(archive.by_name("c.npy").unwrap()).unwrap();
        assert_eq!(array.into_vec::<bool>().unwrap(), [true, false]);
        let array = npyz::NpyFile::new(archive.by_name("a.npy").unwrap()).unwrap();
        assert_eq!(array.into_vec::<f32>().unwrap()[0], 1.5);
        assert_eq!(archive.len(), 4);
    }
}
