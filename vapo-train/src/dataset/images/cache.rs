//! The file of prepared images: written once, mapped ever after.
//!
//! ```text
//! "vapo images 2\n"      what it is, and the version of this layout
//! header                 JSON, then spaces up to byte 16,384
//! pixels                 a byte a value, image after image (N, H, W, C)
//! ```
//!
//! A file is used only if its header says the same as what is asked for, and its length is that of its images. It gets
//! its name when it is complete, so half a file is never found.

use crate::dataset::fingerprint::Pending;
use crate::dataset::images::convert::{Converted, Stop, convert};
use crate::dataset::images::error::ImagesError;
use crate::dataset::images::listing::Listing;
use crate::dataset::map::Map;
use crate::dataset::{Preparation, Source, Split, WHITE};
use crate::files::atomic::part_prefix;
use crate::files::digest::sha256;
use crate::files::incidental::PREPARED as SUFFIX;
use crate::files::raster::Background;
use crate::files::temporary::{PART, TemporaryFile};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// First line of the file. Another version for another layout, or for other pixels from the same files.
const MAGIC: &str = "vapo images 2\n";
/// Bytes before the pixels: whole pages.
pub(super) const HEADER: usize = 16_384;

/// What a cache is a cache of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    dataset: Source,
    split: Split,
    preparation: Preparation,
    /// Of the files: [`Listing::checksum`].
    source: String,
}

/// The header: what was asked for, and what came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    key: Key,
    images: Converted,
    /// Of the pixels: that of [`crate::dataset::Fingerprint`].
    sha256: String,
}

/// A cache that fits.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    pub(super) header: Converted,
    /// That of the images' fingerprint.
    pub(super) sha256: String,
    /// The whole file.
    pub(super) map: Map,
}

/// Where a cache may lie, best first: a folder and the file's name in it.
#[derive(Clone, Debug)]
pub(super) struct Places(Vec<(PathBuf, String)>);

impl Key {
    pub(super) fn new(dataset: Source, split: Split, preparation: Preparation, source: String) -> Self {
        Key { dataset, split, preparation, source }
    }

    /// `celeba-train-140-64-triangle-3`: different choices lie side by side.
    fn stem(&self) -> String {
        let Preparation { crop, size, filter, channels, background } = self.preparation;
        let filter = serde_json::to_string(&filter).unwrap_or_default().replace('"', "");
        let size = size.map_or_else(|| "own".to_owned(), |size| size.to_string());
        let channels = channels.map_or_else(|| "own".to_owned(), |channels| channels.to_string());
        let background = if background == Background::default() { String::new() } else { format!("-on-{background}") };
        format!("{}-{}-{crop}-{size}-{filter}-{channels}{background}", self.dataset, self.split.name())
    }
}

impl Converted {
    /// What a person should know about the images.
    pub(super) fn notes(&self, source: Source, background: Background) -> Vec<String> {
        let all = self.count + self.damaged;
        let damaged = format!(
            "{source}: {} of {all} images cannot be decoded and are left out: {}",
            self.damaged,
            self.examples()
        );
        let to = if self.shape.channels == 1 { "grey" } else { "colour" };
        let recoloured = format!("{source}: {} of {all} images were turned to {to}", self.recoloured);
        let notes = [(self.damaged > 0, damaged), (self.recoloured > 0, recoloured)];
        let notes = notes.into_iter().filter_map(|(said, note)| said.then_some(note));
        notes
            .chain(self.seen.notes(self.count, background).into_iter().map(|note| format!("{source}: {note}")))
            .collect()
    }
}

/// The user's folder for what can be made again.
pub(super) fn user_folder() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))?;
    Some(caches.join("vapo"))
}

impl Places {
    /// In `chosen` alone if it is given; else beside the data, or in the user's folder where that cannot be written to.
    /// Away from the data, the name tells where these were.
    pub(super) fn new(listing: &Listing, chosen: Option<&Path>, user: Option<PathBuf>) -> Self {
        let origin = fs::canonicalize(&listing.origin).unwrap_or_else(|_| listing.origin.clone());
        let mark = format!("-{}", &sha256(origin.as_os_str().as_encoded_bytes())[..12]);
        Places(match chosen {
            Some(folder) => vec![(folder.to_owned(), mark)],
            None => {
                let beside = (listing.beside.clone(), String::new());
                [beside].into_iter().chain(user.map(|folder| (folder, mark))).collect()
            }
        })
    }

