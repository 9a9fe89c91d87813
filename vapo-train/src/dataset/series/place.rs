//! The files of a series, and the split that each is of.

use crate::dataset::Split;
use crate::dataset::series::array::{OfSplit, read_archive, read_file};
use crate::dataset::series::error::SeriesError;
use crate::dataset::series::split::split_of;
use crate::dataset::series::{SeriesOptions, table, ts};
use crate::dataset::{Corruption, DatasetError, foreign};
use crate::files::array::header::MAGIC;
use crate::files::bounded;
use crate::files::incidental::{Depth, LeftOut, files};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of a file at most.
const MOST: u64 = 1 << 32;
/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Table,
    Array,
    Archive,
    Cases,
}

/// The files that hold a series.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// By their paths, with the split that a folder's file is of by its name.
    pub(super) files: Vec<(PathBuf, Option<Split>)>,
    /// What else lies in a folder.
    pub(super) left_out: LeftOut,
}

impl Place {
    /// What lies at a path; none where there is nothing.
    pub(super) fn find(path: &Path) -> Result<Option<Self>, DatasetError> {
        if !path.is_dir() {
            return match path.try_exists() {
                Ok(true) => Ok(Some(Place { files: vec![(path.to_owned(), None)], left_out: LeftOut::default() })),
                Ok(false) => Ok(None),
                Err(cause) => Err(DatasetError::Read { path: path.to_owned(), cause }),
            };
        }
        let found = files(path, Depth::Folder);
        let mut found = found.map_err(|refused| DatasetError::Read { path: refused.path, cause: refused.cause })?;
        let kinds: Vec<(PathBuf, Kind)> = std::mem::take(&mut found.files)
            .into_iter()
            .filter_map(|file| match kind_by_name(&file) {
                Some(kind) => Some((file, kind)),
                None => {
                    found.left_out.add_kind(&file);
                    None
                }
            })
            .collect();
        let mut examples: Vec<(Kind, String)> = kinds.iter().map(|(file, kind)| (*kind, file_name(file))).collect();
        examples.sort();
        examples.dedup_by_key(|(kind, _)| *kind);
        if examples.len() > 1 {
            let found = examples.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(" and ");
            return Err(corrupt(path, SeriesError::Kinds { found }));
        }
        let mut files = Vec::new();
        for (file, _) in kinds {
            let split = split_of(&stem(&file)).map_err(|cause| corrupt(&file, cause))?;
            files.push((file, split));
        }
        Ok((!files.is_empty()).then_some(Place { files, left_out: found.left_out }))
    }
}

/// What a file is by the end of its name. `.tsv` of the archives, with a case a line, lies beside the same as `.ts`.
fn kind_by_name(path: &Path) -> Option<Kind> {
    let end = path.extension()?.to_string_lossy().to_lowercase();
    match end.as_str() {
        "csv" => Some(Kind::Table),
        "tsv" if !path.with_extension("ts").exists() => Some(Kind::Table),
        "npy" => Some(Kind::Array),
        "npz" => Some(Kind::Archive),
        "ts" => Some(Kind::Cases),
        _ => None,
    }
}

/// What a file is that holds a series in a way that is not read, by the end of its name, and what to do with it.
fn other(path: &Path) -> Option<(&'static str, &'static str)> {
    let end = path.extension()?.to_string_lossy().to_lowercase();
    match end.as_str() {
        "xlsx" | "xls" | "ods" => Some(("a spreadsheet", "save it as \"CSV UTF-8\"")),
        "arff" | "tsf" => Some(("a file of an archive of series", "give the .ts file of the same archive, or a table")),
        "wav" | "flac" | "mp3" => Some(("sound", "decode it, and save its samples (T, C) with numpy.save")),
        _ => None,
    }
}

/// What a file is by its contents, and cases by the end of its name.
fn kind(path: &Path, start: &[u8]) -> Result<Kind, DatasetError> {
    if start.starts_with(MAGIC) {
        return Ok(Kind::Array);
    }
    if let Some((what, advice)) = other(path) {
        return Err(DatasetError::Foreign { path: path.to_owned(), what, advice });
    }
    if kind_by_name(path) == Some(Kind::Cases) {
        return Ok(Kind::Cases);
    }
    if start.starts_with(b"PK\x03\x04") {
        return Ok(Kind::Archive);
    }
    Ok(Kind::Table)
}

/// What a file holds.
pub(super) fn read(path: &Path, options: &SeriesOptions) -> Result<Vec<OfSplit>, DatasetError> {
    let failed = |cause| DatasetError::Read { path: path.to_owned(), cause };
    let mut start = Vec::new();
    let mut file = bounded::open_up_to(path, MOST).map_err(failed)?;
    (&mut file).take(bounded::BEGINNING).read_to_end(&mut start).map_err(failed)?;
    let kind = kind(path, &start)?;
    if kind == Kind::Table {
        foreign::refuse_but_text(path)?;
    }
    let (name, reader) = (file_name(path), (&start[..]).chain(file.take(MOST)));
    let whole = |contents| vec![(None, contents)];
    let read: io::Result<Result<Vec<OfSplit>, SeriesError>> = match kind {
        Kind::Table => table::read(&name, reader, options).map(|read| read.map(whole)),
        Kind::Cases => ts::read(&name, reader, options).map(|read| read.map(whole)),
        Kind::Array => read_file(path, &name, options),
        Kind::Archive => read_archive(path, &name, options),
    };
    read.map_err(failed)?.map_err(|cause| corrupt(path, cause))
}

pub(super) fn corrupt(path: &Path, cause: SeriesError) -> DatasetError {
    DatasetError::Corrupt { path: path.to_owned(), cause: Corruption::Series(cause) }
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
