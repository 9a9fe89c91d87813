//! Moments in files, as pytorch-fid writes them: an `.npz` archive of `mu` (D,) and `sigma` (D, D) in float64.

use crate::evaluation::error::access;
use crate::evaluation::{EvaluationError, Moments};
use crate::files::array::write::{Array, archive};
use crate::files::array::{Archive, ArrayFileError, Class, Header};
use std::io::{Read, Seek};
use std::path::Path;

/// What a file is expected to hold.
const EXPECTED: &str = "a NumPy archive (.npz) of mu (D,) and sigma (D, D), as pytorch-fid writes it";

/// The bytes of a file.
pub fn to_bytes(moments: &Moments) -> Vec<u8> {
    let dimension = moments.dimension();
    let mean = Array::of_f64("mu", &[dimension], moments.mean().iter().copied());
    let covariance = Array::of_f64("sigma", &[dimension, dimension], moments.covariance().iter().copied());
    archive(&[mean, covariance])
}

/// Reads a file.
///
/// # Errors
/// It cannot be read, is no archive, lacks an array, or holds numbers that are not finite.
pub fn read(path: &Path) -> Result<Moments, EvaluationError> {
    let refused = |found: String| EvaluationError::Contents { path: path.to_owned(), expected: EXPECTED.into(), found };
    let failed = |cause: ArrayFileError| EvaluationError::Array { path: path.to_owned(), expected: EXPECTED, cause };
    let mut archive = Archive::of_file(path).map_err(access(path))?.map_err(failed)?;
    let mean = array(&mut archive, "mu", 1).map_err(failed)?.map_err(refused)?;
    let covariance = array(&mut archive, "sigma", 2).map_err(failed)?.map_err(refused)?;
    Moments::new(mean, covariance)
}

/// An array of this many axes of one length, or what it is instead.
///
/// # Errors
/// It cannot be read.
fn array<R: Read + Seek>(
    archive: &mut Archive<R>,
    name: &str,
    axes: usize,
) -> Result<Result<Vec<f64>, String>, ArrayFileError> {
    let array = archive.array(name)?;
    let Header { element, description, shape, .. } = array.header.clone();
    if shape.len() != axes || shape.windows(2).any(|pair| pair[0] != pair[1]) {
        return Ok(Err(format!("{name} of shape {shape:?}")));
    }
    let floats = element.filter(|element| element.class == Class::Float && element.is_number());
    let Some(element) = floats else { return Ok(Err(format!("{name} of {description}"))) };
    let bytes = array.values(element)?;
    // A covariance is symmetric: the order of its axes does not matter.
    let values: Vec<f64> = element.numbers(&bytes).collect();
    Ok(match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("{value} in {name}")),
        None => Ok(values),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::array::write::header;
    use std::fs;
    use std::io::{Cursor, Write};
    use tempfile::TempDir;
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

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
        let mut huge = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        huge.start_file("mu.npy", stored).unwrap();
        huge.write_all(&header("<f8", &[1 << 40])).unwrap();
        fs::write(&path, huge.finish().unwrap().into_inner()).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("mu: expected 8796093022208 bytes of values, found 0"), "{message}");
        assert!(read(&root.path().join("absent.npz")).unwrap_err().to_string().contains("absent.npz"));
    }
}
