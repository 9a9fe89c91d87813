//! The image files that make up a split, in a zip archive or in a folder.

use crate::dataset::images::error::ImagesError;
use crate::dataset::map::Map;
use crate::files::bounded;
use crate::files::digest::hexadecimal;
use crate::files::incidental::{LeftOut, is_incidental};
use crate::files::raster::MAX_FILE;
use crate::files::raster::kind::is_image;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use zip::ZipArchive;
use zip::result::ZipError;

/// The image files of a split, in the order of the data set.
#[derive(Clone, Debug)]
pub(in crate::dataset) struct Listing {
    /// The archive or the folder.
    pub(super) origin: PathBuf,
    /// Folder of the data: the place for a cache.
    pub(super) beside: PathBuf,
    pub(super) files: ImageFiles,
    pub(super) entries: Vec<Entry>,
    /// Their classes, or why there are none.
    pub(super) classes: Result<Classes, String>,
    /// What a person should know about the choice of files.
    pub(super) notes: Vec<String>,
}

/// A class for each image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Classes {
    /// Their names, in order.
    pub(super) names: Vec<String>,
    /// The class of each image, as an index.
    pub(super) labels: Vec<u8>,
}

/// One image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name for people, and in the partition.
    pub(super) name: String,
    pub(super) place: Place,
}

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Position in the archive.
    Archive(usize),
    File(PathBuf),
}

/// What the files are read from. A clone shares it, for another thread.
#[derive(Clone, Debug)]
pub(super) enum ImageFiles {
    Archive(Archive),
    Folder,
}

/// A zip archive, mapped into memory.
#[derive(Clone)]
pub(crate) struct Archive {
    zip: ZipArchive<Cursor<Map>>,
    map: Map,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Archive of {} files", self.zip.len())
    }
}

impl Archive {
    /// Opens an archive by its central directory, which is at its end.
    ///
    /// # Errors
    /// [`ImagesError::Read`], or [`ImagesError::Archive`] for a file that is no zip archive or was cut off.
    pub(crate) fn open(path: &Path) -> Result<Self, ImagesError> {
        let read = |cause| ImagesError::Read { path: path.to_owned(), cause };
        let map = File::open(path).and_then(|file| Map::new(&file)).map_err(read)?;
        let zip = ZipArchive::new(Cursor::new(map.clone())).map_err(|cause| match cause {
            ZipError::Io(cause) => read(cause),
            cause => ImagesError::Archive { path: path.to_owned(), cause: cause.to_string() },
        })?;
        Ok(Archive { zip, map })
    }

    /// Every image, by its path in the archive, and what else is there.
    pub(super) fn images(&self) -> (Vec<(&str, usize)>, LeftOut) {
        let (mut images, mut left_out) = (Vec::new(), LeftOut::default());
        for index in 0..self.zip.len() {
            let Some(name) = self.zip.name_for_index(index).filter(|name| !name.ends_with('/')) else { continue };
            match Path::new(name) {
                path if is_incidental(path) => left_out.add_system(),
                path if is_image(path) => images.push((name, index)),
                path => left_out.add_kind(path),
            }
        }
        (images, left_out)
    }

    /// Reads the first images, for the fuzz target; how many could be.
    pub(crate) fn read_first(self, most: usize) -> usize {
        let places: Vec<Place> = self.images().0.iter().take(most).map(|&(_, index)| Place::Archive(index)).collect();
        assert!(self.central_directory().len() <= self.map.len());
        let mut files = ImageFiles::Archive(self);
        places.iter().filter(|place| files.read(place).is_ok()).count()
    }

    /// The archive's own list of names, sizes and CRCs.
    fn central_directory(&self) -> &[u8] {
        let start = usize::try_from(self.zip.central_directory_start()).unwrap_or(usize::MAX);
        self.map.get(start..).unwrap_or(&self.map)
    }
}

