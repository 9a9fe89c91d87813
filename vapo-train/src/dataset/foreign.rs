//! Files of other kinds, told by how they begin, and how to make arrays of them.

use crate::dataset::DatasetError;
use crate::files::bounded;
use crate::files::incidental::{Depth, files, is_incidental};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// A kind of file that holds images elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// What it is.
    what: &'static str,
    /// What to do with it.
    advice: &'static str,
}

const TORCH: Kind =
    Kind { what: "a file of PyTorch", advice: "save its tensor with numpy.save('x.npy', torch.load(FILE).numpy())" };
const PICKLE: Kind = Kind {
    what: "a pickle of Python, which could run any program and is not opened",
    advice: "open it where you trust it, and save its array with numpy.save",
};
const MATLAB: Kind = Kind {
    what: "a file of MATLAB",
    advice: "save its array with numpy.save('x.npy', scipy.io.loadmat(FILE)['NAME']), images first: SVHN's X needs \
             .transpose(3, 0, 1, 2)",
};
const HDF5: Kind =
    Kind { what: "a file of HDF5", advice: "save its array with numpy.save('x.npy', h5py.File(FILE)['NAME'][:])" };
const MATLAB_HDF5: Kind = Kind {
    what: "a file of MATLAB 7.3, which is HDF5",
    advice: "save its array with numpy.save('x.npy', h5py.File(FILE)['NAME'][:].T), images first",
};
const PARQUET: Kind = Kind {
    what: "a table of Parquet",
    advice: "decode its images, with the package datasets for instance, and save them with numpy.save",
};
const SAFETENSORS: Kind = Kind {
    what: "a file of safetensors",
    advice: "save its tensor with numpy.save('x.npy', safetensors.numpy.load_file(FILE)['NAME'])",
};
const TABLE: Kind = Kind {
    what: "a table of numbers with commas",
    advice: "with a class and 784 grey levels in each line below one of names, as Kaggle has MNIST, this makes arrays: \
             t = numpy.loadtxt(FILE, delimiter=',', skiprows=1, dtype='uint8'); \
             numpy.savez('x.npz', x_train=t[:, 1:].reshape(-1, 28, 28), y_train=t[:, 0]); \
             then --dataset npy --data-dir x.npz",
};
const GZIP: Kind = Kind { what: "compressed by gzip", advice: "unpack it with gunzip" };
const TAR: Kind = Kind { what: "a tar archive", advice: "unpack it with tar -xf" };
const OTHER_ARCHIVE: Kind = Kind { what: "an archive", advice: "unpack it" };
const IDX: Kind = Kind {
    what: "an IDX file, as MNIST has",
    advice: "give --dataset mnist with the file's folder, which holds it under its published name",
};
const PICTURE: Kind = Kind { what: "a picture", advice: "give --dataset folder with the folder that holds it" };
const PICTURES: Kind = Kind { what: "a zip archive of pictures", advice: "unpack it, and give --dataset folder" };
const ZIP: Kind = Kind { what: "a zip archive without an array", advice: "unpack it" };
const ARRAYS: Kind =
    Kind { what: "an archive of NumPy's arrays", advice: "give --dataset npy --data-dir with this file" };
const PAGE: Kind =
    Kind { what: "a page of the web", advice: "the download went wrong: get the file itself, not the page about it" };
const POINTER: Kind =
    Kind { what: "a pointer of Git LFS", advice: "get the file that it stands for with git lfs pull" };
const NUMPY_IN_TEXT: Kind = Kind {
    what: "an array that was copied as text",
    advice: "its bytes were changed on the way: copy it again as binary",
};

