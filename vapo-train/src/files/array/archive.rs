//! The arrays of a `.npz` file: a zip archive of `.npy` files.

use super::header::MAGIC;
use super::{Array, ArrayFileError};
use crate::files::bounded;
use crate::files::inflation;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// How the names of arrays end in the archive.
const END: &str = ".npy";

/// A `.npz` file.
#[derive(Debug)]
pub struct Archive<R> {
    zip: ZipArchive<R>,
    /// Bytes of the file: what it says of its entries is not believed beyond that.
    length: u64,
}

impl Archive<BufReader<File>> {
    /// The archive in a file.
    ///
    /// # Errors
    /// The system's, or [`ArrayFileError::Archive`].
    pub fn of_file(path: &Path) -> io::Result<Result<Self, ArrayFileError>> {
        Ok(Archive::new(BufReader::new(bounded::open(path)?)))
    }
}

impl<R: Read + Seek> Archive<R> {
    /// The archive that `reader` gives.
    ///
    /// # Errors
    /// [`ArrayFileError::Archive`].
    pub fn new(mut reader: R) -> Result<Self, ArrayFileError> {
        let mut start = Vec::new();
        let begun = (&mut reader).take(MAGIC.len() as u64).read_to_end(&mut start);
        begun.map_err(|cause| damaged(&cause.into()))?;
        if start == MAGIC {
            return Err(ArrayFileError::Single);
        }
        let length = reader.seek(io::SeekFrom::End(0)).map_err(|cause| damaged(&cause.into()))?;
        Ok(Archive { zip: ZipArchive::new(reader).map_err(|cause| damaged(&cause))?, length })
    }

    /// The names of all entries, as they are.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.zip.file_names()
    }

    /// The names of the arrays.
    pub fn names(&self) -> Vec<String> {
        self.entries().filter_map(|name| name.strip_suffix(END)).map(str::to_owned).collect()
    }

    /// The array of a name.
    ///
    /// # Errors
    /// There is none, it is compressed in an unknown way, or its header is none.
    pub fn array(&mut self, name: &str) -> Result<Array<impl Read + use<'_, R>>, ArrayFileError> {
        let entry = format!("{name}{END}");
        if self.zip.index_for_name(&entry).is_none() {
            let names = self.names();
            let found = if names.is_empty() { "no array".to_owned() } else { names.join(", ") };
            return Err(ArrayFileError::Missing { array: name.to_owned(), found });
        }
        let length = self.length;
        let entry = self.zip.by_name(&entry).map_err(|cause| damaged(&cause))?;
        let (size, compressed) = (entry.size(), entry.compressed_size().min(length));
        Array::new(name, entry, size, inflation::most(compressed))
    }
}

fn damaged(cause: &ZipError) -> ArrayFileError {
    match cause {
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            ArrayFileError::Unsupported(cause.to_string())
        }
        _ => ArrayFileError::Archive(cause.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::array::write::header;
    use crate::files::array::{Class, Element};
    use std::io::{Cursor, Write};
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    const BYTE: Element = Element { class: Class::Uint, width: 1, big: false };

    fn npz(name: &str, extents: &[usize], values: &[u8]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(name, options).unwrap();
        archive.write_all(&[&header("|u1", extents), values].concat()).unwrap();
        archive.finish().unwrap().into_inner()
    }

    /// What reading the values of `x` says.
    fn told(file: Vec<u8>) -> String {
        Archive::new(Cursor::new(file)).unwrap().array("x").unwrap().values(BYTE).unwrap_err().to_string()
    }

    /// The archive with the size that it says `x` unpacks to replaced, in the central directory: what readers go by.
    fn claiming(mut file: Vec<u8>, size: u32) -> Vec<u8> {
        let at = file.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
        file[at + 24..][..4].copy_from_slice(&size.to_le_bytes());
        file
    }

    #[test]
    fn arrays_are_read_by_their_names() {
        let mut archive = Archive::new(Cursor::new(npz("x.npy", &[2], &[4, 5]))).unwrap();
        assert_eq!(archive.names(), ["x"]);
        assert_eq!(archive.array("x").unwrap().values(BYTE).unwrap(), [4, 5]);
        let message = archive.array("y").err().unwrap().to_string();
        assert_eq!(message, "expected an array y in the archive, found x");
        let told =
            |file: Vec<u8>| Archive::new(Cursor::new(file)).and_then(|mut zip| zip.array("x").map(drop)).unwrap_err();
        assert!(matches!(told(header("|u1", &[0])), ArrayFileError::Single));
        // Another method of compression in the central directory.
        let mut other = npz("x.npy", &[2], &[4, 5]);
        let at = other.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
        other[at + 10] = 97;
        assert!(matches!(told(other), ArrayFileError::Unsupported(_)));
        assert!(Archive::new(Cursor::new(b"PK\x03\x04 and so on".to_vec())).is_err());
    }

    #[test]
    fn what_an_archive_says_of_its_sizes_is_not_believed() {
        // Four billion values, honestly announced in the directory: of a few bytes they cannot come.
        let few = npz("x.npy", &[4_000_000_000], &[0; 100]);
        assert!(told(claiming(few, u32::MAX - 1)).contains("unpack to 4000000000 bytes"));
        // 2⁴⁰ values, more than the directory announces.
        assert!(told(npz("x.npy", &[1 << 40], &[0; 100])).contains("found 100"));
        // More values come than either says.
        let bomb = npz("x.npy", &[100], &[0; 1 << 20]);
        assert!(told(bomb.clone()).contains("found more"));
        assert!(told(claiming(bomb, 228)).contains("x: "));
    }
}
