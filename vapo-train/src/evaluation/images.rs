//! Images in memory, a byte a value: what evaluators compare.

use crate::dataset::{Dataset, same_images};
use crate::evaluation::EvaluationError;
use crate::evaluation::error::{access, extent};
use crate::picture::levels;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use vapo_format::Shape;

/// Images of one extent, at least one, each row-major with channels last, 0 for black to 255 for white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    shape: Shape,
    bytes: Vec<u8>,
}

/// Images of a data set that are scaled at a time.
const CHUNK: usize = 1024;

impl Images {
    /// Images of an extent, one after another.
    ///
    /// # Errors
    /// There is none, or the bytes do not make up whole ones.
    pub fn new(shape: Shape, bytes: Vec<u8>) -> Result<Self, EvaluationError> {
        let elements = shape.elements();
        if elements == 0 || !bytes.len().is_multiple_of(elements) {
            let (expected, found) = (format!("a multiple of {elements} bytes"), bytes.len().to_string());
            return Err(EvaluationError::Extent { what: "images", of: "their extent says", expected, found });
        }
        if bytes.is_empty() {
            return Err(EvaluationError::Few { expected: 1, found: 0 });
        }
        Ok(Images { shape, bytes })
    }

    /// Every image of a data set.
    pub fn of_dataset(dataset: &Dataset) -> Self {
        let mut bytes = Vec::with_capacity(dataset.len() * dataset.shape().elements());
        let (indices, mut data): (Vec<usize>, _) = ((0..dataset.len()).collect(), Vec::new());
        for chunk in indices.chunks(CHUNK) {
            dataset.fill(chunk, &mut data);
            bytes.extend(levels(&data));
        }
        Images { shape: dataset.shape(), bytes }
    }

    /// The PNG files of a folder, in the order of their names, or the array `arr_0` of a `.npz` archive.
    ///
    /// # Errors
    /// There are none, they cannot be read, or are not images of one extent and 8 bits.
    pub fn read(path: &Path) -> Result<Self, EvaluationError> {
        if path.is_dir() { folder(path) } else { archive(path) }
    }

    /// Extent of every image.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of images.
    pub fn count(&self) -> usize {
        self.bytes.len() / self.shape.elements()
    }

    /// All images.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether these are the images of `other`, in any order.
    pub fn same(&self, other: &Images) -> bool {
        let elements = self.shape.elements();
        self.shape == other.shape && same_images(self.bytes.chunks_exact(elements), other.bytes.chunks_exact(elements))
    }

    /// One image.
    ///
    /// # Panics
    /// There is no image `index`.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.bytes[index * self.shape.elements()..][..self.shape.elements()]
    }

    /// The images of `indices`, in that order.
    ///
    /// # Panics
    /// There is no image of an index, or there are no indices.
    pub fn select(&self, indices: &[usize]) -> Images {
        assert!(!indices.is_empty(), "no set of images is empty");
        let bytes = indices.iter().flat_map(|&index| self.image(index)).copied().collect();
        Images { shape: self.shape, bytes }
    }

    /// SHA-256 of extent and images, in hexadecimal: what tells one data set from another.
    pub fn sha256(&self, labels: &[u8]) -> String {
        let mut hash = Sha256::new();
        let Shape { channels, height, width } = self.shape;
        [channels, height, width].iter().for_each(|extent| hash.update(extent.to_le_bytes()));
        hash.update(&self.bytes);
        hash.update(labels);
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn contents(path: &Path, expected: &str, found: impl ToString) -> EvaluationError {
    EvaluationError::Contents { path: path.to_owned(), expected: expected.to_owned(), found: found.to_string() }
}

fn folder(path: &Path) -> Result<Images, EvaluationError> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(access(path))? {
        let file = entry.map_err(access(path))?.path();
        if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) {
            files.push(file);
        }
    }
    files.sort();
    let mut shape: Option<Shape> = None;
    let mut bytes = Vec::new();
    for file in files {
        let (found, image) = picture(&file)?;
        match shape {
            Some(expected) if expected != found => {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                return Err(contents(
                    path,
                    &format!("pictures of one extent, {expected}"),
                    format!("{found} in {name}"),
                ));
            }
            _ => shape = Some(found),
        }
        bytes.extend(image);
    }
    Images::new(shape.ok_or_else(|| contents(path, "a folder of PNG files", "none"))?, bytes)
}

