//! A folder of image files, in folders below it or not.

use crate::dataset::images::classes::{classes, names};
use crate::dataset::images::error::ImagesError;
use crate::dataset::images::listing::{Entry, ImageFiles, Listing, Place};
use crate::dataset::{DatasetError, Split};
use crate::files::incidental::{Depth, LeftOut, files};
use crate::files::raster::kind::is_image;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Names of folders that hold a split, in any case.
const SPLITS: [(Split, &[&str]); 3] = [
    (Split::Train, &["train", "training"]),
    (Split::Valid, &["valid", "validation", "val"]),
    (Split::Test, &["test", "testing"]),
];

/// The split that a folder of this name holds.
fn split_of(name: &str) -> Option<Split> {
    let holds = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    SPLITS.iter().find(|(_, names)| holds(names)).map(|(split, _)| *split)
}

/// The images below a folder, by the first folder of their paths; those beside all folders under the empty name.
struct FolderImages {
    by_folder: BTreeMap<String, Vec<Entry>>,
    left_out: LeftOut,
}

/// The files of a split. Where one of the folders of [`SPLITS`] is there, they are the splits, and what lies beside them
/// is left out; else all images are to be trained on. What was taken, and what was not, is said.
pub(super) fn listing(split: Split, folder: Option<&Path>) -> Result<Listing, DatasetError> {
    let folder = folder.ok_or(ImagesError::NoFolder)?;
    if folder.is_file() {
        return Err(ImagesError::NotAFolder { path: folder.to_owned() }.into());
    }
    let FolderImages { mut by_folder, left_out } = images(folder)?;
    let splits = splits(folder)?;
    // Classes are those that are trained on, whatever the split.
    let train = splits.get(&Split::Train).and_then(|name| Some((folder.join(name), by_folder.get(name)?.clone())));
    let train = train.map(|(origin, entries)| relative(entries, &origin));
    let (origin, entries, note) = match splits.get(&split) {
        Some(name) => {
            let entries = by_folder.remove(name).unwrap_or_default();
            let note = taken(split, name, entries.len(), &by_folder, &splits);
            (folder.join(name), entries, Some(note))
        }
        None if split == Split::Train && splits.is_empty() => {
            refuse_like_splits(folder, &by_folder)?;
            refuse_deep_splits(folder, &by_folder)?;
            (folder.to_owned(), by_folder.into_values().flatten().collect(), None)
        }
        None => return Err(no_split(split, folder, !splits.is_empty()).into()),
    };
    if entries.is_empty() {
        return Err(ImagesError::Empty { origin, left_out }.into());
    }
    let entries = relative(entries, &origin);
    let classes = classes(&entries, names(train.as_ref().unwrap_or(&entries)));
    let left_out = (!left_out.is_empty()).then(|| format!("folder: {} images; left out: {left_out}", entries.len()));
    let notes = note.into_iter().chain(left_out).collect();
    Ok(Listing { origin, beside: folder.to_owned(), files: ImageFiles::Folder, entries, classes, notes })
}

fn no_split(split: Split, folder: &Path, others: bool) -> ImagesError {
    let place = folder.join(split.name());
    let advice = if others {
        format!("expected its images in {}", place.display())
    } else {
        format!("put its images into {}, or give --split train for all images", place.display())
    };
    ImagesError::NoSplit { split, origin: folder.to_owned(), advice }
}

/// Every image below a folder. Names are whole paths until [`relative`] cuts them.
fn images(folder: &Path) -> Result<FolderImages, ImagesError> {
    let mut found = files(folder, Depth::Tree)?;
    let mut by_folder: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for path in std::mem::take(&mut found.files) {
        let inside = path.strip_prefix(folder).unwrap_or(&path);
        if is_image(inside) {
            let first = inside.parent().and_then(|parent| parent.iter().next());
            let first = first.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let name = path.to_string_lossy().into_owned();
            by_folder.entry(first).or_default().push(Entry { name, place: Place::File(path) });
        } else {
            found.left_out.add_kind(inside);
        }
    }
    Ok(FolderImages { by_folder, left_out: found.left_out })
}

/// The names of the folders of splits directly below.
fn splits(folder: &Path) -> Result<BTreeMap<Split, String>, ImagesError> {
    let read = |cause| ImagesError::Read { path: folder.to_owned(), cause };
    let mut splits: BTreeMap<Split, String> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.is_dir() {
            names.extend(path.file_name().and_then(|name| name.to_str()).map(str::to_owned));
        }
    }
    names.sort();
    for name in names {
        let Some(split) = split_of(&name) else { continue };
        if let Some(other) = splits.insert(split, name.clone()) {
            let (one, other) = (folder.join(other), folder.join(name));
            return Err(ImagesError::Ambiguous { split, one, other });
        }
    }
    Ok(splits)
}

