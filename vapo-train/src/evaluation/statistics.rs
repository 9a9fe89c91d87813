//! Moments in files, as pytorch-fid writes them: an `.npz` archive of `mu` (D,) and `sigma` (D, D) in float64.

use crate::evaluation::error::access;
use crate::evaluation::{EvaluationError, Moments};
use crate::picture::npy::header;
use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// What a file is expected to hold.
const EXPECTED: &str = "a NumPy archive (.npz) of mu (D,) and sigma (D, D), as pytorch-fid writes it";

/// The bytes of a file.
pub fn to_bytes(moments: &Moments) -> Vec<u8> {
    let dimension = moments.dimension();
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    let mut write = |name, extents: &[usize], values: &[f64]| {
        archive.start_file(name, options)?;
        archive.write_all(&header("<f8", extents))?;
        values.iter().try_for_each(|value| archive.write_all(&value.to_le_bytes())).map_err(zip::result::ZipError::from)
    };
    let written = write("mu.npy", &[dimension], moments.mean())
        .and_then(|()| write("sigma.npy", &[dimension, dimension], moments.covariance()))
        .and_then(|()| archive.finish());
    written.expect("memory takes every byte").into_inner()
}

/// Reads a file.
///
/// # Errors
/// It cannot be read, is no archive, lacks an array, or holds numbers that are not finite.
pub fn read(path: &Path) -> Result<Moments, EvaluationError> {
    let refused = |found: String| EvaluationError::Contents { path: path.to_owned(), expected: EXPECTED.into(), found };
    let file = File::open(path).map_err(access(path))?;
    let mut archive = ZipArchive::new(file).map_err(|cause| refused(cause.to_string()))?;
    let mean = array(&mut archive, "mu.npy", 1).map_err(refused)?;
    let covariance = array(&mut archive, "sigma.npy", 2).map_err(refused)?;
    Moments::new(mean, covariance)
}

/// An array of this many axes.
fn array<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str, axes: usize) -> Result<Vec<f64>, String> {
    let entry = archive.by_name(name).map_err(|cause| format!("{cause}: {name}"))?;
    let array = npyz::NpyFile::new(entry).map_err(|cause| format!("{name}: {cause}"))?;
    if array.shape().len() != axes || array.shape().windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(format!("{name} of shape {:?}", array.shape()));
    }
    // A covariance is symmetric: the order of its axes does not matter.
    let single = array.dtype().descr().contains("f4");
    let values: Vec<f64> = if single {
        array.into_vec::<f32>().map_err(|cause| format!("{name}: {cause}"))?.into_iter().map(f64::from).collect()
    } else {
        array.into_vec().map_err(|cause| format!("{name}: {cause}"))?
    };
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("{value} in {name}")),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    #[test]
    fn what_is_written_is_read() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("s.npz");
        let moments = Moments::new(vec![1.5, -2.0], vec![1.0, 0.25, 0.25, 3.0]).unwrap();
        fs::write(&path, to_bytes(&moments)).unwrap();
        assert_eq!(read(&path).unwrap(), moments);
        assert_eq!(to_bytes(&moments), to_bytes(&moments));
    }

    #[test]
    fn other_files_are_refused() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("s.npz");
        let whole = to_bytes(&Moments::new(vec![1.5], vec![f64::NAN]).unwrap());
        for (bytes, part) in
            [(&b"text"[..], "mu (D,)"), (&whole[..whole.len() - 30], "s.npz"), (&whole, "NaN in sigma")]
        {
            fs::write(&path, bytes).unwrap();
            let message = read(&path).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("s.npz"), "{message}");
        }
        assert!(read(&root.path().join("absent.npz")).unwrap_err().to_string().contains("absent.npz"));
    }
}
