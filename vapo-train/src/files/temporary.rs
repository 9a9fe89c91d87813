//! Temporary files and folders. The program leaves none, whether it succeeds, fails or is interrupted.
//!
//! Their owners remove them when they are dropped. An interrupted program drops nothing, so all of them are registered
//! here, and `remove_all` removes them. Whoever makes, renames or removes one holds the `Guard` meanwhile: what is
//! registered is what is there.

use same_file::Handle;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::{NamedTempFile, TempDir};

/// End of the name of what is being written.
pub const PART: &str = ".part";

/// What is registered.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A file.
    File,
    /// A file that goes if it is still this open one: others may have put theirs in its place.
    Own(Arc<File>),
    /// A file that goes if it is empty.
    EmptyFile,
    /// A folder with all that is in it.
    Folder,
    /// A folder that goes if it is empty.
    EmptyFolder,
}

struct Register {
    next: u64,
    entries: Vec<(u64, Kind, PathBuf)>,
}

static REGISTER: Mutex<Register> = Mutex::new(Register { next: 0, entries: Vec::new() });

/// The right to change the register. A thread that holds one must not drop an [`Entry`]: see [`Entry::end`].
pub(crate) struct Guard(MutexGuard<'static, Register>);

impl Guard {
    /// Waits for the right.
    pub(crate) fn new() -> Self {
        Guard(REGISTER.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Registers what was just made.
    pub(crate) fn register(&mut self, kind: Kind, path: &Path) -> Entry {
        let number = self.0.next;
        self.0.next += 1;
        self.0.entries.push((number, kind, path.to_owned()));
        Entry(number)
    }

    fn forget(&mut self, number: u64) {
        self.0.entries.retain(|(registered, ..)| *registered != number);
    }
}

/// A place in the register, given up when it is dropped.
#[derive(Debug)]
pub(crate) struct Entry(u64);

impl Entry {
    /// Gives the place up while the guard is held, as part of one change.
    pub(crate) fn end(self, guard: &mut Guard) {
        guard.forget(self.0);
        std::mem::forget(self);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        Guard::new().forget(self.0);
    }
}

/// Removes all that is registered, the latest first. While the guard is held, no other thread makes a temporary file or
/// gives one its name: whoever ends the program keeps it to the end.
pub(crate) fn remove_all() -> Guard {
    let mut guard = Guard::new();
    for (_, kind, path) in guard.0.entries.drain(..).rev() {
        // The program ends: nobody could do anything about a file that cannot be removed.
        let _ = match kind {
            Kind::File => fs::remove_file(path),
            Kind::Own(file) => remove_own(&file, &path),
            Kind::EmptyFile => remove_if_empty(&path),
            Kind::Folder => fs::remove_dir_all(path),
            Kind::EmptyFolder => fs::remove_dir(path),
        };
    }
    guard
}

/// Whether the open file is the one at the path.
///
/// # Errors
/// What the system says.
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match Handle::from_path(path) {
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        found => Ok(found? == Handle::from_file(file.try_clone()?)?),
    }
}

/// Removes the open file, unless another has its name.
pub(crate) fn remove_own(file: &File, path: &Path) -> io::Result<()> {
    if is_at(file, path)? { fs::remove_file(path) } else { Ok(()) }
}

/// Removes a file without bytes.
pub(crate) fn remove_if_empty(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.len() == 0 { fs::remove_file(path) } else { Ok(()) }
}

/// A file that has not got its name yet. Dropping it removes it.
#[derive(Debug)]
pub struct TemporaryFile {
    // Dropped in this order: a file that is there is registered.
    file: NamedTempFile,
    entry: Entry,
}

impl TemporaryFile {
    /// An empty file in `folder`, whose name begins with `prefix` and ends with [`PART`]. Others may read it as far as the
    /// user's mask allows.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(folder: &Path, prefix: &str) -> io::Result<Self> {
        let mut options = tempfile::Builder::new();
        options.prefix(prefix).suffix(PART);
        #[cfg(unix)]
        {
            // Temporary files by themselves are private.
            use std::os::unix::fs::PermissionsExt;
            options.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut guard = Guard::new();
        let file = options.tempfile_in(folder)?;
        let entry = guard.register(Kind::File, file.path());
        Ok(TemporaryFile { file, entry })
    }

    /// The file.
    pub fn as_file(&self) -> &File {
        self.file.as_file()
    }

    /// Where it is until it has its name.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives the file its name, in place of a file that has it.
    ///
    /// # Errors
    /// What the system says; the temporary file is then removed.
    pub fn persist(self, path: &Path) -> io::Result<File> {
        let mut guard = Guard::new();
        self.entry.end(&mut guard);
        self.file.persist(path).map_err(|refused| refused.error)
    }

    /// Gives the file its name, which no other file has.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`], or what the system says; the temporary file is then removed.
    pub fn persist_new(self, path: &Path) -> io::Result<File> {
        let mut guard = Guard::new();
        self.entry.end(&mut guard);
        let refused = match self.file.persist_noclobber(path) {
            Ok(file) => return Ok(file),
            Err(refused) => refused,
        };
        // A file system may know neither links nor a renaming that spares what is there.
        let free = matches!(fs::symlink_metadata(path), Err(cause) if cause.kind() == io::ErrorKind::NotFound);
        match refused.error.kind() {
            io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied if free => {
                refused.file.persist(path).map_err(|refused| refused.error)
            }
            _ => Err(refused.error),
        }
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for TemporaryFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

/// A folder that has not got its name yet, or has lost it. Dropping it removes it with all that is in it.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    folder: TempDir,
    entry: Entry,
}

impl TemporaryFolder {
    /// An empty folder in `parent`, whose name ends with `suffix`.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn create(parent: &Path, suffix: &str) -> io::Result<Self> {
        let mut options = tempfile::Builder::new();
        options.prefix(".").suffix(suffix);
        #[cfg(unix)]
        {
            // Open to others, as far as the user's mask allows. Temporary folders by themselves are private.
            use std::os::unix::fs::PermissionsExt;
            options.permissions(fs::Permissions::from_mode(0o777));
        }
        let mut guard = Guard::new();
        let folder = options.tempdir_in(parent)?;
        let entry = guard.register(Kind::Folder, folder.path());
        Ok(TemporaryFolder { folder, entry })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file in it. It never appears in a folder that is being removed.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let _guard = Guard::new();
        fs::write(self.path().join(name), bytes)
    }

    /// Leaves the folder, which has been given its name under this guard.
    pub(crate) fn keep(self, guard: &mut Guard) {
        self.entry.end(guard);
        let _ = self.folder.keep();
    }
}
