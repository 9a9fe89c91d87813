//! The image files that make up a split, in a zip archive or in a folder.

use crate::dataset::images::decode::EXTENSIONS;
use crate::dataset::images::error::ImagesError;
use crate::dataset::images::map::Map;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Cursor, Read};
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
    /// What a person should know about the choice of files.
    pub(super) notes: Vec<String>,
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
pub(super) struct Archive {
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
    pub(super) fn open(path: &Path) -> Result<Self, ImagesError> {
        let read = |cause| ImagesError::Read { path: path.to_owned(), cause };
        let map = File::open(path).and_then(|file| Map::new(&file)).map_err(read)?;
        let zip = ZipArchive::new(Cursor::new(map.clone())).map_err(|cause| match cause {
            ZipError::Io(cause) => read(cause),
            cause => ImagesError::Archive { path: path.to_owned(), cause: cause.to_string() },
        })?;
        Ok(Archive { zip, map })
    }

    /// Every image, by its path in the archive.
    pub(super) fn images(&self) -> impl Iterator<Item = (&str, usize)> {
        let name = |index| self.zip.name_for_index(index).map(|name| (name, index));
        (0..self.zip.len()).filter_map(name).filter(|(name, _)| is_image(Path::new(name)))
    }

    /// The archive's own list of names, sizes and CRCs.
    fn central_directory(&self) -> &[u8] {
        let start = usize::try_from(self.zip.central_directory_start()).unwrap_or(usize::MAX);
        self.map.get(start..).unwrap_or(&self.map)
    }
}

impl ImageFiles {
    /// The bytes of a file. An archive's are checked against its CRC.
    pub(super) fn read(&mut self, place: &Place) -> io::Result<Vec<u8>> {
        match (self, place) {
            (ImageFiles::Archive(archive), &Place::Archive(index)) => {
                let mut bytes = Vec::new();
                archive.zip.by_index(index)?.read_to_end(&mut bytes)?;
                Ok(bytes)
            }
            (_, Place::File(path)) => fs::read(path),
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
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Whether a path is that of an image by its end. Files and folders that systems hide, or add to archives, are not.
pub(super) fn is_image(path: &Path) -> bool {
    let hidden = |part: &std::ffi::OsStr| part.as_encoded_bytes().starts_with(b".") || part == "__MACOSX";
    let extension = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|end| EXTENSIONS.contains(&end.as_str())) && !path.iter().any(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn images_are_told_by_their_names() {
        for (path, expected) in [
            ("a/b.jpg", true),
            ("b.JPEG", true),
            ("b.Png", true),
            ("b.gif", false),
            ("b", false),
            ("._b.jpg", false),
            (".hidden/b.jpg", false),
            ("__MACOSX/b.jpg", false),
        ] {
            assert_eq!(is_image(Path::new(path)), expected, "{path}");
        }
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
            Listing { origin, beside, files, entries: vec![entry], notes: vec![] }.checksum().unwrap()
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
