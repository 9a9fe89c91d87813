//! `.npy` and `.npz` files, written as the images come.

use crate::export::npy::extents;
use crate::files::array::write::header;
use crate::files::atomic::{self, Existing};
use crate::files::temporary::TemporaryFile;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use vapo_format::Shape;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The one array's name in the archive, with NumPy's suffix.
const ARRAY: &str = "arr_0.npy";

/// A `.npy` file of float32.
pub(super) struct Npy(BufWriter<TemporaryFile>);

impl Npy {
    pub(super) fn begin(path: &Path, count: usize, shape: Shape) -> io::Result<Self> {
        let mut file = BufWriter::new(atomic::begin(path)?);
        file.write_all(&header("<f4", &extents(count, shape)))?;
        Ok(Npy(file))
    }

    pub(super) fn push(&mut self, samples: &[f32]) -> io::Result<()> {
        samples.iter().try_for_each(|value| self.0.write_all(&value.to_le_bytes()))
    }

    pub(super) fn finish(self, path: &Path, existing: Existing) -> io::Result<()> {
        atomic::finish(self.0.into_inner().map_err(|refused| refused.into_error())?, path, existing)
    }
}

/// A `.npz` file of uint8, not compressed, as NumPy's `savez` leaves it.
pub(super) struct Npz(ZipWriter<BufWriter<TemporaryFile>>);

impl Npz {
    pub(super) fn begin(path: &Path, count: usize, shape: Shape) -> io::Result<Self> {
        let mut archive = ZipWriter::new(BufWriter::new(atomic::begin(path)?));
        // The same time in every archive: the same samples are the same bytes.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .large_file(count * shape.elements() >= u32::MAX as usize / 2);
        archive.start_file(ARRAY, options)?;
        archive.write_all(&header("|u1", &extents(count, shape)))?;
        Ok(Npz(archive))
    }

    pub(super) fn push(&mut self, levels: &[u8]) -> io::Result<()> {
        self.0.write_all(levels)
    }

    pub(super) fn finish(self, path: &Path, existing: Existing) -> io::Result<()> {
        atomic::finish(self.0.finish()?.into_inner().map_err(|refused| refused.into_error())?, path, existing)
    }
}