/// Beginnings that tell a kind.
const MAGICS: [(&[u8], Kind); 25] = [
    (b"\x89HDF\r\n\x1a\n", HDF5),
    (b"MATLAB 7.3", MATLAB_HDF5),
    (b"MATLAB 5.0", MATLAB),
    (b"PAR1", PARQUET),
    (b"\x1f\x8b", GZIP),
    (b"BZh", OTHER_ARCHIVE),
    (b"\xfd7zXZ\x00", OTHER_ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", OTHER_ARCHIVE),
    (b"Rar!\x1a\x07", OTHER_ARCHIVE),
    (b"\x28\xb5\x2f\xfd", OTHER_ARCHIVE),
    (b"\x00\x00\x08\x01", IDX),
    (b"\x00\x00\x08\x03", IDX),
    (b"\x00\x00\x08\x04", IDX),
    (b"\x89PNG", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"GIF8", PICTURE),
    (b"BM", PICTURE),
    (b"II*\x00", PICTURE),
    (b"MM\x00*", PICTURE),
    (b"version https://git-lfs", POINTER),
    // What PyTorch wrote before its files were archives: a pickle of its own magic number.
    (b"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", TORCH),
    (b"\x80\x02", PICKLE),
    (b"\x80\x03", PICKLE),
    (b"\x80\x04", PICKLE),
    (b"\x80\x05", PICKLE),
];

/// Ends of names of files that people have in place of those that are read.
const ENDS: [&str; 10] = ["pt", "pth", "pkl", "pickle", "mat", "h5", "hdf5", "parquet", "csv", "safetensors"];

/// Refuses a file that is known to be of another kind.
///
/// # Errors
/// [`DatasetError::Foreign`], or [`DatasetError::Read`].
pub(super) fn refuse(path: &Path) -> Result<(), DatasetError> {
    match kind(path) {
        Ok(None) => Ok(()),
        Ok(Some(Kind { what, advice })) => Err(DatasetError::Foreign { path: path.to_owned(), what, advice }),
        Err(cause) => Err(DatasetError::Read { path: path.to_owned(), cause }),
    }
}

/// As [`refuse`], but plain text is taken: a table may begin with the letters that another kind begins with.
///
/// # Errors
/// As [`refuse`].
pub(super) fn refuse_but_text(path: &Path) -> Result<(), DatasetError> {
    match beginning(path) {
        Ok(start) if is_plain(&String::from_utf8_lossy(&start)) => {
            match of_text(&start).filter(|kind| *kind != TABLE) {
                Some(Kind { what, advice }) => Err(DatasetError::Foreign { path: path.to_owned(), what, advice }),
                None => Ok(()),
            }
        }
        Ok(_) => refuse(path),
        Err(cause) => Err(DatasetError::Read { path: path.to_owned(), cause }),
    }
}

/// That a data set is missing, and which file of another kind lies where it was looked for: it may be what was meant.
/// Folders that are not there, and files that cannot be read, are passed over.
pub(super) fn beside(missing: DatasetError, folders: &[PathBuf]) -> DatasetError {
    let end = |path: &Path| path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
    let found = folders.iter().filter_map(|folder| files(folder, Depth::Folder).ok()).flat_map(|found| found.files);
    let refused = found.filter(|path| ENDS.contains(&end(path).as_str())).find_map(|path| refuse(&path).err());
    match refused {
        Some(beside) => DatasetError::Beside { missing: Box::new(missing), beside: Box::new(beside) },
        None => missing,
    }
}

/// The kind of a file; none for what is not known, arrays among it.
fn kind(path: &Path) -> io::Result<Option<Kind>> {
    let start = beginning(path)?;
    if start.starts_with(b"PK\x03\x04") {
        return Ok(Some(of_zip(path)));
    }
    let known = MAGICS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, kind)| *kind);
    Ok(known.or_else(|| of_text(&start)).or_else(|| of_length(&start)))
}

fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    bounded::open(path)?.take(bounded::BEGINNING).read_to_end(&mut start)?;
    Ok(start)
}

/// Whether text holds nothing but letters and white space.
fn is_plain(text: &str) -> bool {
    !text.contains(|letter: char| letter.is_control() && !letter.is_whitespace() || letter == '\u{fffd}')
}

