//! Pairs are kept on disk, and used again: in halves of a float, one pair after another, the made end of each.

use crate::training::TrainingError;
use half::f16;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The made ends of pairs, (N, d) in 16-bit floats, little-endian. It grows at its end.
pub(super) struct PairFile {
    file: File,
    /// What it is called; none where it has no name.
    path: Option<PathBuf>,
    /// Values of a pair.
    size: usize,
    /// Pairs.
    count: u64,
}

impl PairFile {
    /// That of a path, with the pairs that it holds, or one without a name. What was written of a last pair in part is dropped.
    ///
    /// # Errors
    /// [`TrainingError::Pairs`]: what the system says.
    pub(super) fn open(path: Option<&Path>, size: usize) -> Result<Self, TrainingError> {
        let opened = || {
            let file = match path {
                Some(path) => OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?,
                None => tempfile::tempfile()?,
            };
            let bytes = bytes(size);
            let count = file.metadata()?.len() / bytes;
            file.set_len(count * bytes)?;
            Ok((file, count))
        };
        let path = path.map(Path::to_owned);
        let (file, count) = opened().map_err(failed(path.as_ref()))?;
        Ok(PairFile { file, path, size, count })
    }

    /// Pairs that it holds.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds ends, (N, d).
    ///
    /// # Errors
    /// [`TrainingError::Pairs`]: what the system says.
    pub(super) fn append(&mut self, ends: &[f32]) -> Result<(), TrainingError> {
        debug_assert!(ends.len().is_multiple_of(self.size));
        let written: Vec<u8> = ends.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
        let place = SeekFrom::Start(self.count * bytes(self.size));
        let outcome = self.file.seek(place).and_then(|_| self.file.write_all(&written));
        outcome.map_err(failed(self.path.as_ref()))?;
        self.count += (ends.len() / self.size) as u64;
        Ok(())
    }

    /// Drops all pairs.
    ///
    /// # Errors
    /// [`TrainingError::Pairs`]: what the system says.
    pub(super) fn clear(&mut self) -> Result<(), TrainingError> {
        self.count = 0;
        self.file.set_len(0).map_err(failed(self.path.as_ref()))
    }

    /// Whether the end of a pair is this one, (d,), rounded as the file holds it.
    ///
    /// # Errors
    /// [`TrainingError::Pairs`]: what the system says.
    pub(super) fn holds(&mut self, number: u64, end: &[f32]) -> Result<bool, TrainingError> {
        let rounded = end.iter().map(|&value| f16::from_f32(value).to_f32());
        Ok(self.read(number)?.into_iter().eq(rounded))
    }

    /// The end of a pair, (d,).
    ///
    /// # Errors
    /// [`TrainingError::Pairs`]: what the system says.
    pub(super) fn read(&mut self, number: u64) -> Result<Vec<f32>, TrainingError> {
        debug_assert!(number < self.count);
        let mut read = vec![0; 2 * self.size];
        let place = SeekFrom::Start(number * bytes(self.size));
        let outcome = self.file.seek(place).and_then(|_| self.file.read_exact(&mut read));
        outcome.map_err(failed(self.path.as_ref()))?;
        Ok(read.as_chunks().0.iter().map(|&half| f16::from_le_bytes(half).to_f32()).collect())
    }
}

/// Bytes of a pair of so many values.
fn bytes(size: usize) -> u64 {
    2 * size.max(1) as u64
}

fn failed(path: Option<&PathBuf>) -> impl Fn(io::Error) -> TrainingError {
    let path = path.map_or_else(std::env::temp_dir, Clone::clone);
    move |cause| TrainingError::Pairs { path: path.clone(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_back_and_half_a_pair_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.f16");
        let mut file = PairFile::open(Some(&path), 3).unwrap();
        file.append(&[0.5, -1.0, 2.0, 0.1, 0.2, 0.3]).unwrap();
        assert_eq!(file.read(0).unwrap(), [0.5, -1.0, 2.0]);
        let second = file.read(1).unwrap();
        assert!(second.iter().zip([0.1, 0.2, 0.3]).all(|(found, kept)| (found - kept).abs() < 1e-4), "{second:?}");
        drop(file);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&[1; 5]).unwrap();
        let mut file = PairFile::open(Some(&path), 3).unwrap();
        assert_eq!((file.count(), file.read(1).unwrap()), (2, second));
        file.append(&[1.0; 3]).unwrap();
        assert_eq!((file.count(), file.read(2).unwrap()), (3, vec![1.0; 3]));
        assert_eq!(path.metadata().unwrap().len(), 18);
        assert!(file.holds(1, &[0.1, 0.2, 0.3]).unwrap() && !file.holds(1, &[0.1, 0.2, 0.31]).unwrap());
        file.clear().unwrap();
        assert_eq!((file.count(), path.metadata().unwrap().len()), (0, 0));
    }

    #[test]
    fn without_a_name_it_works_likewise() {
        let mut file = PairFile::open(None, 2).unwrap();
        file.append(&[1.0, 2.0]).unwrap();
        assert_eq!(file.read(0).unwrap(), [1.0, 2.0]);
        assert!(PairFile::open(Some(Path::new("no/such/folder/pairs.f16")), 2).is_err());
    }
}
