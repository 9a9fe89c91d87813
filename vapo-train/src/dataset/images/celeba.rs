//! CelebA: 202,599 faces of 178×218 pixels, aligned by the eyes, with an official partition.
//!
//! Source: Z. Liu, P. Luo, X. Wang, X. Tang, *Deep Learning Face Attributes in the Wild*, 2015.

use crate::dataset::images::error::ImagesError;
use crate::dataset::images::listing::{Archive, Entry, ImageFiles, Listing, Place};
use crate::dataset::images::partition::{self, Partition, Wrong};
use crate::dataset::location::{DEFAULT_FOLDER, absent};
use crate::dataset::{DatasetError, Source, Split};
use crate::files::bounded;
use crate::files::incidental::{Depth, LeftOut, files};
use crate::files::raster::kind::is_image;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The archive, as published.
const ARCHIVE: &str = "img_align_celeba.zip";
/// The folder in it, and that of the archive of PNG files. Some archives put it into another of its name.
const IMAGES: [&str; 2] = ["img_align_celeba", "img_align_celeba_png"];
/// The partition, as published and as a table.
const PARTITIONS: [&str; 2] = ["list_eval_partition.txt", "list_eval_partition.csv"];
/// Folders below the data folder where people and other programs keep the files.
const FOLDERS: [&str; 6] = ["celeba", "celeba/Img", "CelebA", "CelebA/Img", "Img", "."];

/// The files of a split.
pub(super) fn listing(split: Split, folder: Option<&Path>) -> Result<Listing, DatasetError> {
    let root = folder.unwrap_or(Path::new(DEFAULT_FOLDER));
    // Whoever names the archive or the image folder itself means the folder that holds it.
    let inside = root.is_file() || root.file_name().is_some_and(|name| IMAGES.iter().any(|known| name == *known));
    let root = if inside { root.parent().unwrap_or(root) } else { root };
    let folders: Vec<PathBuf> =
        FOLDERS.iter().map(|&name| if name == "." { root.to_owned() } else { root.join(name) }).collect();
    for folder in &folders {
        if let Some(found) = found(folder)? {
            return Ok(of_split(split, folder, found)?);
        }
    }
    let files = vec![ARCHIVE.to_owned(), format!("{}/", IMAGES[0])];
    Err(DatasetError::Missing { dataset: Source::Celeba, files, folders })
}

/// The images in a folder, by their names: in the archive, or unpacked.
struct Found {
    origin: PathBuf,
    files: ImageFiles,
    images: BTreeMap<String, Place>,
    left_out: LeftOut,
}

fn found(folder: &Path) -> Result<Option<Found>, ImagesError> {
    let archive = folder.join(ARCHIVE);
    if archive.is_file() {
        let zip = Archive::open(&archive)?;
        let (named, mut left_out) = zip.images();
        let images = by_name(&archive, &named, &mut left_out)?;
        return Ok(Some(Found { origin: archive, files: ImageFiles::Archive(zip), images, left_out }));
    }
    let candidates = IMAGES.map(|name| [folder.join(name).join(name), folder.join(name)]);
    let Some(origin) = candidates.into_iter().flatten().find(|path| path.is_dir()) else { return Ok(None) };
    let mut images = BTreeMap::new();
    let mut inside = files(&origin, Depth::Folder)?;
    for path in inside.files {
        match path.file_name().and_then(|name| name.to_str()).filter(|name| is_image(Path::new(name))) {
            Some(name) => drop(images.insert(name.to_owned(), Place::File(path))),
            None => inside.left_out.add_kind(&path),
        }
    }
    Ok(Some(Found { origin, files: ImageFiles::Folder, images, left_out: inside.left_out }))
}

/// The images of an archive by their names, the last parts of their paths. Of several of one name that in a folder of
/// [`IMAGES`] is taken: another folder may hold something else for each image, masks for instance.
fn by_name(
    archive: &Path,
    named: &[(&str, usize)],
    left_out: &mut LeftOut,
) -> Result<BTreeMap<String, Place>, ImagesError> {
    // Some programs write their own system's separator.
    let parts = |path: &str| path.rsplitn(2, ['/', '\\']).map(str::to_owned).collect::<Vec<String>>();
    let is_known = |folder: &str| folder.rsplit(['/', '\\']).next().is_some_and(|last| IMAGES.contains(&last));
    let mut images: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let mut rivals: BTreeMap<String, String> = BTreeMap::new();
    for &(path, index) in named {
        let mut parts = parts(path).into_iter();
        let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let Some((other, _)) = images.get(&name) else {
            images.insert(name, (folder, index));
            continue;
        };
        left_out.add_double();
        match (is_known(other), is_known(&folder)) {
            (true, false) => {}
            (false, true) => {
                rivals.remove(&name);
                images.insert(name, (folder, index));
            }
            _ if *other == folder => {}
            _ => drop(rivals.insert(name, folder)),
        }
    }
    if let Some((name, folder)) = rivals.pop_first() {
        let other = images.remove(&name).map(|(other, _)| other).unwrap_or_default();
        let [one, other] = [other, folder].map(|folder| if folder.is_empty() { "its top".to_owned() } else { folder });
        return Err(ImagesError::Doubles { path: archive.to_owned(), name, one, other });
    }
    Ok(images.into_iter().map(|(name, (_, index))| (name, Place::Archive(index))).collect())
}