impl ImageFiles {
    /// The bytes of a file, at most [`MAX_FILE`]. An archive's are checked against its CRC.
    pub(super) fn read(&mut self, place: &Place) -> io::Result<Vec<u8>> {
        match (self, place) {
            (ImageFiles::Archive(archive), &Place::Archive(index)) => {
                let entry = archive.zip.by_index(index)?;
                // What the archive says may be too little: no more than that is read.
                let size = entry.size();
                if size > MAX_FILE { Err(bounded::too_large(MAX_FILE)) } else { bounded::read(entry, size) }
            }
            (_, Place::File(path)) => bounded::read_file(path, MAX_FILE),
            (ImageFiles::Folder, Place::Archive(_)) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Listing {
    /// SHA-256 over what tells one state of the files from another without reading them: the names in the split,
    /// and of an archive the central directory, which has every CRC and size; of a folder the size and the time of the
    /// last change of every file.
    ///
    /// # Errors
    /// [`ImagesError::Read`] for a file that is gone.
    pub(super) fn checksum(&self) -> Result<String, ImagesError> {
        let mut hash = Sha256::new();
        if let ImageFiles::Archive(archive) = &self.files {
            hash.update(archive.central_directory());
        }
        for Entry { name, place } in &self.entries {
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            if let Place::File(path) = place {
                let read = |cause| ImagesError::Read { path: path.clone(), cause };
                let metadata = fs::metadata(path).map_err(read)?;
                let changed = metadata.modified().map_err(read)?.duration_since(UNIX_EPOCH).unwrap_or_default();
                hash.update(metadata.len().to_le_bytes());
                hash.update(changed.as_nanos().to_le_bytes());
            }
        }
        Ok(hexadecimal(&hash.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// An archive with a megabyte of zeros in a thousand bytes, which says that they are so many.
    fn bomb(root: &TempDir, claimed: u32) -> Archive {
        let path = root.path().join(format!("{claimed}.zip"));
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file("bomb.png", options).unwrap();
        io::Write::write_all(&mut zip, &vec![0; 1 << 20]).unwrap();
        zip.finish().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        assert!(bytes.len() < 2000, "{}", bytes.len());
        let directory = bytes.windows(4).position(|start| start == b"PK\x01\x02").unwrap();
        for size in [22, directory + 24] {
            bytes[size..size + 4].copy_from_slice(&claimed.to_le_bytes());
        }
        fs::write(&path, bytes).unwrap();
        Archive::open(&path).unwrap()
    }

    #[test]
    fn an_entry_is_read_as_far_as_it_says_and_no_further_than_any_image() {
        let root = TempDir::new().unwrap();
        let read = |claimed| ImageFiles::Archive(bomb(&root, claimed)).read(&Place::Archive(0));
        assert_eq!(read(1 << 20).unwrap(), vec![0; 1 << 20]);
        let error = read(100).unwrap_err();
        assert!(error.to_string().contains("more than the 100 bytes"), "{error}");
        let error = read(u32::MAX - 1).unwrap_err();
        assert!(error.to_string().contains("more than the 268435456 bytes"), "{error}");
    }

    #[test]
    fn an_archive_lists_its_images_and_what_else_is_there() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("a.zip");
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        zip.add_directory("a", options).unwrap();
        for name in ["a/1.jpg", "a/2.WEBP", "a/list.txt", "__MACOSX/a/._1.jpg", ".DS_Store"] {
            zip.start_file(name, options).unwrap();
        }
        zip.finish().unwrap();
        let archive = Archive::open(&path).unwrap();
        let (images, left_out) = archive.images();
        assert_eq!(images, [("a/1.jpg", 1), ("a/2.WEBP", 2)]);
        assert_eq!(left_out.to_string(), "1 .txt, 2 hidden or system files");
    }

    #[test]
    fn the_checksum_changes_with_names_sizes_and_times() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("a.png");
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        let put = |bytes: &[u8], time| {
            fs::write(&path, bytes).unwrap();
            File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        let checksum = |name: &str| {
            let entry = Entry { name: name.to_owned(), place: Place::File(path.clone()) };
            let (origin, beside) = (root.path().to_owned(), root.path().to_owned());
            let files = ImageFiles::Folder;
            Listing { origin, beside, files, entries: vec![entry], classes: Err(String::new()), notes: vec![] }
                .checksum()
                .unwrap()
        };
        put(b"one", time);
        let first = checksum("a.png");
        assert_eq!(first.len(), 64);
        put(b"two", time);
        assert_eq!(checksum("a.png"), first);
        assert_ne!(checksum("b.png"), first);
        put(b"longer", time);
        assert_ne!(checksum("a.png"), first);
        put(b"one", time + std::time::Duration::from_nanos(1000));
        assert_ne!(checksum("a.png"), first);
        put(b"one", time);
        assert_eq!(checksum("a.png"), first);
    }
}
