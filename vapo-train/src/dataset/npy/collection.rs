//! Arrays by name: a `.npy` file, a `.npz` archive, or a folder of `.npy` files.

use super::{ArrayError, header::Header};
use crate::dataset::{Corruption, DatasetError};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Where arrays are.
#[derive(Debug)]
pub(super) enum Place {
    /// A `.npy` file each, in one folder or alone.
    Files(Vec<PathBuf>),
    /// A `.npz` file, an archive of `.npy` files.
    Archive(PathBuf),
}

/// The headers of all arrays of one place.
#[derive(Debug)]
pub(super) struct Collection {
    place: Place,
    /// Name and header, by name.
    pub(super) arrays: Vec<(String, Header)>,
}

const END: &str = ".npy";

impl Collection {
    /// Reads the headers of everything at `path`; none where there is nothing.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, DatasetError> {
        let Some(place) = place(path).map_err(|cause| DatasetError::Read { path: path.to_owned(), cause })? else {
            return Ok(None);
        };
        let mut arrays = Vec::new();
        match &place {
            Place::Files(paths) => {
                for path in paths {
                    let name = stem(path);
                    let header = open_file(path)
                        .and_then(|mut file| Header::read(&name, &mut file).map_err(|cause| corrupt(path, cause)))?;
                    arrays.push((name, header));
                }
            }
            Place::Archive(path) => {
                let mut archive = open_archive(path)?;
                for index in 0..archive.len() {
                    let failed = |cause: zip::result::ZipError| corrupt(path, ArrayError::Archive(cause.to_string()));
                    let mut entry = archive.by_index(index).map_err(failed)?;
                    if let Some(name) = entry.name().strip_suffix(END).map(str::to_owned) {
                        let header = Header::read(&name, &mut entry).map_err(|cause| corrupt(path, cause))?;
                        arrays.push((name, header));
                    }
                }
            }
        }
        arrays.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Some(Collection { place, arrays }))
    }

    /// Every array with its shape, for people.
    pub(super) fn listing(&self) -> String {
        let listed: Vec<String> =
            self.arrays.iter().map(|(name, header)| format!("{name} {:?}", header.shape)).collect();
        if listed.is_empty() { "no array".to_owned() } else { listed.join(", ") }
    }

    /// The file that holds an array.
    pub(super) fn path(&self, name: &str) -> &Path {
        match &self.place {
            Place::Archive(path) => path,
            Place::Files(paths) => paths.iter().find(|path| stem(path) == name).map_or(Path::new(""), PathBuf::as_path),
        }
    }

    /// The bytes of an array's values: as many as its header says, and nothing after them.
    pub(super) fn values(&self, name: &str, header: &Header, width: u64) -> Result<Vec<u8>, DatasetError> {
        let path = self.path(name);
        match &self.place {
            Place::Files(_) => values(name, header, width, &mut open_file(path)?),
            Place::Archive(_) => {
                let mut archive = open_archive(path)?;
                let entry = archive.by_name(&format!("{name}{END}"));
                match entry {
                    Ok(mut entry) => values(name, header, width, &mut entry),
                    Err(cause) => Err(ArrayError::Archive(cause.to_string())),
                }
            }
        }
        .map_err(|cause| corrupt(path, cause))
    }
}

pub(super) fn corrupt(path: &Path, cause: impl Into<Corruption>) -> DatasetError {
    DatasetError::Corrupt { path: path.to_owned(), cause: cause.into() }
}

fn values(name: &str, header: &Header, width: u64, reader: &mut dyn Read) -> Result<Vec<u8>, ArrayError> {
    Header::read(name, reader)?;
    let array = name.to_owned();
    let Some(expected) = header.values().checked_mul(width) else {
        return Err(ArrayError::Header { array, cause: "its axes are too long".to_owned() });
    };
    let mut bytes = Vec::new();
    // One byte beyond shows what is too long, and has an archive compare its sum.
    let read = reader.take(expected.saturating_add(1)).read_to_end(&mut bytes);
    match read {
        Err(cause) => Err(ArrayError::Read { array, cause }),
        Ok(found) if found as u64 != expected => Err(ArrayError::Size { array, expected, found: found as u64 }),
        Ok(_) => Ok(bytes),
    }
}

/// What lies at `path`: a file of either kind by its contents, a folder by what is in it.
fn place(path: &Path) -> io::Result<Option<Place>> {
    if path.is_dir() {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
        paths.retain(|path| path.is_file());
        let mut archives = paths.clone();
        let ends = |path: &PathBuf, wanted: &str| path.extension().is_some_and(|found| found == wanted);
        paths.retain(|path| ends(path, "npy"));
        archives.retain(|path| ends(path, "npz"));
        return match (paths.is_empty(), archives.as_slice()) {
            (true, []) => Ok(None),
            (true, [archive]) => Ok(Some(Place::Archive(archive.clone()))),
            (false, []) => Ok(Some(Place::Files(paths))),
            (..) => Err(io::Error::other("the folder holds more than one .npz file, or both kinds: name one file")),
        };
    }
    let mut start = [0; 2];
    match File::open(path).and_then(|mut file| file.read_exact(&mut start)) {
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        // Shorter than two bytes: the header says so.
        Err(cause) if cause.kind() != io::ErrorKind::UnexpectedEof => Err(cause),
        _ if start == *b"PK" => Ok(Some(Place::Archive(path.to_owned()))),
        _ => Ok(Some(Place::Files(vec![path.to_owned()]))),
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn open_file(path: &Path) -> Result<BufReader<File>, DatasetError> {
    File::open(path).map(BufReader::new).map_err(|cause| DatasetError::Read { path: path.to_owned(), cause })
}

fn open_archive(path: &Path) -> Result<zip::ZipArchive<BufReader<File>>, DatasetError> {
    zip::ZipArchive::new(open_file(path)?).map_err(|cause| corrupt(path, ArrayError::Archive(cause.to_string())))
}
