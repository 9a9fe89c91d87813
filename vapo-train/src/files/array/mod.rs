//! Arrays out of files that NumPy wrote: the one door for `.npy` and `.npz`, used by every reader of them.
//!
//! | module | concept |
//! |---|---|
//! | [`header`] | an array's type, axes and order |
//! | `literal` | the text that a header is |
//! | [`element`] | the type of a value, and numbers out of bytes |
//! | [`order`] | from Fortran's order to C's |
//! | [`archive`] | the arrays of a `.npz` file |
//! | [`mod@write`] | what an array begins with, to write one |
//! | [`error`] | why an array cannot be read |
//!
//! A file says how much it holds. Nothing here believes it: the bytes that are there are compared before memory is
//! taken, and what comes out of compressed bytes has a bound (`inflation`).

pub mod archive;
pub mod element;
pub mod error;
pub mod header;
mod literal;
pub mod order;
pub mod write;

pub use archive::Archive;
pub use element::{Class, Element};
pub use error::ArrayFileError;
pub use header::Header;

use crate::files::bounded;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// An array whose header was read, and whose values are still to come.
#[derive(Debug)]
pub struct Array<R> {
    /// Its type, axes and order.
    pub header: Header,
    name: String,
    reader: R,
    room: Room,
}

/// How many bytes of values there can be.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// Those that the file holds, or says to hold where it is compressed.
    held: u64,
    /// Those that may come out of its compressed bytes.
    most: u64,
}

impl<'f> Array<&'f [u8]> {
    /// The array in the bytes of a `.npy` file, called `name` in errors.
    ///
    /// # Errors
    /// [`ArrayFileError::Header`].
    pub fn of_bytes(name: &str, file: &'f [u8]) -> Result<Self, ArrayFileError> {
        Array::new(name, file, file.len() as u64, u64::MAX)
    }
}

impl Array<BufReader<File>> {
    /// The array in a `.npy` file, called `name` in errors.
    ///
    /// # Errors
    /// The system's, or [`ArrayFileError::Header`].
    pub fn of_file(name: &str, path: &Path) -> io::Result<Result<Self, ArrayFileError>> {
        let file = bounded::open(path)?;
        let length = file.metadata()?.len();
        Ok(Array::new(name, BufReader::new(file), length, u64::MAX))
    }
}

impl<R: Read> Array<R> {
    /// The array that `reader` gives, of `length` bytes with its header. No more than `most` of them are taken.
    fn new(name: &str, mut reader: R, length: u64, most: u64) -> Result<Self, ArrayFileError> {
        let header = Header::read(name, &mut reader)?;
        let held = length.saturating_sub(header.length);
        Ok(Array { header, name: name.to_owned(), reader, room: Room { held, most } })
    }

    /// The bytes of all values, in the file's order: as many as the header says of elements of this width, and nothing
    /// after them. Memory is taken only for values that can be there.
    ///
    /// # Errors
    /// The values end early or go on, are damaged, or are more than can be held.
    pub fn values(mut self, element: Element) -> Result<Vec<u8>, ArrayFileError> {
        let array = || self.name.clone();
        let Some(expected) = self.header.values().checked_mul(element.width) else {
            return Err(ArrayFileError::Header { array: array(), cause: "its axes are too long".to_owned() });
        };
        if expected > self.room.held {
            return Err(ArrayFileError::Size { array: array(), expected, found: self.room.held });
        }
        if expected > self.room.most {
            return Err(ArrayFileError::Inflation { array: array(), expected, most: self.room.most });
        }
        let mut bytes = Vec::new();
        let reserved = usize::try_from(expected).is_ok_and(|expected| bytes.try_reserve_exact(expected).is_ok());
        if !reserved {
            return Err(ArrayFileError::Memory { array: array(), expected });
        }
        let read = (&mut self.reader).take(expected).read_to_end(&mut bytes);
        // One byte beyond shows what is too long, and has an archive compare its sum.
        let beyond = read.and_then(|_| self.reader.read(&mut [0]));
        match beyond {
            Err(cause) => Err(ArrayFileError::Read { array: array(), cause }),
            Ok(beyond) if (bytes.len() + beyond) as u64 != expected => {
                Err(ArrayFileError::Size { array: array(), expected, found: (bytes.len() + beyond) as u64 })
            }
            Ok(_) => Ok(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::array::write::header;

    const BYTE: Element = Element { class: Class::Uint, width: 1, big: false };
    const DOUBLE: Element = Element { class: Class::Float, width: 8, big: false };

    fn file(descr: &str, extents: &[usize], values: &[u8]) -> Vec<u8> {
        [&header(descr, extents), values].concat()
    }

    #[test]
    fn values_are_those_after_the_header() {
        let bytes = file("|u1", &[3], &[7, 8, 9]);
        assert_eq!(Array::of_bytes("x", &bytes).unwrap().values(BYTE).unwrap(), [7, 8, 9]);
    }

    #[test]
    fn a_size_that_is_not_the_files_is_refused_before_memory_is_taken() {
        let told =
            |bytes: &[u8], element| Array::of_bytes("x", bytes).unwrap().values(element).unwrap_err().to_string();
        // 2⁴⁰ values of eight bytes: no machine of ours could reserve them.
        let huge = file("<f8", &[1 << 40], &[0; 9]);
        assert!(told(&huge, DOUBLE).contains("expected 8796093022208 bytes of values, found 9"));
        assert!(told(&file("|u1", &[3], &[1, 2]), BYTE).contains("expected 3 bytes of values, found 2"));
        assert!(told(&file("|u1", &[3], &[1, 2, 3, 4]), BYTE).contains("found more"));
        assert!(told(&file("<f8", &[1 << 62], &[]), DOUBLE).contains("axes are too long"));
    }

    #[test]
    fn what_a_reader_gives_counts_and_not_what_it_announces() {
        let bytes = file("|u1", &[1 << 20], &[0; 5]);
        let array = Array::new("x", bytes.as_slice(), 1 << 30, u64::MAX).unwrap();
        assert!(array.values(BYTE).unwrap_err().to_string().contains("found 5"));
        let array = Array::new("x", bytes.as_slice(), 1 << 30, 1000).unwrap();
        assert!(array.values(BYTE).unwrap_err().to_string().contains("unpack to 1048576 bytes"));
    }
}
