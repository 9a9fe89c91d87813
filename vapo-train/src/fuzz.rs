//! Readers of bytes from outside, as the fuzz target `vapo-train/fuzz` feeds them. A reader may refuse any bytes. It may
//! not panic, nor take more memory than it states, and what it takes must hold together.
//!
//! To add one: a function here, its name in [`READERS`], and a folder of that name with a small good file or two in
//! `vapo-train/fuzz/seeds`.

use crate::dataset::images::listing::Archive;
use crate::dataset::images::partition;
use crate::dataset::{Dataset, Files, SeriesOptions, Source, Split, cifar10, idx, npy};
use crate::evaluation::{ImageSet, statistics};
use crate::files::images;
use crate::files::raster::{self, Background};
use crate::potential::encoder::Encoder;
use crate::potential::parameters::Layout;
use crate::run::checkpoint::Checkpoint;
use crate::run::config::Config;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Architecture, Block, Homotopy, Shape};

/// What takes any bytes.
pub type Reader = fn(&[u8]);

/// Every reader by its name.
pub const READERS: [(&str, Reader); 10] = [
    ("array", array),
    ("checkpoint", checkpoint),
    ("cifar", cifar),
    ("config", config),
    ("idx", idx_file),
    ("image", image),
    ("partition", list_of_partition),
    ("table", table),
    ("ts", ts),
    ("zip", zip),
];

/// The reader of a name.
pub fn reader(name: &str) -> Option<Reader> {
    READERS.iter().find(|(each, _)| *each == name).map(|(_, reader)| *reader)
}

/// Gives the bytes to a reader that takes a path. The file is the same each time, since making one takes long.
fn in_file(bytes: &[u8], read: impl FnOnce(&Path)) {
    named(bytes, "input", read);
}

/// Likewise, where the end of its name says what it is.
fn named(bytes: &[u8], name: &str, read: impl FnOnce(&Path)) {
    thread_local! {
        static FOLDER: TempDir = TempDir::new().expect("a temporary folder can be made");
    }
    FOLDER.with(|folder| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a temporary file can be written");
        read(&path);
    });
}

/// The smallest network that a checkpoint may be of.
fn smallest() -> Architecture {
    // Taller than a series, so that its window is that of images.
    let image = Shape { channels: 1, height: 2, width: 1 };
    let layers = vec![Block::Conv { channels: 1 }, Block::Head { channels: 1 }];
    let encoder = Encoder { image, homotopy: Homotopy::Linear, embedding: 1, classes: 0, layers };
    encoder.architecture().expect("two blocks are few")
}

/// Checkpoints, sealed or not: what is read is written and read again.
fn checkpoint(bytes: &[u8]) {
    let architecture = smallest();
    if let Ok(checkpoint) = Checkpoint::from_bytes(bytes, &architecture) {
        let again = checkpoint.to_bytes(&architecture).and_then(|bytes| Checkpoint::from_bytes(&bytes, &architecture));
        assert_eq!(again.ok(), Some(checkpoint));
    }
}

/// Settings of a run.
fn config(bytes: &[u8]) {
    if let Ok(config) = serde_json::from_slice::<Config>(bytes)
        && config.architecture.validate().is_ok()
    {
        assert_eq!(Layout::new(&config.architecture).len(), config.architecture.parameters());
    }
}

/// Image files of every kind.
fn image(bytes: &[u8]) {
    if let Ok(image) = raster::decode(bytes, Background::WHITE) {
        let raster::Raster { width, height, channels, pixels } = image.raster;
        assert_eq!(pixels.len(), width as usize * height as usize * usize::from(channels));
        assert!(matches!(channels, 1 | 3) && width > 0 && height > 0);
    }
}

/// The list of a zip archive, and its first images.
fn zip(bytes: &[u8]) {
    in_file(bytes, |path| {
        if let Ok(archive) = Archive::open(path) {
            archive.read_first(8);
        }
    });
}

/// The partition of CelebA. What is written of it is read back.
fn list_of_partition(bytes: &[u8]) {
    if let Ok(partition) = partition::parse(bytes) {
        // The mark keeps a mark that a name begins with.
        let mut text = "\u{feff}".to_owned();
        for (name, &split) in &partition {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name} {}", split as u8);
        }
        assert_eq!(partition::parse(text.as_bytes()), Ok(partition));
    }
}

