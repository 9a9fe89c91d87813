//! One writer a run folder.
//!
//! Who writes to a run folder holds the system's lock of a file in it. The system frees the lock when the process ends,
//! however it ends. The file names the process, for those who come second, and goes with the lock.

use crate::files::temporary::{Entry, Guard, Kind, is_at, remove_own};
use crate::run::{RunError, access};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The file whose lock is held. Its text: the holder's process and its start, in seconds since 1970.
pub const LOCK: &str = ".vapo-train.lock";

/// Tries before it is given up. Each fails only if another process freed the lock at that very moment.
const TRIES: usize = 1000;

/// The right to write to a run folder. Dropping it gives it up.
#[derive(Debug)]
pub struct Lock {
    folder: PathBuf,
    /// Open as long as the lock is held.
    file: Arc<File>,
    /// Why the system gave no lock.
    unlocked: Option<io::Error>,
    /// Folders made for it, outermost first. What is still empty at the end goes.
    made: Vec<PathBuf>,
    entries: Vec<Entry>,
}

impl Lock {
    /// Locks a run folder, made if need be.
    ///
    /// # Errors
    /// [`RunError::Busy`] where another process holds the lock, [`RunError::Access`] where the system refuses.
    pub fn make(folder: &Path) -> Result<Self, RunError> {
        Self::claim(folder, true)
    }

    /// Locks a run folder that is there.
    ///
    /// # Errors
    /// As [`Lock::make`], and [`RunError::Absent`] where there is no folder.
    pub fn take(folder: &Path) -> Result<Self, RunError> {
        Self::claim(folder, false)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Why nothing is locked: a file system that knows no locks, for instance.
    pub fn unlocked(&self) -> Option<&io::Error> {
        self.unlocked.as_ref()
    }

    /// Refuses to go on where the lock file at the path is another one, or none: the folder was removed, renamed or replaced,
    /// and may be another training's by now.
    ///
    /// # Errors
    /// [`RunError::Lost`]; [`RunError::Access`] where the system does not tell.
    pub fn check_held(&self) -> Result<(), RunError> {
        let path = self.folder.join(LOCK);
        match is_at(&self.file, &path).map_err(access(&path))? {
            true => Ok(()),
            false => Err(RunError::Lost { path: self.folder.clone() }),
        }
    }

    fn claim(folder: &Path, make: bool) -> Result<Self, RunError> {
        let mut made = Vec::new();
        let claimed = Self::claim_noting(folder, make, &mut made);
        claimed.inspect_err(|_| remove_empty(&made))
    }

    /// As [`Lock::claim`]; `made` is what was made for it.
    fn claim_noting(folder: &Path, make: bool, made: &mut Vec<PathBuf>) -> Result<Self, RunError> {
        let path = folder.join(LOCK);
        for _ in 0..TRIES {
            let mut guard = Guard::new();
            if make {
                made.extend(make_folders(folder).map_err(access(folder))?);
            }
            let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = match opened {
                // Another process took the folder away that it had made.
                Err(cause) if make && cause.kind() == ErrorKind::NotFound => continue,
                Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Err(RunError::Absent { path: folder.to_owned() });
                }
                opened => opened.map_err(access(&path))?,
            };
            let unlocked = match file.try_lock() {
                Ok(()) => None,
                Err(TryLockError::WouldBlock) => {
                    return Err(RunError::Busy { path: folder.to_owned(), holder: holder(&mut file) });
                }
                Err(TryLockError::Error(cause)) => Some(cause),
            };
            // Whoever held it may have removed the file between our opening and our locking.
            if !is_at(&file, &path).map_err(access(&path))? {
                continue;
            }
            sign(&mut file).map_err(access(&path))?;
            let empty = made.iter().map(|folder| guard.register(Kind::EmptyFolder, folder));
            let mut entries: Vec<Entry> = empty.collect();
            let file = Arc::new(file);
            entries.push(guard.register(Kind::Own(Arc::clone(&file)), &path));
            return Ok(Lock { folder: folder.to_owned(), file, unlocked, made: std::mem::take(made), entries });
        }
        Err(access(&path)(io::Error::other("other processes lock it and free it all the time")))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut guard = Guard::new();
        // While the lock is held: a file that is not there any more is nobody's, and another one is another's.
        let _ = remove_own(&self.file, &self.folder.join(LOCK));
        remove_empty(&self.made);
        self.entries.drain(..).for_each(|entry| entry.end(&mut guard));
    }
}

/// Removes those of the folders, outermost first, that are empty.
fn remove_empty(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

/// Makes a folder and those around it, and returns those that were not there, outermost first.
fn make_folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let missing = folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let mut missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
    missing.reverse();
    fs::create_dir_all(folder)?;
    Ok(missing)
}

