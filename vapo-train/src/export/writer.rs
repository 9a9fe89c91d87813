//! Takes chunks of samples, and leaves the whole or nothing.

use crate::arithmetic::levels::levels;
use crate::export::archive::{Npy, Npz};
use crate::export::folder::Folder;
use crate::export::picture::{PictureError, grid};
use crate::export::{ExportError, Format, access};
use crate::files::atomic::{Existing, publish};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use vapo_format::Shape;

/// A file or a folder of images under construction. Dropped before [`Writer::finish`], it leaves nothing.
pub struct Writer {
    path: PathBuf,
    shape: Shape,
    expected: usize,
    found: usize,
    sink: Sink,
}

enum Sink {
    Grid(Vec<u8>, Option<NonZeroU32>),
    Folder(Folder),
    Npy(Npy),
    Npz(Box<Npz>),
}

impl Writer {
    /// Begins a file or folder of `count` images, of which a picture has so many a row, if that is said.
    ///
    /// # Errors
    /// A number of channels that makes no picture, where one is asked for; a folder that holds other files; what the
    /// system says.
    pub fn begin(
        path: &Path,
        format: Format,
        count: usize,
        shape: Shape,
        columns: Option<NonZeroU32>,
    ) -> Result<Self, ExportError> {
        if matches!(format, Format::Grid | Format::Folder) && !matches!(shape.channels, 1 | 3) {
            return Err(PictureError::Channels { found: shape.channels }.into());
        }
        let sink = match format {
            Format::Grid => Sink::Grid(Vec::new(), columns),
            Format::Folder => Sink::Folder(Folder::begin(path)?),
            Format::Npy => Sink::Npy(Npy::begin(path, count, shape).map_err(access(path))?),
            Format::Npz => Sink::Npz(Box::new(Npz::begin(path, count, shape).map_err(access(path))?)),
        };
        Ok(Writer { path: path.to_owned(), shape, expected: count, found: 0, sink })
    }

    /// Takes the next images, one after another (N, H, W, C), about [-1, 1]. All but `.npy` round them to bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), ExportError> {
        self.found += samples.len() / self.shape.elements();
        match &mut self.sink {
            Sink::Grid(images, _) => images.extend(levels(samples)),
            Sink::Folder(folder) => {
                let levels = levels(samples);
                levels.chunks_exact(self.shape.elements()).try_for_each(|image| folder.push(image, self.shape))?;
            }
            Sink::Npy(file) => file.push(samples).map_err(access(&self.path))?,
            Sink::Npz(archive) => archive.push(&levels(samples)).map_err(access(&self.path))?,
        }
        Ok(())
    }

    /// Gives the file or folder its name.
    ///
    /// # Errors
    /// More or fewer images than announced; one that exists and is to be kept; what the system says.
    pub fn finish(self, existing: Existing) -> Result<(), ExportError> {
        let Writer { path, shape, expected, found, sink } = self;
        if expected != found {
            return Err(ExportError::Count { expected, found });
        }
        match sink {
            Sink::Grid(images, columns) => {
                publish(&path, &grid(&images, shape, columns)?.png(), existing).map_err(access(&path))
            }
            Sink::Folder(folder) => folder.finish(existing),
            Sink::Npy(file) => file.finish(&path, existing).map_err(access(&path)),
            Sink::Npz(archive) => archive.finish(&path, existing).map_err(access(&path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    const SHAPE: Shape = Shape { channels: 1, height: 1, width: 2 };

    #[test]
    fn chunks_make_the_same_bytes_as_the_whole() {
        let root = TempDir::new().unwrap();
        let samples: Vec<f32> = (0..14).map(|value| value as f32 / 7.0 - 1.0).collect();
        for (name, format) in [("a.png", Format::Grid), ("a.npy", Format::Npy), ("a.npz", Format::Npz)] {
            let bytes = |chunk: usize| {
                let path = root.path().join(name);
                let mut writer = Writer::begin(&path, format, 7, SHAPE, None).unwrap();
                samples.chunks(chunk).for_each(|chunk| writer.push(chunk).unwrap());
                writer.finish(Existing::Replaced).unwrap();
                fs::read(&path).unwrap()
            };
            assert!(bytes(14) == bytes(2) && bytes(14) == bytes(6), "{name}");
        }
    }

    #[test]
    fn an_archive_is_what_numpy_reads() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("a.npz");
        let mut writer = Writer::begin(&path, Format::Npz, 2, SHAPE, None).unwrap();
        writer.push(&[-1.0, 1.0, 0.0, 2.0]).unwrap();
        writer.finish(Existing::Replaced).unwrap();
        let mut archive = zip::ZipArchive::new(fs::File::open(&path).unwrap()).unwrap();
        let array = npyz::NpyFile::new(archive.by_name("arr_0.npy").unwrap()).unwrap();
        assert_eq!(array.shape(), [2, 1, 2, 1]);
        assert_eq!(array.into_vec::<u8>().unwrap(), [0, 255, 128, 255]);
    }

    #[test]
    fn too_few_images_leave_nothing() {
        let root = TempDir::new().unwrap();
        for (name, format) in [("a.png", Format::Grid), ("b", Format::Folder), ("a.npy", Format::Npy)] {
            let mut writer = Writer::begin(&root.path().join(name), format, 2, SHAPE, None).unwrap();
            writer.push(&[0.0; 2]).unwrap();
            let refused = writer.finish(Existing::Replaced).unwrap_err();
            assert!(matches!(refused, ExportError::Count { expected: 2, found: 1 }), "{name}: {refused}");
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
