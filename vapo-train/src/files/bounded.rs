//! Files from outside are read up to a stated size, so that none exhausts memory by being opened.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// All bytes of a reader.
///
/// # Errors
/// What the reader says; [`io::ErrorKind::FileTooLarge`] for more than `most` bytes, of which no more are kept.
pub fn read(reader: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte beyond shows what is too long, and has an archive compare its sum.
    reader.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
}

/// All bytes of a file.
///
/// # Errors
/// As [`read`], and before anything is read where the system tells the size.
pub fn read_file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.len() > most {
        return Err(too_large(most));
    }
    read(file, most)
}

/// That there is more than is read.
pub fn too_large(most: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it holds more than the {most} bytes that are read of such a file"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_is_allowed() {
        assert_eq!(read(&b"12345"[..], 5).unwrap(), b"12345");
        assert_eq!(read(&b""[..], 0).unwrap(), b"");
        // This reader never ends.
        let error = read(io::repeat(7), 1000).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.to_string().contains("more than the 1000 bytes"), "{error}");
    }

    #[test]
    fn a_file_is_refused_by_its_size() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // A hole: it takes no room on the disk.
        file.as_file().set_len(1 << 40).unwrap();
        assert_eq!(read_file(file.path(), 1 << 20).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        file.as_file().set_len(3).unwrap();
        assert_eq!(read_file(file.path(), 3).unwrap(), [0; 3]);
    }
}