/// The images of a split, by the partition if there is one.
fn of_split(split: Split, beside: &Path, found: Found) -> Result<Listing, ImagesError> {
    let Found { origin, files, images, left_out } = found;
    if images.is_empty() {
        return Err(ImagesError::Empty { origin, left_out });
    }
    let mut notes = Vec::new();
    if !left_out.is_empty() {
        notes.push(format!("celeba: {} images; left out: {left_out}", images.len()));
    }
    let entry = |(name, place)| Entry { name, place };
    let entries: Vec<Entry> = match partition(beside)? {
        None if split == Split::Train => {
            let name = PARTITIONS[0];
            notes.push(format!("celeba: no {name} is here, so all {} images are trained on", images.len()));
            images.into_iter().map(entry).collect()
        }
        None => {
            let advice = format!("expected {} in {} or its folder Eval", PARTITIONS[0], beside.display());
            return Err(ImagesError::NoSplit { split, origin, advice });
        }
        Some((path, partition)) => {
            let (partition, renamed) = partition::fitted(partition, &images);
            let mut missing = partition.keys().filter(|&name| !images.contains_key(name));
            if let Some(first) = missing.next() {
                let (first, missing) = (first.clone(), 1 + missing.count());
                return Err(ImagesError::Partition { path, origin, missing, first });
            }
            let path = path.display();
            if renamed > 0 {
                notes.push(format!("celeba: {renamed} names in {path} end otherwise than the images', and mean these"));
            }
            let unlisted = images.len() - partition.len();
            if unlisted > 0 {
                notes.push(format!("celeba: {unlisted} images are not in {path} and are left out"));
            }
            let of_split = |(name, _): &(String, Place)| partition.get(name) == Some(&split);
            images.into_iter().filter(of_split).map(entry).collect()
        }
    };
    if entries.is_empty() {
        let advice = format!("{} lists no image of it", PARTITIONS[0]);
        return Err(ImagesError::NoSplit { split, origin, advice });
    }
    Ok(Listing {
        origin,
        beside: beside.to_owned(),
        files,
        entries,
        classes: Err("faces have no class".to_owned()),
        notes,
    })
}

