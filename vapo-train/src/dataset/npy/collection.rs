//! Arrays by name: a `.npy` file, a `.npz` archive, or a folder of `.npy` files.

use super::ArrayError;
use crate::dataset::{Corruption, DatasetError, foreign};
use crate::files::array::{Archive, Array, ArrayFileError, Element, Header};
use crate::files::bounded;
use crate::files::incidental::{Depth, LeftOut, files, is_incidental};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Arrays that are named one by one.
const LISTED: usize = 16;

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
    /// What else lies in a folder.
    pub(super) left_out: LeftOut,
}

impl Collection {
    /// Reads the headers of everything at `path`; none where there is nothing.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, DatasetError> {
        let Some((place, left_out)) = place(path)? else { return Ok(None) };
        let mut arrays = Vec::new();
        match &place {
            Place::Files(paths) => {
                for path in paths {
                    arrays.push((stem(path), open_file(path)?.header));
                }
            }
            Place::Archive(path) => {
                let mut archive = open_archive(path)?;
                let mut names = archive.names();
                if names.is_empty() {
                    foreign::refuse(path)?;
                }
                names.retain(|name| !is_incidental(Path::new(name)));
                for name in names {
                    let header = archive.array(&name).map_err(|cause| corrupt(path, ArrayError::from(cause)))?.header;
                    arrays.push((name, header));
                }
            }
        }
        arrays.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Some(Collection { place, arrays, left_out }))
    }

    /// Every array with its shape, for people.
    pub(super) fn listing(&self) -> String {
        listed(self.arrays.iter().map(|(name, header)| (name.as_str(), header)))
    }

    /// The file that holds an array.
    pub(super) fn path(&self, name: &str) -> &Path {
        match &self.place {
            Place::Archive(path) => path,
            Place::Files(paths) => paths.iter().find(|path| stem(path) == name).map_or(Path::new(""), PathBuf::as_path),
        }
    }

    /// The bytes of an array's values: as many as its header says, and nothing after them.
    pub(super) fn values(&self, name: &str, element: Element) -> Result<Vec<u8>, DatasetError> {
        let path = self.path(name);
        match &self.place {
            Place::Files(_) => open_file(path)?.values(element),
            Place::Archive(_) => open_archive(path)?.array(name).and_then(|array| array.values(element)),
        }
        .map_err(|cause| corrupt(path, ArrayError::from(cause)))
    }
}

/// Arrays with their shapes, for people.
pub(super) fn listed<'a>(arrays: impl Iterator<Item = (&'a str, &'a Header)>) -> String {
    let mut listed: Vec<String> = arrays.map(|(name, header)| format!("{name} {:?}", header.shape)).collect();
    if listed.len() > LISTED {
        let more = listed.split_off(LISTED).len();
        listed.push(format!("and {more} more"));
    }
    if listed.is_empty() { "no array".to_owned() } else { listed.join(", ") }
}

pub(super) fn corrupt(path: &Path, cause: impl Into<Corruption>) -> DatasetError {
    DatasetError::Corrupt { path: path.to_owned(), cause: cause.into() }
}

/// What lies at `path`: a file of either kind by its contents, a folder by what is in it. With what else is there.
fn place(path: &Path) -> Result<Option<(Place, LeftOut)>, DatasetError> {
    if path.is_dir() {
        return folder(path);
    }
    let mut start = [0; 2];
    let place = match bounded::open(path).and_then(|mut file| file.read_exact(&mut start)) {
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        // Shorter than two bytes: the header says so.
        Err(cause) if cause.kind() != io::ErrorKind::UnexpectedEof => {
            return Err(DatasetError::Read { path: path.to_owned(), cause });
        }
        _ if start == *b"PK" => Place::Archive(path.to_owned()),
        _ => {
            foreign::refuse(path)?;
            Place::Files(vec![path.to_owned()])
        }
    };
    Ok(Some((place, LeftOut::default())))
}

fn folder(path: &Path) -> Result<Option<(Place, LeftOut)>, DatasetError> {
    let found = files(path, Depth::Folder);
    let found = found.map_err(|refused| DatasetError::Read { path: refused.path, cause: refused.cause })?;
    let (mut arrays, mut archives, mut left_out) = (Vec::new(), Vec::new(), found.left_out);
    for file in found.files {
        match file.extension().map(|end| end.to_ascii_lowercase()) {
            Some(end) if end == "npy" => arrays.push(file),
            Some(end) if end == "npz" => archives.push(file),
            _ => left_out.add_kind(&file),
        }
    }
    let place = match (arrays.is_empty(), archives.as_slice()) {
        (true, []) => return Ok(None),
        (true, [archive]) => Place::Archive(archive.clone()),
        (false, []) => Place::Files(arrays),
        (..) => {
            let cause = "the folder holds more than one .npz file, or both kinds: name one file";
            return Err(DatasetError::Read { path: path.to_owned(), cause: io::Error::other(cause) });
        }
    };
    Ok(Some((place, left_out)))
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// What the system says of a file, or what is wrong with it.
fn opened<T>(path: &Path, opened: io::Result<Result<T, ArrayFileError>>) -> Result<T, DatasetError> {
    match opened {
        Ok(read) => read.map_err(|cause| corrupt(path, ArrayError::from(cause))),
        Err(cause) => Err(DatasetError::Read { path: path.to_owned(), cause }),
    }
}

fn open_file(path: &Path) -> Result<Array<BufReader<File>>, DatasetError> {
    opened(path, Array::of_file(&stem(path), path))
}

fn open_archive(path: &Path) -> Result<Archive<BufReader<File>>, DatasetError> {
    opened(path, Archive::of_file(path))
}