    fn paths(&self, key: &Key) -> impl Iterator<Item = PathBuf> {
        self.0.iter().map(|(folder, mark)| folder.join(format!("{}{mark}{SUFFIX}", key.stem())))
    }

    /// A cache of this key.
    pub(super) fn find(&self, key: &Key) -> Option<Cache> {
        self.paths(key).find_map(|path| read(&path, key))
    }

    /// Makes a cache of this key, in the first folder that can be written to.
    ///
    /// # Errors
    /// No folder can; an image is refused; the disk is full.
    pub(super) fn build(&self, key: &Key, listing: &Listing) -> Result<Cache, ImagesError> {
        let mut tried = String::new();
        for path in self.paths(key) {
            let folder = path.parent().unwrap_or(Path::new("."));
            match part(folder, &path) {
                Ok(file) => return write(file, &path, key, listing),
                Err(cause) => tried += &format!("\n  {}: {cause}", folder.display()),
            }
        }
        Err(ImagesError::NoCacheFolder { tried })
    }
}

/// The cache at a path if it is whole and of this key.
fn read(path: &Path, key: &Key) -> Option<Cache> {
    let map = File::open(path).and_then(|file| Map::new(&file)).ok()?;
    let text = map.get(..HEADER)?.strip_prefix(MAGIC.as_bytes())?;
    let header: Header = serde_json::from_slice(text).ok()?;
    let bytes = header.images.shape.elements().checked_mul(header.images.count)?.checked_add(HEADER)?;
    let fits = header.key == *key && header.images.count > 0 && map.len() == bytes;
    fits.then_some(Cache { header: header.images, sha256: header.sha256, map })
}

/// A file that is not the cache yet. What programs that were killed left behind makes way.
fn part(folder: &Path, path: &Path) -> io::Result<TemporaryFile> {
    fs::create_dir_all(folder)?;
    let prefix = part_prefix(path);
    for entry in fs::read_dir(folder)?.flatten() {
        let left = entry.file_name().to_string_lossy().into_owned();
        // Who writes one holds its lock, and loses it when he dies.
        if left.starts_with(&prefix)
            && left.ends_with(PART)
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            let _ = fs::remove_file(entry.path());
        }
    }
    let file = TemporaryFile::create(folder, &prefix)?;
    // Systems without locks go without.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Prepares all images into the file, which then gets its name.
fn write(mut part: TemporaryFile, path: &Path, key: &Key, listing: &Listing) -> Result<Cache, ImagesError> {
    let failed = |cause| ImagesError::Write { path: path.to_owned(), cause };
    fill(&mut part, key, listing).map_err(|stop| match stop {
        Stop::Images(error) => error,
        Stop::Write(cause) => failed(cause),
    })?;
    part.as_file().sync_all().map_err(failed)?;
    let file = part.persist(path).map_err(failed)?;
    // The lock goes with the handle.
    drop(file);
    read(path, key).ok_or_else(|| failed(io::Error::other("it does not hold what was written")))
}

/// The header's place, the pixels, then the header, which says how many they are.
fn fill(file: impl Write + Seek, key: &Key, listing: &Listing) -> Result<(), Stop> {
    let mut out = BufWriter::new(file);
    out.write_all(&[b' '; HEADER]).map_err(Stop::Write)?;
    let mut digest = Pending::default();
    let images = convert(listing, key.preparation, |pixels| {
        digest.add(pixels);
        out.write_all(pixels)
    })?;
    let sha256 = digest.finish(images.shape, WHITE);
    let header = Header { key: key.clone(), images, sha256 };
    let mut text = MAGIC.to_owned() + &serde_json::to_string_pretty(&header).map_err(|e| Stop::Write(e.into()))?;
    text.push('\n');
    let done = if text.len() > HEADER {
        Err(io::Error::other("the header is too long"))
    } else {
        out.seek(SeekFrom::Start(0)).and_then(|_| out.write_all(text.as_bytes())).and_then(|()| out.flush())
    };
    done.map_err(Stop::Write)
}

#[cfg(test)]
mod tests;