const PICTURE: &str = "a PNG picture of 8 bits, grey or red, green and blue";

fn picture(path: &Path) -> Result<(Shape, Vec<u8>), EvaluationError> {
    let file = std::io::BufReader::new(File::open(path).map_err(access(path))?);
    let refused = |cause: png::DecodingError| contents(path, PICTURE, cause);
    let mut reader = png::Decoder::new(file).read_info().map_err(refused)?;
    let size = reader.output_buffer_size().ok_or_else(|| contents(path, PICTURE, "a larger one than memory holds"))?;
    let mut bytes = vec![0; size];
    let info = reader.next_frame(&mut bytes).map_err(refused)?;
    let channels = match (info.bit_depth, info.color_type) {
        (png::BitDepth::Eight, png::ColorType::Grayscale) => 1,
        (png::BitDepth::Eight, png::ColorType::Rgb) => 3,
        (depth, colour) => return Err(contents(path, PICTURE, format!("{colour:?} of {} bits", depth as u8))),
    };
    let extent = |value: u32| u16::try_from(value).map_err(|_| contents(path, "at most 65,535 pixels a side", value));
    bytes.truncate(info.buffer_size());
    Ok((Shape { channels, height: extent(info.height)?, width: extent(info.width)? }, bytes))
}

const ARCHIVE: &str =
    "a folder of PNG files, or a NumPy archive (.npz) whose array arr_0 is uint8 of shape (N, H, W, C) or (N, H, W)";

fn archive(path: &Path) -> Result<Images, EvaluationError> {
    let refused = |cause: &dyn ToString| contents(path, ARCHIVE, cause.to_string());
    let file = File::open(path).map_err(access(path))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|cause| refused(&cause))?;
    let array = archive.by_name("arr_0.npy").map_err(|cause| refused(&cause))?;
    let array = npyz::NpyFile::new(array).map_err(|cause| refused(&cause))?;
    if array.order() != npyz::Order::C {
        return Err(refused(&"Fortran order"));
    }
    let extents: Vec<Option<u16>> =
        array.shape().iter().skip(1).map(|&extent| u16::try_from(extent).ok().filter(|&extent| extent > 0)).collect();
    let shape = match extents[..] {
        [Some(height), Some(width), Some(channels)] => Shape { channels, height, width },
        [Some(height), Some(width)] => Shape { channels: 1, height, width },
        _ => return Err(refused(&format!("shape {:?}", array.shape()))),
    };
    let values = array.into_vec::<u8>().map_err(|cause| refused(&cause))?;
    Images::new(shape, values)
}

