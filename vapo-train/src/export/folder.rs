//! A flat folder of PNG files: `000000.png` and on.

use crate::export::picture::Picture;
use crate::export::{ExportError, access};
use crate::files::atomic::{Existing, appeared, folder_of};
use crate::files::temporary::{Guard, PART, TemporaryFolder};
use std::path::{Path, PathBuf};
use std::{fs, io};
use vapo_format::Shape;

/// Digits of a file's name, at least, so that names sort like numbers.
const DIGITS: usize = 6;

/// A folder under construction, beside the one that it will be.
#[derive(Debug)]
pub struct Folder {
    folder: TemporaryFolder,
    path: PathBuf,
    next: usize,
}

impl Folder {
    /// Begins the folder `path`, under another name.
    ///
    /// # Errors
    /// What the system says; a folder of this name that holds anything but pictures like these.
    pub fn begin(path: &Path) -> Result<Self, ExportError> {
        // Without a slash at the end, which would be taken for a name within.
        let path: PathBuf = path.components().collect();
        refuse_foreign(&path)?;
        let folder = TemporaryFolder::create(folder_of(&path), PART).map_err(access(&path))?;
        Ok(Folder { folder, path, next: 0 })
    }

    /// Writes the next image.
    ///
    /// # Errors
    /// No picture can be made of it, or what the system says.
    pub fn push(&mut self, image: &[u8], shape: Shape) -> Result<(), ExportError> {
        let (name, png) = (file_name(self.next), Picture::of(image, shape)?.png());
        self.folder.write(&name, &png).map_err(access(&self.path.join(name)))?;
        self.next += 1;
        Ok(())
    }

    /// Gives the folder its name, in place of one that lies there and is not kept.
    ///
    /// # Errors
    /// What the system says; a folder that is to be kept; a file that came to lie in the old folder meanwhile.
    pub fn finish(self, existing: Existing) -> Result<(), ExportError> {
        let Folder { folder, path, .. } = self;
        if existing == Existing::Kept {
            return name(folder, &path).map_err(access(&path));
        }
        refuse_foreign(&path)?;
        // The old one keeps everything until the new one is in place. Then it goes, with `aside`.
        let aside = path.exists().then(|| TemporaryFolder::create(folder_of(&path), ".old"));
        let aside = aside.transpose().map_err(access(&path))?;
        let old = |aside: &TemporaryFolder| aside.path().join("old");
        let mut guard = Guard::new();
        if let Some(aside) = &aside {
            fs::rename(&path, old(aside)).map_err(access(&path))?;
        }
        if let Err(cause) = fs::rename(folder.path(), &path) {
            // Where it cannot go back, the old one stays aside: it is not removed.
            let stranded = aside.as_ref().is_some_and(|aside| fs::rename(old(aside), &path).is_err());
            if stranded && let Some(aside) = aside {
                aside.keep(&mut guard);
            }
            return Err(access(&path)(cause));
        }
        folder.keep(&mut guard);
        Ok(())
    }
}

/// Gives a folder a name that nothing else has.
fn name(folder: TemporaryFolder, path: &Path) -> io::Result<()> {
    let taken = || fs::symlink_metadata(path).is_ok();
    if taken() {
        return Err(appeared());
    }
    // Dropped before the folder is.
    let mut guard = Guard::new();
    // No system puts a folder in the place of one with files.
    fs::rename(folder.path(), path).map_err(|cause| if taken() { appeared() } else { cause })?;
    folder.keep(&mut guard);
    Ok(())
}

/// The name of an image's file.
pub fn file_name(index: usize) -> String {
    format!("{index:0DIGITS$}.png")
}

/// Refuses a folder with files that [`Folder`] does not write, and what is no folder.
pub(crate) fn refuse_foreign(path: &Path) -> Result<(), ExportError> {
    if !path.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(access(path))? {
        let found = entry.map_err(access(path))?.file_name();
        let ours = found
            .to_str()
            .and_then(|name| name.strip_suffix(".png"))
            .is_some_and(|stem| stem.len() >= DIGITS && stem.bytes().all(|byte| byte.is_ascii_digit()));
        if !ours {
            return Err(ExportError::Foreign { path: path.to_owned(), found: found.into() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const PIXEL: Shape = Shape { channels: 1, height: 1, width: 1 };

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_appears_whole_and_replaces_one_of_its_kind() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("samples/");
        for levels in [&[1, 2, 3][..], &[9]] {
            let mut folder = Folder::begin(&path).unwrap();
            levels.iter().for_each(|level| folder.push(&[*level], PIXEL).unwrap());
            folder.finish(Existing::Replaced).unwrap();
            let expected: Vec<_> = (0..levels.len()).map(file_name).collect();
            assert_eq!((names(&path), names(root.path())), (expected, vec!["samples".to_owned()]));
        }
    }

    #[test]
    fn a_folder_that_appears_meanwhile_is_kept() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("samples/");
        let [first, second] = [1, 2].map(|level| {
            let mut folder = Folder::begin(&path).unwrap();
            folder.push(&[level], PIXEL).unwrap();
            folder
        });
        first.finish(Existing::Kept).unwrap();
        let written = fs::read(path.join(file_name(0))).unwrap();
        let refused = second.finish(Existing::Kept).unwrap_err().to_string();
        assert!(refused.contains("samples: it appeared while this command ran"), "{refused}");
        assert_eq!(names(root.path()), ["samples"]);
        assert_eq!(fs::read(path.join(file_name(0))).unwrap(), written);
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let root = TempDir::new().unwrap();
        let mut folder = Folder::begin(&root.path().join("samples")).unwrap();
        folder.push(&[1], PIXEL).unwrap();
        assert!(folder.push(&[1, 2], PIXEL).is_err());
        drop(folder);
        assert_eq!(names(root.path()), [""; 0]);
    }

    #[test]
    fn a_folder_with_other_files_is_not_replaced() {
        let root = TempDir::new().unwrap();
        for name in ["thesis.txt", "1.png", "000000.jpg"] {
            let path = root.path().join("holiday");
            fs::create_dir(&path).unwrap();
            fs::write(path.join(name), "precious").unwrap();
            let message = Folder::begin(&path).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains("not replaced"), "{message}");
            assert_eq!((names(&path), names(root.path())), (vec![name.to_owned()], vec!["holiday".to_owned()]));
            fs::remove_dir_all(&path).unwrap();
        }
        // Nor one into which something was put while the new one was made.
        let path = root.path().join("samples");
        let folder = Folder::begin(&path).unwrap();
        fs::create_dir(&path).unwrap();
        fs::write(path.join("thesis.txt"), "precious").unwrap();
        assert!(folder.finish(Existing::Replaced).is_err());
        assert_eq!((names(&path), names(root.path())), (vec!["thesis.txt".to_owned()], vec!["samples".to_owned()]));
    }

    #[test]
    fn names_sort_like_numbers() {
        assert_eq!(
            [0, 42, 999_999, 1_000_000].map(file_name),
            ["000000.png", "000042.png", "999999.png", "1000000.png"]
        );
    }
}