/// What a zip archive holds besides arrays.
fn of_zip(path: &Path) -> Kind {
    let Ok(Ok(zip)) = File::open(path).map(|file| ZipArchive::new(BufReader::new(file))) else { return ZIP };
    let picture = |name: &str| {
        let name = name.to_ascii_lowercase();
        [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"].iter().any(|end| name.ends_with(end))
    };
    if zip.file_names().any(|name| name.ends_with(".npy") && !is_incidental(Path::new(name))) {
        ARRAYS
    } else if zip.file_names().any(|name| name.ends_with("data.pkl")) {
        TORCH
    } else if zip.file_names().any(picture) {
        PICTURES
    } else {
        ZIP
    }
}

fn of_text(start: &[u8]) -> Option<Kind> {
    if start.get(257..262) == Some(b"ustar") {
        return Some(TAR);
    }
    if start.starts_with(b"RIFF") && start.get(8..12) == Some(b"WEBP") {
        return Some(PICTURE);
    }
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with("\u{93}NUMPY") || text.starts_with("\u{fffd}NUMPY\r") {
        return Some(NUMPY_IN_TEXT);
    }
    let begins = |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    if begins("<!doctype") || begins("<html") {
        return Some(PAGE);
    }
    let line = text.lines().next().unwrap_or_default();
    (is_plain(text) && line.split(',').count() > 2).then_some(TABLE)
}

/// A length and a dictionary in braces begin safetensors.
fn of_length(start: &[u8]) -> Option<Kind> {
    let (length, rest) = start.split_first_chunk::<8>()?;
    (u64::from_le_bytes(*length) < 1 << 30 && rest.starts_with(b"{\"")).then_some(SAFETENSORS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::{Cursor, Write};
    use tempfile::TempDir;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn zip(names: &[&str]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            archive
                .start_file(*name, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
                .unwrap();
            archive.write_all(b"x").unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn told(bytes: &[u8]) -> Option<Kind> {
        let root = TempDir::new().unwrap();
        let path = root.path().join("file");
        fs::write(&path, bytes).unwrap();
        kind(&path).unwrap()
    }

    #[test]
    fn kinds_are_told_by_how_files_begin() {
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let cases: [(&[u8], Option<Kind>); 22] = [
            (&zip(&["archive/data.pkl", "archive/data/0"]), Some(TORCH)),
            (&zip(&["a/b.JPG"]), Some(PICTURES)),
            (&zip(&["a.txt"]), Some(ZIP)),
            (&zip(&["x_train.npy", "a.png"]), Some(ARRAYS)),
            (&zip(&["__MACOSX/._x.npy"]), Some(ZIP)),
            (b"PK\x03\x04 cut off", Some(ZIP)),
            (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", Some(TORCH)),
            (b"\x80\x04\x95\x10\x00", Some(PICKLE)),
            (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", Some(MATLAB)),
            (b"MATLAB 7.3 MAT-file", Some(MATLAB_HDF5)),
            (b"\x89HDF\r\n\x1a\n\0", Some(HDF5)),
            (b"PAR1\x15\x04", Some(PARQUET)),
            (b"label,pixel0,pixel1\n5,0,0\n", Some(TABLE)),
            (b"\xef\xbb\xbflabel,1x1,1x2\r\n5,0,0\r\n", Some(TABLE)),
            (b"  <!DOCTYPE html><title>404, not found, sorry</title>", Some(PAGE)),
            (b"version https://git-lfs.github.com/spec/v1\n", Some(POINTER)),
            (b"\x10\0\0\0\0\0\0\0{\"x\":{\"dtype\":", Some(SAFETENSORS)),
            (&tar, Some(TAR)),
            (b"\xc2\x93NUMPY\x01\x00", Some(NUMPY_IN_TEXT)),
            (b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2, 3), }", None),
            (b"\x93NUMPY\x01\x00", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(told(bytes), expected, "{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(30)]));
        }
    }

    #[test]
    fn a_file_that_may_have_been_meant_is_told_beside_what_is_missing() {
        let root = TempDir::new().unwrap();
        let folders = [root.path().join("absent"), root.path().to_owned()];
        let told = || {
            let (dataset, files) = (crate::dataset::Source::Mnist, vec!["train-images".to_owned()]);
            beside(DatasetError::Missing { dataset, files, folders: folders.to_vec() }, &folders).to_string()
        };
        fs::write(root.path().join("notes.txt"), "a,b,c,d").unwrap();
        fs::write(root.path().join("._train.csv"), "a,b,c,d").unwrap();
        assert!(!told().contains("found a"), "{}", told());
        fs::write(root.path().join("train.csv"), "label,a,b\n1,2,3\n").unwrap();
        for part in ["mnist is not here", "train.csv: found a table of numbers", "savez"] {
            assert!(told().contains(part), "{}", told());
        }
    }
}
