//! CelebA: 202,599 faces of 178×218 pixels, aligned by the eyes, with an official partition.
//!
//! Source: Z. Liu, P. Luo, X. Wang, X. Tang, *Deep Learning Face Attributes in the Wild*, 2015.

use crate::dataset::images::error::ImagesError;
use crate::dataset::images::listing::{Archive, Entry, ImageFiles, Listing, Place, is_image};
use crate::dataset::source::{DEFAULT_FOLDER, absent};
use crate::dataset::{DatasetError, Source, Split};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The archive, as published.
const ARCHIVE: &str = "img_align_celeba.zip";
/// The folder in it. Some archives put it into another of its name.
const FOLDER: &str = "img_align_celeba";
/// The partition, as published and as a table.
const PARTITIONS: [&str; 2] = ["list_eval_partition.txt", "list_eval_partition.csv"];
/// Folders below the data folder where people and other programs keep the files.
const FOLDERS: [&str; 6] = ["celeba", "celeba/Img", "CelebA", "CelebA/Img", "Img", "."];

/// The files of a split.
pub(super) fn listing(split: Split, folder: Option<&Path>) -> Result<Listing, DatasetError> {
    let root = folder.unwrap_or(Path::new(DEFAULT_FOLDER));
    // Whoever names the archive or the image folder itself means the folder that holds it.
    let inside = root.is_file() || root.file_name().is_some_and(|name| name == FOLDER);
    let root = if inside { root.parent().unwrap_or(root) } else { root };
    let folders: Vec<PathBuf> =
        FOLDERS.iter().map(|&name| if name == "." { root.to_owned() } else { root.join(name) }).collect();
    for folder in &folders {
        if let Some((origin, files, images)) = found(folder)? {
            return Ok(of_split(split, folder, origin, files, images)?);
        }
    }
    let files = vec![ARCHIVE.to_owned(), format!("{FOLDER}/")];
    Err(DatasetError::Missing { dataset: Source::Celeba, files, folders })
}

type Found = (PathBuf, ImageFiles, BTreeMap<String, Place>);

/// The images in a folder, by their names: in the archive, or unpacked.
fn found(folder: &Path) -> Result<Option<Found>, ImagesError> {
    let archive = folder.join(ARCHIVE);
    if archive.is_file() {
        let zip = Archive::open(&archive)?;
        let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let images = zip.images().map(|(path, index)| (base(path), Place::Archive(index))).collect();
        return Ok(Some((archive, ImageFiles::Archive(zip), images)));
    }
    let candidates = [folder.join(FOLDER).join(FOLDER), folder.join(FOLDER)];
    let Some(origin) = candidates.into_iter().find(|path| path.is_dir()) else { return Ok(None) };
    let read = |cause| ImagesError::Read { path: origin.clone(), cause };
    let mut images = BTreeMap::new();
    for entry in fs::read_dir(&origin).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| is_image(Path::new(name))) {
            images.insert(name.to_owned(), Place::File(path));
        }
    }
    Ok(Some((origin, ImageFiles::Folder, images)))
}

/// The images of a split, by the partition if there is one.
fn of_split(
    split: Split,
    beside: &Path,
    origin: PathBuf,
    files: ImageFiles,
    images: BTreeMap<String, Place>,
) -> Result<Listing, ImagesError> {
    if images.is_empty() {
        return Err(ImagesError::Empty { origin });
    }
    let entry = |(name, place)| Entry { name, place };
    let (entries, note): (Vec<Entry>, _) = match partition(beside)? {
        None if split == Split::Train => {
            let name = PARTITIONS[0];
            let note = format!("celeba: no {name} is here, so all {} images are trained on", images.len());
            (images.into_iter().map(entry).collect(), Some(note))
        }
        None => {
            let advice = format!("expected {} in {} or its folder Eval", PARTITIONS[0], beside.display());
            return Err(ImagesError::NoSplit { split, origin, advice });
        }
        Some((path, partition)) => {
            let mut missing = partition.keys().filter(|&name| !images.contains_key(name));
            if let Some(first) = missing.next() {
                let (first, missing) = (first.clone(), 1 + missing.count());
                return Err(ImagesError::Partition { path, origin, missing, first });
            }
            let unlisted = images.len() - partition.len();
            let note = format!("celeba: {unlisted} images are not in {} and are left out", path.display());
            let of_split = |(name, _): &(String, Place)| partition.get(name) == Some(&split);
            (images.into_iter().filter(of_split).map(entry).collect(), (unlisted > 0).then_some(note))
        }
    };
    if entries.is_empty() {
        let advice = format!("{} lists no image of it", PARTITIONS[0]);
        return Err(ImagesError::NoSplit { split, origin, advice });
    }
    Ok(Listing { origin, beside: beside.to_owned(), files, entries, notes: note.into_iter().collect() })
}

/// Which split each image is in, by its name.
type Partition = BTreeMap<String, Split>;

/// Which split each image is in, and the file that says so; none without one.
fn partition(folder: &Path) -> Result<Option<(PathBuf, Partition)>, ImagesError> {
    let folders = [folder.to_owned(), folder.join("Eval"), folder.join("../Eval")];
    for path in folders.iter().flat_map(|folder| PARTITIONS.map(|name| folder.join(name))) {
        match fs::read_to_string(&path) {
            Ok(text) => {
                let map = parse(&text).map_err(|line| ImagesError::PartitionLine { path: path.clone(), line })?;
                return Ok(Some((path, map)));
            }
            Err(cause) if absent(&cause) => {}
            Err(cause) => return Err(ImagesError::Read { path, cause }),
        }
    }
    Ok(None)
}