/// What was taken from where, and what was not.
fn taken(
    split: Split,
    name: &str,
    count: usize,
    others: &BTreeMap<String, Vec<Entry>>,
    splits: &BTreeMap<Split, String>,
) -> String {
    let mut note = format!("folder: {count} images of {name}/ are the {} split", split.name());
    for (split, name) in splits.iter().filter(|(each, _)| **each != split) {
        let count = others.get(name).map_or(0, Vec::len);
        note += &format!("; {count} of {name}/ are the {} split", split.name());
    }
    let beside = others.iter().filter(|(name, _)| !splits.values().any(|split| split == *name));
    let beside: usize = beside.map(|(_, entries)| entries.len()).sum();
    if beside > 0 {
        note += &format!("; {beside} beside these folders are left out");
    }
    note
}

/// Folders such as trainA and testA are no splits, but surely not meant to be trained on together. A longer word is none of
/// these, and one such name alone may be that of a class.
fn refuse_like_splits(folder: &Path, images: &BTreeMap<String, Vec<Entry>>) -> Result<(), ImagesError> {
    let begins = |name: &str, start: &str| {
        name.split_at_checked(start.len())
            .is_some_and(|(word, rest)| word.eq_ignore_ascii_case(start) && !rest.starts_with(char::is_lowercase))
    };
    let like = |start: &str| images.keys().filter(|name| begins(name, start)).map(String::as_str).collect::<Vec<_>>();
    let alike = ["train", "val", "test"].map(like);
    if alike.iter().filter(|names| !names.is_empty()).count() < 2 {
        return Ok(());
    }
    Err(ImagesError::LikeSplits { origin: folder.to_owned(), names: alike.concat().join(", ") })
}

/// Folders of several splits further below are splits too, which must be asked for: images of a test are not trained on.
fn refuse_deep_splits(folder: &Path, images: &BTreeMap<String, Vec<Entry>>) -> Result<(), ImagesError> {
    let mut seen: BTreeMap<PathBuf, Split> = BTreeMap::new();
    for entry in images.values().flatten() {
        let Place::File(path) = &entry.place else { continue };
        let inside = path.strip_prefix(folder).unwrap_or(path);
        for parent in inside.ancestors().skip(1) {
            let split = parent.file_name().and_then(|name| name.to_str()).and_then(split_of);
            let (Some(split), Some(above)) = (split, parent.parent()) else { continue };
            if *seen.entry(above.to_owned()).or_insert(split) != split {
                return Err(ImagesError::DeepSplits { origin: folder.to_owned(), inside: folder.join(above) });
            }
        }
    }
    Ok(())
}