/// A `.npy` or a `.npz` file, as images of every split, samples, moments, and one image of a model.
fn array(bytes: &[u8]) {
    in_file(bytes, |path| {
        for split in [Split::Train, Split::Valid, Split::Test] {
            if let Ok(Some(set)) = npy::load(split, path) {
                assert_eq!(set.images().unwrap().image(set.len() - 1).len(), set.shape().elements());
                assert!(set.labels().is_none_or(|labels| labels.len() == set.len()));
            }
        }
        let _ = (ImageSet::read(path), statistics::read(path));
    });
    let shape = Shape { channels: 1, height: 2, width: 2 };
    if let Ok(image) = images::array(bytes, shape, 1) {
        assert!(image.len() == shape.elements() && image.iter().all(|value| value.is_finite()));
    }
}

/// A series in a table, as every split of windows.
fn table(bytes: &[u8]) {
    series(bytes, "input.csv");
}

/// Cases in a `.ts` file, likewise.
fn ts(bytes: &[u8]) {
    series(bytes, "input.ts");
}

fn series(bytes: &[u8], name: &str) {
    named(bytes, name, |path| {
        let window = Some(4);
        for series in [SeriesOptions { window, ..SeriesOptions::default() }, SeriesOptions::default()] {
            let files = Files { data_dir: Some(path.to_owned()), series: Some(series), ..Files::default() };
            for split in [Split::Train, Split::Valid, Split::Test] {
                if let Ok(set) = Dataset::open(Source::Series, split, &files) {
                    let mut data = Vec::new();
                    set.fill(&[0, set.len() - 1], &mut data);
                    assert_eq!(data.len(), 2 * set.shape().elements());
                    assert!(set.series().is_some_and(|series| series.raw(0).iter().all(|raw| raw.is_finite())));
                    assert!(set.labels().is_none_or(|labels| labels.len() == set.len()));
                }
            }
        }
    });
}

/// An IDX file, gzipped or not.
fn idx_file(bytes: &[u8]) {
    if let Ok((shape, images)) = idx::images(bytes) {
        assert!(!images.is_empty() && images.len().is_multiple_of(shape.elements()));
    }
    let _ = idx::labels(bytes);
}

/// An archive of CIFAR-10, or a pickle out of one.
fn cifar(bytes: &[u8]) {
    in_file(bytes, |path| {
        let _ = cifar10::of_file(Split::Test, path);
    });
    let _ = cifar10::python::records("test_batch", bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the seeds are worth, without a fuzzer: each reader takes its own.
    #[test]
    fn every_reader_has_seeds_and_takes_them() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
        for (name, reader) in READERS {
            let files: Vec<_> = fs::read_dir(seeds.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert!(!files.is_empty(), "{name}");
            for file in files {
                reader(&fs::read(file).unwrap());
            }
        }
        assert_eq!(fs::read_dir(&seeds).unwrap().count(), READERS.len());
        assert!(reader("none").is_none());
    }

    #[test]
    fn seeds_are_good_files() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
        for entry in fs::read_dir(seeds.join("image")).unwrap() {
            let path = entry.unwrap().path();
            let decoded = raster::decode(&fs::read(&path).unwrap(), Background::WHITE);
            assert!(decoded.is_ok(), "{}: {decoded:?}", path.display());
        }
        for name in ["sealed", "unsealed"] {
            let bytes = fs::read(seeds.join(format!("checkpoint/{name}.safetensors"))).unwrap();
            let read = Checkpoint::from_bytes(&bytes, &smallest()).unwrap();
            assert_eq!(read.before_rest.is_some(), name == "sealed");
        }
        let config: Config = serde_json::from_slice(&fs::read(seeds.join("config/digits.json")).unwrap()).unwrap();
        assert!(config.architecture.validate().is_ok());
        assert!(partition::parse(&fs::read(seeds.join("partition/table.csv")).unwrap()).is_ok());
        assert_eq!(Archive::open(&seeds.join("zip/images.zip")).unwrap().read_first(8), 2);
    }
}