/// Writes this process into the file.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{} {}\n", process::id(), now().as_secs()).as_bytes())
}

/// The process that the file names.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // Where locks keep readers out too, as on Windows, nobody is named.
    let _ = file.read_to_string(&mut text);
    let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(process), Some(start)) => {
            let seconds = now().as_secs().saturating_sub(start);
            format!("process {process}, which began {}:{:02} minutes ago,", seconds / 60, seconds % 60)
        }
        _ => "another process".to_owned(),
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use same_file::Handle;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tempfile::TempDir;

    #[test]
    fn the_second_is_told_who_holds_the_folder() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("a/run");
        let lock = Lock::make(&path).unwrap();
        assert!(lock.unlocked().is_none());
        for refused in [Lock::make(&path), Lock::take(&path)] {
            let message = refused.unwrap_err().to_string();
            let told = if cfg!(windows) { "another process".to_owned() } else { format!("process {},", process::id()) };
            assert!(message.contains(&told) && message.contains("another folder"), "{message}");
        }
        drop(lock);
        Lock::make(&path).unwrap();
    }

    #[test]
    fn it_leaves_nothing_but_what_was_put_there() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("a/b/run");
        drop(Lock::make(&path).unwrap());
        assert!(!root.path().join("a").exists());
        let lock = Lock::make(&path).unwrap();
        fs::write(root.path().join("a/file"), "").unwrap();
        drop(lock);
        assert!(root.path().join("a/file").exists() && !root.path().join("a/b").exists());
        // A folder that was there stays.
        drop(Lock::make(&root.path().join("a")).unwrap());
        assert_eq!(fs::read_dir(root.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_made_or_refused() {
        let root = TempDir::new().unwrap();
        assert!(matches!(Lock::take(&root.path().join("run")), Err(RunError::Absent { .. })));
        fs::write(root.path().join("file"), "").unwrap();
        assert!(matches!(Lock::take(&root.path().join("file")), Err(RunError::Absent { .. })));
        assert!(matches!(Lock::make(&root.path().join("file")), Err(RunError::Access { .. })));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_lock_that_was_taken_away_is_noticed_and_another_left_alone() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("run");
        let lock = Lock::make(&path).unwrap();
        lock.check_held().unwrap();
        // Windows keeps the names of open files.
        if cfg!(windows) {
            return;
        }
        let lost = |lock: &Lock| matches!(lock.check_held(), Err(RunError::Lost { .. }));
        fs::remove_dir_all(&path).unwrap();
        assert!(lost(&lock));
        let second = Lock::make(&path).unwrap();
        assert!(lost(&lock) && second.check_held().is_ok());
        drop(lock);
        second.check_held().unwrap();
        fs::rename(&path, root.path().join("renamed")).unwrap();
        assert!(lost(&second));
    }

    #[test]
    fn what_a_killed_process_left_is_taken_over() {
        let root = TempDir::new().unwrap();
        fs::write(root.path().join(LOCK), "999999999 1000000000\n").unwrap();
        let _lock = Lock::take(root.path()).unwrap();
        let text = fs::read_to_string(root.path().join(LOCK));
        assert!(cfg!(windows) || text.unwrap().starts_with(&format!("{} ", process::id())));
    }

    /// Another program does as [`Lock`] does, and its steps fall between those of this one.
    #[test]
    fn there_is_never_a_second_holder() {
        let root = TempDir::new().unwrap();
        let path = root.path().join(LOCK);
        let (holders, held) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let hold = || {
            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "a second holder");
            (0..2000).for_each(|_| std::hint::spin_loop());
            holders.fetch_sub(1, Ordering::SeqCst);
            held.fetch_add(1, Ordering::SeqCst);
        };
        let other_program = || {
            while held.load(Ordering::SeqCst) < HELD {
                let file = File::options().write(true).create(true).truncate(false).open(&path).unwrap();
                let same = || Handle::from_path(&path).ok() == Handle::from_file(file.try_clone().unwrap()).ok();
                if file.try_lock().is_ok() && same() {
                    hold();
                    fs::remove_file(&path).unwrap();
                }
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(other_program);
            while held.load(Ordering::SeqCst) < HELD {
                match Lock::take(root.path()) {
                    Ok(_lock) => {
                        hold();
                    }
                    Err(RunError::Busy { .. }) => {}
                    Err(cause) => panic!("{cause}"),
                }
            }
        });
    }

    /// Times that the lock is held, by both together.
    const HELD: usize = 3000;
}
