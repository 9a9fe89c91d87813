//! A folder of JPEG and PNG files, in folders below it or not.

use crate::dataset::images::error::ImagesError;
use crate::dataset::images::listing::{Entry, ImageFiles, Listing, Place, is_image};
use crate::dataset::{DatasetError, Split};
use std::io;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Folders directly below that hold a split.
const SPLITS: [(Split, &[&str]); 3] =
    [(Split::Train, &["train"]), (Split::Valid, &["valid", "val"]), (Split::Test, &["test"])];

/// The files of a split. Where one of the folders of [`SPLITS`] is there, they are the splits; else all images are to
/// be trained on.
pub(super) fn listing(split: Split, folder: Option<&Path>) -> Result<Listing, DatasetError> {
    let folder = folder.ok_or(ImagesError::NoFolder)?;
    let below = |split| {
        let names = SPLITS.iter().find(|(each, _)| *each == split).map_or(&[][..], |(_, names)| names);
        names.iter().map(|name| folder.join(name)).find(|path| path.is_dir())
    };
    let split_up = SPLITS.iter().any(|(split, _)| below(*split).is_some());
    let origin = match below(split) {
        Some(path) => path,
        None if split == Split::Train && !split_up => folder.to_owned(),
        None => {
            let advice = if split_up {
                format!("expected its images in {}", folder.join(split.name()).display())
            } else {
                format!(
                    "put its images into {}, or give --split train for all images",
                    folder.join(split.name()).display()
                )
            };
            return Err(ImagesError::NoSplit { split, origin: folder.to_owned(), advice }.into());
        }
    };
    let entries = images(&origin)?;
    if entries.is_empty() {
        return Err(ImagesError::Empty { origin }.into());
    }
    Ok(Listing { origin, beside: folder.to_owned(), files: ImageFiles::Folder, entries, notes: vec![] })
}

/// Every image below a folder, in the order of their paths.
fn images(folder: &Path) -> Result<Vec<Entry>, ImagesError> {
    let mut paths = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true) {
        let entry = entry.map_err(|error| ImagesError::Read {
            path: error.path().unwrap_or(folder).to_owned(),
            cause: error.into_io_error().unwrap_or_else(|| io::Error::other("a link leads back to its own folder")),
        })?;
        if entry.file_type().is_file() {
            paths.push(entry.into_path());
        }
    }
    let entry = |path: PathBuf| {
        let relative = path.strip_prefix(folder).unwrap_or(&path);
        let name = relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        is_image(relative).then_some(Entry { name, place: Place::File(path) })
    };
    let mut entries: Vec<Entry> = paths.into_iter().filter_map(entry).collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn tree(paths: &[&str]) -> TempDir {
        let root = TempDir::new().unwrap();
        for path in paths {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        root
    }

    fn names(root: &TempDir, split: Split) -> Result<Vec<String>, String> {
        let listing = listing(split, Some(root.path())).map_err(|error| error.to_string())?;
        Ok(listing.entries.into_iter().map(|entry| entry.name).collect())
    }

    #[test]
    fn all_images_below_are_found_in_the_order_of_their_paths() {
        let root = tree(&["b.png", "a/z.JPG", "a/b/c.jpeg", "notes.txt", ".thumbnails/b.png", "a/._z.JPG"]);
        assert_eq!(names(&root, Split::Train).unwrap(), ["a/b/c.jpeg", "a/z.JPG", "b.png"]);
        let message = names(&root, Split::Test).unwrap_err();
        assert!(message.contains("no test split") && message.contains("--split train"), "{message}");
    }

    #[test]
    fn folders_of_splits_are_splits() {
        let root = tree(&["train/a.png", "val/b.png", "c.png"]);
        assert_eq!(names(&root, Split::Train).unwrap(), ["a.png"]);
        assert_eq!(names(&root, Split::Valid).unwrap(), ["b.png"]);
        let message = names(&root, Split::Test).unwrap_err();
        assert!(message.contains("no test split") && !message.contains("--split train"), "{message}");
        // The images of a test are never trained on for want of a folder.
        let root = tree(&["test/a.png", "b.png"]);
        assert!(names(&root, Split::Train).unwrap_err().contains("no train split"));
    }

    #[test]
    fn an_empty_folder_and_none_are_refused() {
        let root = tree(&["notes.txt"]);
        let message = names(&root, Split::Train).unwrap_err();
        assert!(message.contains("expected JPEG or PNG files"), "{message}");
        let message = listing(Split::Train, None).unwrap_err().to_string();
        assert!(message.contains("--data-dir"), "{message}");
        let message = listing(Split::Train, Some(&root.path().join("absent"))).unwrap_err().to_string();
        assert!(message.contains("absent"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_is_refused() {
        let root = tree(&["a/b.png"]);
        std::os::unix::fs::symlink(root.path(), root.path().join("a/loop")).unwrap();
        assert!(names(&root, Split::Train).unwrap_err().contains("loop"));
    }
}
