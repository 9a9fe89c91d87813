//! Images in memory, a byte a value: what evaluators compare.

use crate::arithmetic::levels::levels;
use crate::dataset::{Dataset, same_images};
use crate::evaluation::EvaluationError;
use crate::evaluation::error::{access, extent};
use crate::files::array::{Archive, ArrayFileError, Class, order};
use crate::files::bounded;
use crate::files::digest::hexadecimal;
use crate::files::incidental::{Depth, Found, Unreadable, files};
use crate::files::raster::kind::is_image;
use crate::files::raster::{Background, MAX_FILE, Raster, Seen, decode};
use sha2::{Digest, Sha256};
use std::path::Path;
use vapo_format::Shape;

/// Images of one extent, at least one, each row-major with channels last, 0 for black to 255 for white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    shape: Shape,
    bytes: Vec<u8>,
    notes: Vec<String>,
}

/// Images of a data set that are scaled at a time.
const CHUNK: usize = 1024;

impl ImageSet {
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
        Ok(ImageSet { shape, bytes, notes: vec![] })
    }

    /// Every image of a data set.
    ///
    /// # Errors
    /// It is a series.
    pub fn of_dataset(dataset: &Dataset) -> Result<Self, EvaluationError> {
        dataset.images()?;
        let mut bytes = Vec::with_capacity(dataset.len() * dataset.shape().elements());
        let (indices, mut data): (Vec<usize>, _) = ((0..dataset.len()).collect(), Vec::new());
        for chunk in indices.chunks(CHUNK) {
            dataset.fill(chunk, &mut data);
            bytes.extend(levels(&data));
        }
        Ok(ImageSet { shape: dataset.shape(), bytes, notes: vec![] })
    }

    /// The image files of a folder, in the order of their names, or the array `arr_0` of a `.npz` archive. What is
    /// transparent lies on white.
    ///
    /// # Errors
    /// There are none, one cannot be read, or they are not of one extent.
    pub fn read(path: &Path) -> Result<Self, EvaluationError> {
        ImageSet::read_for(path, Background::WHITE, |_| Ok(()))
    }

    /// As [`ImageSet::read`], with what is transparent on a background. The extent of the first image is shown to `accept`
    /// before there is memory for more: what it refuses is not read.
    ///
    /// # Errors
    /// As [`ImageSet::read`], and those of `accept`.
    pub fn read_for(
        path: &Path,
        background: Background,
        accept: impl Fn(Shape) -> Result<(), EvaluationError>,
    ) -> Result<Self, EvaluationError> {
        if path.is_dir() { folder(path, background, accept) } else { archive(path, accept) }
    }

    /// Extent of every image.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What a person should know of how they were read: files left out, for instance.
    pub fn notes(&self) -> &[String] {
        &self.notes
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
    pub fn same(&self, other: &ImageSet) -> bool {
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
    pub fn select(&self, indices: &[usize]) -> ImageSet {
        assert!(!indices.is_empty(), "no set of images is empty");
        let bytes = indices.iter().flat_map(|&index| self.image(index)).copied().collect();
        ImageSet { shape: self.shape, bytes, notes: vec![] }
    }

    /// SHA-256 of extent and images, in hexadecimal: what tells one data set from another.
    pub fn sha256(&self, labels: &[u8]) -> String {
        let mut hash = Sha256::new();
        let Shape { channels, height, width } = self.shape;
        [channels, height, width].iter().for_each(|extent| hash.update(extent.to_le_bytes()));
        hash.update(&self.bytes);
        hash.update(labels);
        hexadecimal(&hash.finalize())
    }
}

fn contents(path: &Path, expected: &str, found: impl ToString) -> EvaluationError {
    EvaluationError::Contents { path: path.to_owned(), expected: expected.to_owned(), found: found.to_string() }
}

fn folder(
    path: &Path,
    background: Background,
    accept: impl Fn(Shape) -> Result<(), EvaluationError>,
) -> Result<ImageSet, EvaluationError> {
    let Found { files, mut left_out } =
        files(path, Depth::Folder).map_err(|Unreadable { path, cause }| EvaluationError::Access { path, cause })?;
    let mut shape: Option<Shape> = None;
    let (mut bytes, mut count, mut seen) = (Vec::new(), 0, Seen::default());
    for file in files {
        if !is_image(&file) {
            left_out.add_kind(&file);
            continue;
        }
        let (found, image) = picture(&file, background, &mut seen)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match shape {
            Some(expected) if expected != found => {
                return Err(contents(
                    path,
                    &format!("pictures of one extent, {expected}"),
                    format!("{found} in {name}"),
                ));
            }
            Some(_) => {}
            None => {
                accept(found).map_err(|cause| cause.found_in(&name))?;
                shape = Some(found);
            }
        }
        bytes.extend(image);
        count += 1;
    }
    let origin = path.display();
    let left = (!left_out.is_empty()).then(|| format!("{count} images; left out: {left_out}"));
    let found = || left.clone().unwrap_or_else(|| "none".to_owned());
    let shape = shape.ok_or_else(|| EvaluationError::Empty { path: path.to_owned(), found: found() })?;
    let notes = left.into_iter().chain(seen.notes(count, background));
    let notes = notes.map(|note| format!("{origin}: {note}")).collect();
    Ok(ImageSet { notes, ..ImageSet::new(shape, bytes)? })
}

/// Extent and pixels of an image file.
fn picture(path: &Path, background: Background, seen: &mut Seen) -> Result<(Shape, Vec<u8>), EvaluationError> {
    let bytes = bounded::read_file(path, MAX_FILE).map_err(access(path))?;
    let decoded = decode(&bytes, background).map_err(|cause| contents(path, "a picture", cause))?;
    seen.add(&decoded);
    let Raster { width, height, channels, pixels } = decoded.raster;
    let extent = |value: u32| u16::try_from(value).map_err(|_| contents(path, "at most 65,535 pixels a side", value));
    Ok((Shape { channels, height: extent(height)?, width: extent(width)? }, pixels))
}

const ARCHIVE: &str =
    "a folder of image files, or a NumPy archive (.npz) whose array arr_0 is uint8 of shape (N, H, W, C) or (N, H, W)";

fn archive(path: &Path, accept: impl Fn(Shape) -> Result<(), EvaluationError>) -> Result<ImageSet, EvaluationError> {
    let failed = |cause: ArrayFileError| EvaluationError::Array { path: path.to_owned(), expected: ARCHIVE, cause };
    let mut archive = Archive::of_file(path).map_err(access(path))?.map_err(failed)?;
    let array = archive.array("arr_0").map_err(failed)?;
    let header = array.header.clone();
    let Some(element) = header.element.filter(|element| (element.class, element.width) == (Class::Uint, 1)) else {
        return Err(contents(path, ARCHIVE, format!("arr_0 of {}", header.description)));
    };
    let extents: Vec<Option<u16>> =
        header.shape.iter().skip(1).map(|&extent| u16::try_from(extent).ok().filter(|&extent| extent > 0)).collect();
    let shape = match extents[..] {
        [Some(height), Some(width), Some(channels)] => Shape { channels, height, width },
        [Some(height), Some(width)] => Shape { channels: 1, height, width },
        _ => return Err(contents(path, ARCHIVE, format!("shape {:?}", header.shape))),
    };
    accept(shape).map_err(|cause| cause.found_in(&path.display().to_string()))?;
    let values = array.values(element).map_err(failed)?;
    ImageSet::new(shape, if header.fortran { order::row_major(&values, &header.shape) } else { values })
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
    use std::fs::{self, File};
    use tempfile::TempDir;

    const SHAPE: Shape = Shape { channels: 3, height: 2, width: 1 };

    #[test]
    fn what_is_exported_is_read_back() {
        let root = TempDir::new().unwrap();
        for (shape, count) in [(SHAPE, 12), (Shape { channels: 1, height: 3, width: 2 }, 1)] {
            let bytes: Vec<u8> = (0..count * shape.elements()).map(|value| (value * 7 % 256) as u8).collect();
            let images = ImageSet::new(shape, bytes).unwrap();
            for (name, format) in [("folder", Format::Folder), ("a.npz", Format::Npz)] {
                let path = root.path().join(format!("{count}{name}"));
                let mut writer = Writer::begin(&path, format, count, shape, None).unwrap();
                writer.push(&crate::evaluation::features::pixels(images.bytes())).unwrap();
                writer.finish(crate::files::atomic::Existing::Replaced).unwrap();
                // The few values are dark, which is said.
                let read = ImageSet { notes: vec![], ..ImageSet::read(&path).unwrap() };
                assert_eq!(read, images, "{name}");
            }
        }
    }

    #[test]
    fn a_folder_is_read_whatever_lies_beside_the_images() {
        let root = TempDir::new().unwrap();
        let grey = image::GrayImage::from_raw(2, 1, vec![3, 200]).unwrap();
        for name in ["0.png", "1.webp", "2.BMP", "3.jfif"] {
            let kind = image::ImageFormat::from_path(name.replace("jfif", "png")).unwrap();
            image::DynamicImage::from(grey.clone()).into_rgb8().save_with_format(root.path().join(name), kind).unwrap();
        }
        fs::create_dir(root.path().join("below")).unwrap();
        for name in ["._0.png", ".DS_Store", "Thumbs.db", "list.txt", "4.heic"] {
            fs::write(root.path().join(name), "").unwrap();
        }
        let images = ImageSet::read(root.path()).unwrap();
        assert_eq!((images.count(), images.image(3)), (4, &[3, 3, 3, 200, 200, 200][..]));
        let [note] = images.notes() else { panic!("{:?}", images.notes()) };
        let expected =
            "4 images; left out: 1 .heic (not read: convert to PNG), 1 .txt, 3 hidden or system files, 1 folder";
        assert!(note.ends_with(expected), "{note}");
    }

    #[test]
    fn a_data_set_keeps_its_levels() {
        let dataset = Dataset::load(Source::Digits, Split::Test, None).unwrap();
        let images = ImageSet::of_dataset(&dataset).unwrap();
        assert_eq!((images.count(), images.shape()), (299, dataset.shape()));
        // Sixteen stands for white there.
        let expected: Vec<u8> =
            dataset.images().unwrap().image(298).iter().map(|&v| (f32::from(v) * 255.0 / 16.0).round() as u8).collect();
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
            let picture = crate::export::picture::Picture::of(&vec![0; shape.elements()], shape).unwrap();
            fs::write(path("mixed").join(name), picture.png()).unwrap();
        }
        fs::create_dir(path("broken")).unwrap();
        fs::write(path("broken/0.png"), b"\x89PNG\r\n\x1a\nand so on").unwrap();
        fs::write(path("text.npz"), "text").unwrap();
        for (name, part) in [
            ("absent", "cannot read"),
            ("empty", "GIF), found none"),
            ("mixed", "1.png"),
            ("broken", "0.png"),
            ("text.npz", "arr_0"),
        ] {
            let message = ImageSet::read(&path(name)).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(part), "{name}: {message}");
        }
        let shape = Shape { channels: 1, height: 1, width: 2 };
        assert!(ImageSet::new(shape, vec![0; 3]).is_err() && ImageSet::new(shape, vec![]).is_err());
    }

    #[test]
    fn an_extent_that_is_not_accepted_is_refused_at_the_first_image() {
        let root = TempDir::new().unwrap();
        let image = image::GrayImage::from_raw(3, 2, vec![0; 6]).unwrap();
        image.save(root.path().join("0.png")).unwrap();
        // Not looked at: it could not be decoded.
        fs::write(root.path().join("1.png"), b"\x89PNG\r\n\x1a\n").unwrap();
        let accept = |shape| matches(shape, SHAPE);
        let message = ImageSet::read_for(root.path(), Background::WHITE, accept).unwrap_err().to_string();
        assert_eq!(message, "expected samples of 2×1×3, as the data set has, found 2×3×1 in 0.png");
        let path = root.path().join("a.npz");
        let shape = Shape { channels: 1, height: 2, width: 3 };
        let mut writer = Writer::begin(&path, Format::Npz, 1, shape, None).unwrap();
        writer.push(&[0.0; 6]).unwrap();
        writer.finish(crate::files::atomic::Existing::Replaced).unwrap();
        let message = ImageSet::read_for(&path, Background::WHITE, accept).unwrap_err().to_string();
        assert!(message.contains("found 2×3×1 in") && message.contains("a.npz"), "{message}");
        assert_eq!(ImageSet::read_for(&path, Background::WHITE, |found| matches(found, shape)).unwrap().count(), 1);
    }

    #[test]
    fn what_is_transparent_lies_on_the_background() {
        let root = TempDir::new().unwrap();
        image::RgbaImage::from_raw(1, 1, vec![9, 9, 9, 0]).unwrap().save(root.path().join("0.png")).unwrap();
        let images = ImageSet::read_for(root.path(), Background { colour: [7; 3] }, |_| Ok(())).unwrap();
        assert_eq!(images.bytes(), [7; 3]);
        assert!(images.notes()[0].contains("laid on 7 (--background)"), "{:?}", images.notes());
    }

    #[test]
    fn a_set_is_the_same_in_any_order_and_only_whole() {
        let images = |shape, bytes: &[u8]| ImageSet::new(shape, bytes.to_vec()).unwrap();
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
    fn an_archive_in_either_order_gives_the_same_images_and_none_takes_memory_for_its_word() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("a.npz");
        let write = |header: &[u8], values: &[u8]| {
            let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
            let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
            zip.start_file("arr_0.npy", stored).unwrap();
            std::io::Write::write_all(&mut zip, &[header, values].concat()).unwrap();
            zip.finish().unwrap();
            ImageSet::read(&path)
        };
        let header = crate::files::array::write::header("|u1", &[2, 1, 2, 3]);
        let images = write(&header, &(0..12).collect::<Vec<u8>>()).unwrap();
        assert_eq!((images.count(), images.image(1)), (2, &[6, 7, 8, 9, 10, 11][..]));
        let fortran = String::from_utf8_lossy(&header).replace("False", "True ");
        let fortran = [b"\x93", &fortran.as_bytes()[3..]].concat();
        // Value (n, 0, w, c) = 6 n + 3 w + c, first axis fastest.
        let values: Vec<u8> =
            (0..3).flat_map(|c| (0..2).flat_map(move |w| (0..2).map(move |n| 6 * n + 3 * w + c))).collect();
        assert_eq!(write(&fortran, &values).unwrap(), images);
        let huge = crate::files::array::write::header("|u1", &[1 << 40, 2, 3]);
        for (header, part) in [
            (huge, "expected 6597069766656 bytes of values, found 12"),
            (crate::files::array::write::header("<f4", &[1, 1, 3]), "arr_0 of <f4"),
            (crate::files::array::write::header("|u1", &[12]), "shape [12]"),
        ] {
            let message = write(&header, &[0; 12]).unwrap_err().to_string();
            assert!(message.contains("a.npz") && message.contains(part), "{message}");
        }
    }

    #[test]
    fn the_hash_tells_images_extents_and_labels_apart() {
        let images = |shape, bytes: &[u8]| ImageSet::new(shape, bytes.to_vec()).unwrap();
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
