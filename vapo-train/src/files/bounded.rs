//! Files from outside are read up to a stated size, so that none exhausts memory by being opened.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Bytes that show what a file is: past them lies nothing that tells a kind, but tar's mark is late.
pub const BEGINNING: u64 = 512;

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

/// Opens a file.
///
/// # Errors
/// What the system says; [`io::ErrorKind::InvalidInput`] for what is no regular file: a device may never end, and a
/// pipe may never begin.
pub fn open(path: &Path) -> io::Result<File> {
    // Asked before it is opened: opening a pipe waits for a writer.
    let kind = fs::metadata(path)?.file_type();
    let found = match (kind.is_file(), kind.is_dir()) {
        (true, _) => return File::open(path),
        (_, true) => "a folder",
        _ => "a pipe or a device: save what it gives in a file",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("expected a file, found {found}")))
}

/// Opens a file of at most `most` bytes.
///
/// # Errors
/// As [`open`]; [`io::ErrorKind::FileTooLarge`] for a larger one.
pub fn open_up_to(path: &Path, most: u64) -> io::Result<File> {
    let file = open(path)?;
    if file.metadata()?.len() > most { Err(too_large(most)) } else { Ok(file) }
}

/// All bytes of a file that begins with `start`. Of another no more than [`BEGINNING`], which show what it is.
///
/// # Errors
/// As [`read_file`].
pub fn read_file_of(path: &Path, start: &[u8], most: u64) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let mut bytes = Vec::new();
    (&mut file).take(BEGINNING).read_to_end(&mut bytes)?;
    if !bytes.starts_with(start) {
        return Ok(bytes);
    }
    rest(file, bytes, most)
}

/// All bytes of a file.
///
/// # Errors
/// As [`open`] and [`read`], and before anything is read where the system tells the size.
pub fn read_file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    rest(open(path)?, Vec::new(), most)
}

/// All bytes of a file, of which some were read.
fn rest(file: File, read_before: Vec<u8>, most: u64) -> io::Result<Vec<u8>> {
    if file.metadata()?.len() > most {
        return Err(too_large(most));
    }
    read(io::Cursor::new(read_before).chain(file), most)
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
    fn no_more_than_the_beginning_is_read_of_another_kind() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"VAPO and so on").unwrap();
        assert_eq!(read_file_of(file.path(), b"VAPO", 14).unwrap(), b"VAPO and so on");
        let short = read_file_of(file.path(), b"VAPO", 13).unwrap_err();
        assert!(short.to_string().contains("more than the 13 bytes"), "{short}");
        file.as_file().set_len(1 << 40).unwrap();
        assert_eq!(read_file_of(file.path(), b"VAPO", 1 << 20).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_file_of(file.path(), b"NUMPY", 1 << 41).unwrap().len() as u64, BEGINNING);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_refused_before_it_is_opened() {
        let root = tempfile::TempDir::new().unwrap();
        let link = root.path().join("endless");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for (path, found) in [(link.as_path(), "a pipe or a device"), (root.path(), "a folder")] {
            for told in [open(path).map(drop), read_file(path, 9).map(drop), read_file_of(path, b"", 9).map(drop)] {
                let told = told.unwrap_err().to_string();
                assert!(told.contains("expected a file, found") && told.contains(found), "{told}");
            }
        }
    }

    #[test]
    fn a_file_is_refused_by_its_size() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // A hole: it takes no room on the disk.
        file.as_file().set_len(1 << 40).unwrap();
        assert_eq!(read_file(file.path(), 1 << 20).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(open_up_to(file.path(), 1 << 20).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(open_up_to(file.path(), 1 << 40).is_ok());
        file.as_file().set_len(3).unwrap();
        assert_eq!(read_file(file.path(), 3).unwrap(), [0; 3]);
    }
}