/// The entries with names relative to a folder, in the order of these names.
fn relative(mut entries: Vec<Entry>, origin: &Path) -> Vec<Entry> {
    for entry in &mut entries {
        if let Place::File(path) = &entry.place {
            let inside = path.strip_prefix(origin).unwrap_or(path);
            entry.name = inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries
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

    fn found(root: &TempDir, split: Split) -> Result<(Vec<String>, Vec<String>), String> {
        let listing = listing(split, Some(root.path())).map_err(|error| error.to_string())?;
        Ok((listing.entries.into_iter().map(|entry| entry.name).collect(), listing.notes))
    }

    fn names(root: &TempDir, split: Split) -> Result<Vec<String>, String> {
        found(root, split).map(|(names, _)| names)
    }

    #[test]
    fn all_images_below_are_found_in_the_order_of_their_paths() {
        let root =
            tree(&["b.png", "a/z.JPG", "a/b/c.jpeg", "a-b/d.webp", "notes.txt", ".thumbnails/b.png", "a/._z.JPG"]);
        let (names, notes) = found(&root, Split::Train).unwrap();
        assert_eq!(names, ["a-b/d.webp", "a/b/c.jpeg", "a/z.JPG", "b.png"]);
        assert_eq!(notes, ["folder: 4 images; left out: 1 .txt, 2 hidden or system files"]);
        let message = found(&root, Split::Test).unwrap_err();
        assert!(message.contains("no test split") && message.contains("--split train"), "{message}");
    }

    #[test]
    fn what_is_not_read_is_counted_by_kind() {
        let root = tree(&["a.png", "b.avif", "c.AVIF", "d.txt", "x.vapo-images"]);
        let notes = found(&root, Split::Train).unwrap().1;
        assert_eq!(notes, ["folder: 1 images; left out: 2 .avif (not read: convert to PNG), 1 .txt"]);
        assert_eq!(found(&tree(&["a.png"]), Split::Train).unwrap().1, Vec::<String>::new());
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
    fn splits_are_told_in_any_case_and_what_was_taken_is_said() {
        for (train, valid, test) in
            [("Train", "Validation", "Test"), ("TRAINING", "VAL", "testing"), ("train", "valid", "TEST")]
        {
            let path = |folder: &str, name: &str| format!("{folder}/{name}");
            let paths = [path(train, "x/a.png"), path(train, "b.png"), path(valid, "c.png"), path(test, "d.png")];
            let root = tree(&[&paths[0], &paths[1], &paths[2], &paths[3], "other/e.png", "f.png"]);
            let (names, notes) = found(&root, Split::Train).unwrap();
            assert_eq!(names, ["b.png", "x/a.png"]);
            let expected = format!(
                "folder: 2 images of {train}/ are the train split; 1 of {valid}/ are the valid split; 1 of {test}/ are \
                 the test split; 2 beside these folders are left out"
            );
            assert_eq!(notes, [expected]);
            assert_eq!(found(&root, Split::Valid).unwrap().0, ["c.png"]);
            assert_eq!(found(&root, Split::Test).unwrap().0, ["d.png"]);
        }
    }

    #[test]
    fn two_folders_of_one_split_are_refused() {
        for (one, other) in [("val", "valid"), ("Test", "testing")] {
            let root = tree(&[&format!("{one}/a.png"), &format!("{other}/b.png"), "train/c.png"]);
            let message = names(&root, Split::Train).unwrap_err();
            assert!(message.contains(one) && message.contains(other) && message.contains("rename"), "{message}");
        }
    }

    #[test]
    fn folders_named_like_several_splits_are_refused() {
        for (paths, named) in [
            (&["trainA/a.png", "trainB/b.png", "testA/c.png"][..], "trainA, trainB, testA"),
            (&["Train_images/a.png", "VAL_images/b.png"], "Train_images, VAL_images"),
            (&["train2017/a.png", "cats/b.png", "val2017/c.png", "test2017/d.png"], "train2017, val2017, test2017"),
        ] {
            let message = names(&tree(paths), Split::Train).unwrap_err();
            assert!(message.contains(&format!("splits, {named}, ")) && message.contains("--data-dir"), "{message}");
        }
        let classes = ["trains/a.png", "valleys/b.png", "testimonials/c.png"];
        assert_eq!(names(&tree(&classes), Split::Train).unwrap().len(), 3);
        // One alone may be a class, and a true split beside is what was meant.
        assert_eq!(
            names(&tree(&["trains/a.png", "cars/b.png"]), Split::Train).unwrap(),
            ["cars/b.png", "trains/a.png"]
        );
        assert_eq!(names(&tree(&["train/a.png", "testA/b.png"]), Split::Train).unwrap(), ["a.png"]);
        assert_eq!(names(&tree(&["trains/a.png", "test.txt"]), Split::Train).unwrap(), ["trains/a.png"]);
    }

    #[test]
    fn splits_further_below_are_not_mixed() {
        for paths in [["set/train/a.png", "set/test/b.png"], ["cats/Train/a.png", "cats/val/b.png"]] {
            let root = tree(&paths);
            let message = names(&root, Split::Train).unwrap_err();
            let inside = root.path().join(paths[0]);
            let inside = inside.parent().unwrap().parent().unwrap().display().to_string();
            assert!(message.contains(&format!("--data-dir {inside} ")), "{message}");
        }
        // One such name alone may mean anything.
        assert_eq!(names(&tree(&["a/test/b.png", "a/c.png"]), Split::Train).unwrap(), ["a/c.png", "a/test/b.png"]);
    }

    #[test]
    fn an_empty_folder_a_file_and_none_are_refused() {
        let root = tree(&["notes.txt"]);
        let message = names(&root, Split::Train).unwrap_err();
        assert!(
            message.contains("expected image files (JPEG, PNG") && message.contains("left out: 1 .txt"),
            "{message}"
        );
        let message = listing(Split::Train, None).unwrap_err().to_string();
        assert!(message.contains("--data-dir"), "{message}");
        let message = listing(Split::Train, Some(&root.path().join("absent"))).unwrap_err().to_string();
        assert!(message.contains("absent"), "{message}");
        let message = listing(Split::Train, Some(&root.path().join("notes.txt"))).unwrap_err().to_string();
        assert!(message.contains("found a file") && message.contains("unpack"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_nowhere_or_back_are_passed_over() {
        use std::os::unix::fs::symlink;
        let root = tree(&["a/b.png"]);
        symlink(root.path(), root.path().join("a/loop")).unwrap();
        symlink("gone.png", root.path().join("a/dangling.png")).unwrap();
        let (names, notes) = found(&root, Split::Train).unwrap();
        assert_eq!(names, ["a/b.png"]);
        assert_eq!(notes, ["folder: 1 images; left out: 1 link that leads nowhere, 1 link that leads back"]);
    }
}