/// Which split each image is in, and the file that says so; none without one.
fn partition(folder: &Path) -> Result<Option<(PathBuf, Partition)>, ImagesError> {
    let folders = [folder.to_owned(), folder.join("Eval"), folder.join("../Eval")];
    for path in folders.iter().flat_map(|folder| PARTITIONS.map(|name| folder.join(name))) {
        let bytes = match bounded::read_file(&path, partition::MAX_FILE) {
            Ok(bytes) => bytes,
            Err(cause) if absent(&cause) => continue,
            Err(cause) => return Err(ImagesError::Read { path, cause }),
        };
        return match partition::parse(&bytes) {
            Ok(map) => Ok(Some((path, map))),
            Err(Wrong::Text) => Err(ImagesError::PartitionText { path }),
            Err(Wrong::Line { line, expected, found }) => {
                Err(ImagesError::PartitionLine { path, line, expected, found })
            }
        };
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
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
    fn files_are_found_where_people_keep_them() {
        for (image, partition, below) in [
            ("img_align_celeba/1.jpg", "list_eval_partition.txt", ""),
            ("celeba/img_align_celeba/1.jpg", "celeba/list_eval_partition.txt", ""),
            ("CelebA/Img/img_align_celeba/1.jpg", "CelebA/Eval/list_eval_partition.txt", ""),
            ("img_align_celeba/img_align_celeba/1.jpg", "list_eval_partition.csv", ""),
            ("img_align_celeba/1.jpg", "list_eval_partition.txt", "img_align_celeba"),
            ("img_align_celeba_png/1.jpg", "list_eval_partition.txt", ""),
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
        for beside in ["readme.txt", "._1.jpg", ".DS_Store"] {
            put(&root, &format!("img_align_celeba/{beside}"), "");
        }
        let all = listing(Split::Train, Some(root.path())).unwrap();
        assert_eq!(names(&all), ["1.jpg", "2.jpg"]);
        assert_eq!(all.notes[0], "celeba: 2 images; left out: 1 .txt, 2 hidden or system files");
        assert!(all.notes[1].contains("list_eval_partition.txt") && all.notes[1].contains("all 2 images"));
        for split in [Split::Valid, Split::Test] {
            let message = listing(split, Some(root.path())).unwrap_err().to_string();
            assert!(message.contains("list_eval_partition.txt") && message.contains(split.name()), "{message}");
        }
        put(&root, "list_eval_partition.txt", "1.jpg 0\n");
        let some = listing(Split::Train, Some(root.path())).unwrap();
        assert!(some.notes[1].contains("1 images are not in"), "{:?}", some.notes);
        let message = listing(Split::Test, Some(root.path())).unwrap_err().to_string();
        assert!(message.contains("lists no image"), "{message}");
    }

    #[test]
    fn an_archive_is_listed_by_the_last_part_of_its_paths() {
        let root = TempDir::new().unwrap();
        let mut zip = zip::ZipWriter::new(fs::File::create(root.path().join(ARCHIVE)).unwrap());
        for name in
            ["img_align_celeba/1.jpg", "img_align_celeba\\2.jpg", "copy/1.jpg", "__MACOSX/._1.jpg", "readme.txt"]
        {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        }
        zip.finish().unwrap();
        put(&root, "list_eval_partition.txt", "1.jpg 0\n2.jpg 0\n");
        let listing = listing(Split::Train, Some(root.path())).unwrap();
        assert_eq!(names(&listing), ["1.jpg", "2.jpg"]);
        assert_eq!(listing.entries[0].place, Place::Archive(0));
        assert_eq!(
            listing.notes,
            ["celeba: 2 images; left out: 1 .txt, 1 whose name is there twice, 1 hidden or system file"]
        );
    }

    #[test]
    fn of_one_name_the_image_of_the_known_folder_is_taken_and_other_doubles_are_refused() {
        let chosen = |paths: &[&str]| {
            let named: Vec<(&str, usize)> = paths.iter().enumerate().map(|(index, &path)| (path, index)).collect();
            let mut left_out = LeftOut::default();
            let images = by_name(Path::new("a.zip"), &named, &mut left_out).map_err(|error| error.to_string())?;
            Ok::<_, String>((images.into_values().collect::<Vec<Place>>(), left_out.to_string()))
        };
        for (paths, place) in [
            (&["img_align_celeba/1.jpg", "masks/1.jpg"][..], 0),
            (&["masks/1.jpg", "img_align_celeba/1.jpg"], 1),
            (&["1.jpg", "x/img_align_celeba_png/1.jpg"], 1),
            (&["masks/1.jpg", "edges/1.jpg", "x\\img_align_celeba\\1.jpg"], 2),
        ] {
            let (places, left_out) = chosen(paths).unwrap();
            assert_eq!(places, [Place::Archive(place)], "{paths:?}");
            assert!(left_out.ends_with("whose name is there twice"), "{left_out}");
        }
        for (paths, one, other) in [
            (["faces/1.jpg", "masks/1.jpg"], "faces", "masks"),
            (["1.jpg", "masks/1.jpg"], "its top", "masks"),
            (["a/img_align_celeba/1.jpg", "b/img_align_celeba/1.jpg"], "a/img_align_celeba", "b/img_align_celeba"),
        ] {
            let message = chosen(&paths).unwrap_err();
            assert!(message.contains(&format!("a 1.jpg in {one} and in {other}")), "{message}");
        }
    }

    #[test]
    fn png_files_go_with_the_list_of_jpeg_files() {
        let root = TempDir::new().unwrap();
        for name in ["000001.png", "000002.png", "000003.png"] {
            put(&root, &format!("img_align_celeba_png/{name}"), "");
        }
        put(
            &root,
            "list_eval_partition.csv",
            "\u{feff}\"image_id\",\"partition\"\n\"000001.jpg\",\"0\"\n\"000002.jpg\",\"2\"\n",
        );
        let train = listing(Split::Train, Some(root.path())).unwrap();
        assert_eq!(names(&train), ["000001.png"]);
        assert!(
            train.notes[0].contains("2 names in") && train.notes[1].contains("1 images are not in"),
            "{:?}",
            train.notes
        );
        assert_eq!(names(&listing(Split::Test, Some(root.path())).unwrap()), ["000002.png"]);
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
        assert!(message().contains("expected image files"), "{}", message());
        put(&root, "img_align_celeba/1.jpg", "");
        put(&root, "list_eval_partition.txt", "1.jpg 0\n2.jpg 0\n3.jpg 2\n");
        assert!(message().contains("2 images") && message().contains("2.jpg first"), "{}", message());
        put(&root, "list_eval_partition.txt", "1.jpg 0\n1.jpg zero\n");
        assert!(message().contains("list_eval_partition.txt, line 2"), "{}", message());
        fs::write(root.path().join("list_eval_partition.txt"), b"\xff\xfe1\0").unwrap();
        assert!(message().contains("save the list as UTF-8"), "{}", message());
        put(&root, "img_align_celeba.zip", "not an archive");
        assert!(message().contains("img_align_celeba.zip") && message().contains("zip archive"), "{}", message());
    }
}