/// Refuses samples of another extent than a data set's images have.
///
/// # Errors
/// [`EvaluationError::Extent`].
pub fn matches(samples: Shape, reference: Shape) -> Result<(), EvaluationError> {
    if samples == reference {
        return Ok(());
    }
    Err(extent("samples", "the data set has", reference, samples))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Source, Split};
    use crate::export::{Format, Writer};
    use tempfile::TempDir;

    const SHAPE: Shape = Shape { channels: 3, height: 2, width: 1 };

    #[test]
    fn what_is_exported_is_read_back() {
        let root = TempDir::new().unwrap();
        for (shape, count) in [(SHAPE, 12), (Shape { channels: 1, height: 3, width: 2 }, 1)] {
            let bytes: Vec<u8> = (0..count * shape.elements()).map(|value| (value * 7 % 256) as u8).collect();
            let images = Images::new(shape, bytes).unwrap();
            for (name, format) in [("folder", Format::Folder), ("a.npz", Format::Npz)] {
                let path = root.path().join(format!("{count}{name}"));
                let mut writer = Writer::begin(&path, format, count, shape).unwrap();
                writer.push(&crate::evaluation::features::pixels(images.bytes())).unwrap();
                writer.finish().unwrap();
                assert_eq!(Images::read(&path).unwrap(), images, "{name}");
            }
        }
    }

    #[test]
    fn a_data_set_keeps_its_levels() {
        let dataset = Dataset::load(Source::Digits, Split::Test, None).unwrap();
        let images = Images::of_dataset(&dataset);
        assert_eq!((images.count(), images.shape()), (299, dataset.shape()));
        // Sixteen stands for white there.
        let expected: Vec<u8> =
            dataset.image(298).iter().map(|&v| (f32::from(v) * 255.0 / 16.0).round() as u8).collect();
        assert_eq!(images.image(298), expected);
        let few = images.select(&[7, 3]);
        assert_eq!((few.count(), few.image(1)), (2, images.image(3)));
    }

    #[test]
    fn what_is_no_set_of_images_is_refused_by_name() {
        let root = TempDir::new().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::create_dir(path("empty")).unwrap();
        fs::create_dir(path("mixed")).unwrap();
        for (name, side) in [("0.png", 1), ("1.png", 2)] {
            let shape = Shape { channels: 1, height: side, width: side };
            let picture = crate::picture::Picture::of(&vec![0; shape.elements()], shape).unwrap();
            fs::write(path("mixed").join(name), picture.png()).unwrap();
        }
        fs::create_dir(path("broken")).unwrap();
        fs::write(path("broken/0.png"), b"\x89PNG\r\n\x1a\nand so on").unwrap();
        fs::write(path("text.npz"), "text").unwrap();
        for (name, part) in [
            ("absent", "cannot read"),
            ("empty", "a folder of PNG files, found none"),
            ("mixed", "1.png"),
            ("broken", "0.png"),
            ("text.npz", "arr_0"),
        ] {
            let message = Images::read(&path(name)).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(part), "{name}: {message}");
        }
        let shape = Shape { channels: 1, height: 1, width: 2 };
        assert!(Images::new(shape, vec![0; 3]).is_err() && Images::new(shape, vec![]).is_err());
    }

    #[test]
    fn a_set_is_the_same_in_any_order_and_only_whole() {
        let images = |shape, bytes: &[u8]| Images::new(shape, bytes.to_vec()).unwrap();
        let wide = Shape { channels: 1, height: 1, width: 2 };
        let set = images(wide, &[1, 2, 3, 4, 1, 2]);
        assert!(set.same(&set) && set.same(&images(wide, &[3, 4, 1, 2, 1, 2])));
        let high = Shape { channels: 1, height: 2, width: 1 };
        for other in [
            images(wide, &[1, 2, 3, 4]),
            images(wide, &[1, 2, 3, 4, 3, 4]),
            images(wide, &[2, 3, 4, 1, 1, 2]),
            images(high, set.bytes()),
        ] {
            assert!(!set.same(&other) && !other.same(&set));
        }
    }

    #[test]
    fn the_hash_tells_images_extents_and_labels_apart() {
        let images = |shape, bytes: &[u8]| Images::new(shape, bytes.to_vec()).unwrap();
        let wide = Shape { channels: 1, height: 1, width: 2 };
        let high = Shape { channels: 1, height: 2, width: 1 };
        let one = images(wide, &[1, 2]).sha256(&[5]);
        assert_eq!(one, images(wide, &[1, 2]).sha256(&[5]));
        for other in
            [images(wide, &[1, 3]).sha256(&[5]), images(high, &[1, 2]).sha256(&[5]), images(wide, &[1, 2]).sha256(&[6])]
        {
            assert_ne!(one, other);
        }
    }
}
