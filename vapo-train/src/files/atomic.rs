//! Files that are whole or not there.

use crate::files::temporary::TemporaryFile;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Writes `bytes` to `path` such that a reader, or the next start after a crash, finds the old file or the new one
/// and nothing between: into a temporary file of the same folder, which takes the name once it is on disk.
///
/// # Errors
/// What the system says; the old file, if there is one, then stands as it was and no temporary file is left.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    publish(path, bytes, Existing::Replaced)
}

/// What becomes of a file or a folder that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The new one takes its place.
    Replaced,
    /// It stays, and the new one is refused.
    Kept,
}

/// As [`write_atomically`].
///
/// # Errors
/// As [`write_atomically`], and a file that exists and is to be kept.
pub fn publish(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let mut file = begin(path)?;
    file.write_all(bytes)?;
    finish(file, path, existing)
}

/// The folder that `path` lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A temporary file beside `path`, for what is written piece by piece. Dropping it removes it.
///
/// # Errors
/// What the system says.
pub fn begin(path: &Path) -> io::Result<TemporaryFile> {
    TemporaryFile::create(folder_of(path), &part_prefix(path))
}

/// How the name of a temporary file begins that is to become `path`.
pub(crate) fn part_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Of a long name a part: the longest that a system takes must not become longer.
    let name = &name[..name.floor_char_boundary(200)];
    format!(".{name}.")
}

/// Puts what [`begin`] began in its place.
///
/// # Errors
/// As [`publish`].
pub fn finish(file: TemporaryFile, path: &Path, existing: Existing) -> io::Result<()> {
    file.as_file().sync_all()?;
    match existing {
        Existing::Replaced => file.persist(path)?,
        Existing::Kept => file.persist_new(path).map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => appeared(),
            _ => cause,
        })?,
    };
    // The new name itself is on disk once the folder is. Only Unix opens folders as files.
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

/// That a name was free when a command began, and is not any more.
pub(crate) fn appeared() -> io::Error {
    let what = "it appeared while this command ran, and was not replaced; give another name, or --force to replace it";
    io::Error::new(io::ErrorKind::AlreadyExists, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn a_file_is_created_and_replaced() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        for bytes in [&b"first"[..], b"second, longer", b""] {
            write_atomically(&path, bytes).unwrap();
            assert_eq!((fs::read(&path).unwrap().as_slice(), names(folder.path())), (bytes, vec!["file".to_owned()]));
        }
    }

    #[test]
    fn of_several_that_want_a_name_one_gets_it() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file");
        let writers = [b"first", b"other", b"third"];
        let barrier = std::sync::Barrier::new(writers.len());
        let write = |bytes: &'static [u8; 5]| {
            barrier.wait();
            publish(&path, bytes, Existing::Kept).map(|()| bytes)
        };
        let ended = std::thread::scope(|scope| {
            let threads = writers.map(|bytes| scope.spawn(move || write(bytes)));
            threads.map(|thread| thread.join().unwrap())
        });
        let winners: Vec<_> = ended.iter().flatten().collect();
        assert_eq!((winners.len(), names(folder.path())), (1, vec!["file".to_owned()]));
        assert_eq!(fs::read(&path).unwrap(), *winners[0]);
        for refused in ended.iter().filter_map(|ended| ended.as_ref().err()) {
            assert!(refused.to_string().contains("it appeared while this command ran"), "{refused}");
        }
    }

    #[test]
    fn the_longest_names_can_be_written() {
        let folder = TempDir::new().unwrap();
        for name in ["x".repeat(255), "é".repeat(127)] {
            write_atomically(&folder.path().join(&name), b"bytes").unwrap();
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_those_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = TempDir::new().unwrap();
        let [ours, theirs] = ["ours", "theirs"].map(|name| folder.path().join(name));
        write_atomically(&ours, b"").unwrap();
        fs::write(&theirs, b"").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(ours), mode(theirs));
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let folder = TempDir::new().unwrap();
        // The name belongs to a folder, which a file cannot replace.
        let path = folder.path().join("taken");
        fs::create_dir_all(path.join("inside")).unwrap();
        assert!(write_atomically(&path, b"bytes").is_err());
        assert_eq!(names(folder.path()), ["taken"]);
        assert!(write_atomically(&folder.path().join("absent/file"), b"bytes").is_err());
        assert_eq!(names(folder.path()), ["taken"]);
    }
}