/// Lines of a name and 0 for train, 1 for valid or 2 for test; the table has a comma between them and a heading. The
/// error is the number of the first line, from 1, that is neither.
fn parse(text: &str) -> Result<Partition, usize> {
    let mut map = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
        let split = match words[..] {
            [] | ["image_id", "partition"] => continue,
            [_, "0"] => Split::Train,
            [_, "1"] => Split::Valid,
            [_, "2"] => Split::Test,
            _ => return Err(index + 1),
        };
        map.insert(words[0].to_owned(), split);
    }
    if map.is_empty() { Err(1) } else { Ok(map) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn put(root: &TempDir, path: &str, text: &str) {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn names(listing: &Listing) -> Vec<&str> {
        listing.entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn partitions_are_read_with_and_without_commas() {
        let expected = [("a.jpg", Split::Train), ("b.jpg", Split::Valid), ("c.jpg", Split::Test)]
            .map(|(name, split)| (name.to_owned(), split));
        for text in ["a.jpg 0\nb.jpg 1\nc.jpg 2\n", "image_id,partition\r\na.jpg,0\r\nb.jpg,1\r\nc.jpg,2\r\n"] {
            assert_eq!(parse(text).unwrap(), BTreeMap::from(expected.clone()));
        }
        for (text, line) in [("a.jpg 0\nb.jpg 3\n", 2), ("a.jpg\n", 1), ("", 1), ("a 0 0", 1)] {
            assert_eq!(parse(text), Err(line), "{text}");
        }
    }

    #[test]
    fn files_are_found_where_people_keep_them() {
        for (image, partition, below) in [
            ("img_align_celeba/1.jpg", "list_eval_partition.txt", ""),
            ("celeba/img_align_celeba/1.jpg", "celeba/list_eval_partition.txt", ""),
            ("CelebA/Img/img_align_celeba/1.jpg", "CelebA/Eval/list_eval_partition.txt", ""),
            ("img_align_celeba/img_align_celeba/1.jpg", "list_eval_partition.csv", ""),
            ("img_align_celeba/1.jpg", "list_eval_partition.txt", "img_align_celeba"),
        ] {
            let root = TempDir::new().unwrap();
            for (name, code) in [("1.jpg", 0), ("2.jpg", 1), ("3.jpg", 2), ("4.jpg", 0)] {
                put(&root, &image.replace("1.jpg", name), "");
                let old = fs::read_to_string(root.path().join(partition)).unwrap_or_default();
                put(&root, partition, &format!("{old}{name} {code}\n"));
            }
            let folder = root.path().join(below);
            for (split, expected) in
                [(Split::Train, &["1.jpg", "4.jpg"][..]), (Split::Valid, &["2.jpg"]), (Split::Test, &["3.jpg"])]
            {
                let listing = listing(split, Some(&folder)).unwrap();
                assert_eq!((names(&listing), listing.notes.len()), (expected.to_vec(), 0), "{image}");
            }
        }
    }

    #[test]
    fn without_a_partition_all_is_for_training_and_that_is_said() {
        let root = TempDir::new().unwrap();
        put(&root, "img_align_celeba/1.jpg", "");
        put(&root, "img_align_celeba/2.jpg", "");
        put(&root, "img_align_celeba/readme.txt", "");
        let all = listing(Split::Train, Some(root.path())).unwrap();
        assert_eq!(names(&all), ["1.jpg", "2.jpg"]);
        assert!(all.notes[0].contains("list_eval_partition.txt") && all.notes[0].contains("all 2 images"));
        for split in [Split::Valid, Split::Test] {
            let message = listing(split, Some(root.path())).unwrap_err().to_string();
            assert!(message.contains("list_eval_partition.txt") && message.contains(split.name()), "{message}");
        }
        put(&root, "list_eval_partition.txt", "1.jpg 0\n");
        let some = listing(Split::Train, Some(root.path())).unwrap();
        assert!(some.notes[0].contains("1 images are not in"), "{:?}", some.notes);
        let message = listing(Split::Test, Some(root.path())).unwrap_err().to_string();
        assert!(message.contains("lists no image"), "{message}");
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let root = TempDir::new().unwrap();
        let message = || listing(Split::Train, Some(root.path())).unwrap_err().to_string();
        let told = message();
        for part in ["img_align_celeba.zip", "CelebA/Img", "--data-dir", "mmlab.ie.cuhk.edu.hk"] {
            assert!(told.contains(part), "{part} in {told}");
        }
        fs::create_dir(root.path().join("img_align_celeba")).unwrap();
        assert!(message().contains("expected JPEG or PNG files"), "{}", message());
        put(&root, "img_align_celeba/1.jpg", "");
        put(&root, "list_eval_partition.txt", "1.jpg 0\n2.jpg 0\n3.jpg 2\n");
        assert!(message().contains("2 images") && message().contains("2.jpg first"), "{}", message());
        put(&root, "list_eval_partition.txt", "1.jpg 0\n1.jpg zero\n");
        assert!(message().contains("list_eval_partition.txt, line 2"), "{}", message());
        put(&root, "img_align_celeba.zip", "not an archive");
        assert!(message().contains("img_align_celeba.zip") && message().contains("zip archive"), "{}", message());
    }
}
