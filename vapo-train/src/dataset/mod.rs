//! Images and series to learn from.
//!
//! | module | concept |
//! |---|---|
//! | [`fetch`] | the files of a data set from their publisher |
//! | [`source`] | the data sets known by name |
//! | [`location`] | where their files are looked for |
//! | `load` | a split of any of them |
//! | [`idx`] | the file format of MNIST and Fashion-MNIST |
//! | [`cifar10`] | the files of CIFAR-10, binary or Python's, archived or not |
//! | [`npy`] | arrays of NumPy |
//! | `foreign` | files of other kinds, and what to do with them |
//! | [`digits`] | the small data set that is built in |
//! | [`images`] | the data sets of image files, prepared once and kept in a file |
//! | [`preparation`] | what is done to an image: crop, extent, filter, channels |
//! | [`image_bytes`] | images, a byte a value |
//! | `pixels`, `map` | the bytes of all images, in memory or in a file mapped into it |
//! | [`series`] | readings of sensors, and windows of them |
//! | [`batches`] | the order in which training sees the images |
//! | [`flip`] | which of them it sees mirrored |
//! | [`fingerprint`] | what tells one data set from another |
//! | [`error`] | why a data set could not be loaded |

pub mod batches;
pub mod cifar10;
pub mod digits;
pub mod error;
pub mod fetch;
pub mod fingerprint;
pub mod flip;
mod foreign;
pub mod idx;
pub mod image_bytes;
pub mod images;
mod load;
pub mod location;
mod map;
pub mod npy;
mod pixels;
pub mod preparation;
pub mod series;
pub mod source;

pub use batches::Batches;
pub use error::{Corruption, DatasetError};
pub use fingerprint::Fingerprint;
pub use flip::Flips;
pub use image_bytes::ImageBytes;
pub(crate) use image_bytes::same_images;
pub use images::ImagesError;
pub use location::Files;
pub use preparation::{Crop, Filter, Preparation, Size};
pub use series::{Series, SeriesError, SeriesOptions};
pub use source::{Source, Split};

use crate::files::digest::sha256;
use pixels::Pixels;
use std::num::NonZeroUsize;
use std::path::Path;
use vapo_format::architecture::MAX_ACTIVATION;
use vapo_format::layer::MAX_EXTENT;
use vapo_format::{Scaling, Shape};

/// White of prepared images.
const WHITE: u8 = u8::MAX;

/// Samples of one extent, at least one of them: images, or windows of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    name: String,
    shape: Shape,
    samples: Samples,
    labels: Option<Vec<u8>>,
    label_fault: Option<String>,
    class_names: Option<Vec<String>>,
    notes: Vec<String>,
}

/// What samples are made of.
#[derive(Clone, Debug, PartialEq)]
enum Samples {
    Images(ImageBytes),
    Series(Series),
}

/// Images are asked for where there are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected images, found the windows of a series, {dataset}: give a data set of images, or use a command that takes a \
     series: the training, sample, score, restore, calibrate, inspect"
)]
pub struct NoImages {
    /// The data set.
    pub dataset: String,
}

impl Dataset {
    /// Loads one split of a data set. Its files are looked for in `folder` and in folders of usual names below it;
    /// without one, in [`location::DEFAULT_FOLDER`] and where Debian keeps them.
    ///
    /// # Errors
    /// The files are missing, cannot be read or are damaged: see [`DatasetError`]. Missing labels are no error.
    pub fn load(source: Source, split: Split, folder: Option<&Path>) -> Result<Self, DatasetError> {
        Self::open(source, split, &Files { data_dir: folder.map(Path::to_owned), ..Files::default() })
    }

    /// Likewise, with a choice of how samples are made and where they are kept.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    pub fn open(source: Source, split: Split, files: &Files) -> Result<Self, DatasetError> {
        load::load(source, split, files)
    }

    /// A data set of `images`, one after another, each row-major with channels last (H, W, C), from 0 for black to
    /// `white`; with a class for each image where there are any.
    ///
    /// # Errors
    /// An extent outside what a potential takes, no whole number of images, a value above `white`, or a number of
    /// labels other than that of images.
    pub fn new(
        name: &str,
        shape: Shape,
        white: u8,
        images: Vec<u8>,
        labels: Option<Vec<u8>>,
    ) -> Result<Self, Corruption> {
        let [channels, height, width] = [shape.channels, shape.height, shape.width];
        let fits = [channels, height, width].iter().all(|extent| (1..=MAX_EXTENT).contains(extent));
        if !fits || shape.elements() > MAX_ACTIVATION {
            let [channels, height, width] = [channels, height, width].map(u32::from);
            return Err(Corruption::Extent { channels, height, width });
        }
        let elements = shape.elements();
        let count = NonZeroUsize::new(images.len() / elements).ok_or(Corruption::Empty)?;
        if !images.len().is_multiple_of(elements) {
            return Err(Corruption::Elements { elements, found: images.len() });
        }
        if let Some(&found) = images.iter().find(|&&value| value > white) {
            return Err(Corruption::Level { white, found });
        }
        match &labels {
            Some(labels) if labels.len() != count.get() => {
                Err(Corruption::Labels { images: count.get(), labels: labels.len() })
            }
            _ => {
                let pixels = Pixels::Owned(images);
                let images = ImageBytes { shape, white, count, pixels, sha256: None, preparation: None };
                Ok(Dataset { labels, ..Dataset::of(name, shape, Samples::Images(images), vec![]) })
            }
        }
    }

    /// A data set of `count` images whose `preparation` is done, of any levels, with the digest of its fingerprint.
    fn prepared(
        name: &str,
        shape: Shape,
        count: NonZeroUsize,
        pixels: Pixels,
        sha256: String,
        preparation: Preparation,
        notes: Vec<String>,
    ) -> Self {
        let (sha256, preparation) = (Some(sha256), Some(preparation));
        let images = ImageBytes { shape, white: WHITE, count, pixels, sha256, preparation };
        Dataset::of(name, shape, Samples::Images(images), notes)
    }

    /// The same with a class for each sample, and the names of the classes.
    fn labelled(self, labels: Vec<u8>, names: Vec<String>) -> Self {
        Dataset { labels: Some(labels), class_names: Some(names), label_fault: None, ..self }
    }

    /// The same without classes, and why.
    fn unlabelled(self, fault: String) -> Self {
        Dataset { labels: None, class_names: None, label_fault: Some(fault), ..self }
    }

    /// A data set without classes.
    fn of(name: &str, shape: Shape, samples: Samples, notes: Vec<String>) -> Self {
        Dataset { name: name.to_owned(), shape, samples, labels: None, label_fault: None, class_names: None, notes }
    }

    /// The name on the command line.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Extent of every sample.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of samples, at least one.
    #[allow(clippy::len_without_is_empty)] // there is no empty data set
    pub fn len(&self) -> usize {
        self.count().get()
    }

    fn count(&self) -> NonZeroUsize {
        match &self.samples {
            Samples::Images(images) => images.count,
            Samples::Series(series) => series.windows(),
        }
    }

    /// Class of every sample, where the data set has any.
    pub fn labels(&self) -> Option<&[u8]> {
        self.labels.as_deref()
    }

    /// SHA-256 of the classes of all samples in their order, in hexadecimal, where the data set has any.
    pub fn labels_digest(&self) -> Option<String> {
        self.labels().map(sha256)
    }

    /// How many classes there are: one more than the largest, and 0 without labels.
    pub fn classes(&self) -> u16 {
        let largest = || self.labels.iter().flatten().max().map_or(0, |&largest| u16::from(largest) + 1);
        // A split may lack the last of them.
        self.class_names.as_ref().map_or_else(largest, |names| names.len() as u16)
    }

    /// Why there are no classes, where what should be them could not be read.
    pub fn label_fault(&self) -> Option<&str> {
        self.label_fault.as_deref()
    }

    /// The names of the classes that [`Dataset::labels`] counts, where they have any.
    pub fn class_names(&self) -> Option<&[String]> {
        self.class_names.as_deref()
    }

    /// The images, a byte a value.
    ///
    /// # Errors
    /// The samples are windows of a series.
    pub fn images(&self) -> Result<&ImageBytes, NoImages> {
        match &self.samples {
            Samples::Images(images) => Ok(images),
            Samples::Series(_) => Err(NoImages { dataset: self.name.clone() }),
        }
    }

    /// The series that the samples are windows of; none where they are images.
    pub fn series(&self) -> Option<&Series> {
        match &self.samples {
            Samples::Images(_) => None,
            Samples::Series(series) => Some(series),
        }
    }

    /// How raw numbers stand for the values that training sees: one scaling for all channels, or one each.
    pub fn scaling(&self) -> &[Scaling] {
        match &self.samples {
            Samples::Images(_) => &[Scaling::BYTES],
            Samples::Series(series) => series.scaling(),
        }
    }

    /// What was done to every image, where they are not used as they are.
    pub fn preparation(&self) -> Option<Preparation> {
        self.images().ok().and_then(|images| images.preparation)
    }

    /// What a person should know of how it was loaded: images left out, for instance.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What tells these samples from others. Reads all of them, unless they come out of a file of prepared images, which
    /// has kept the digest since it was written.
    pub fn fingerprint(&self) -> Fingerprint {
        let sha256 = match &self.samples {
            Samples::Images(images) => images.digest(),
            Samples::Series(series) => series.digest(),
        };
        Fingerprint { images: self.len(), sha256 }
    }

    /// Numbers of samples, at most so many, that are spread evenly over all.
    pub fn spread(&self, most: usize) -> Vec<usize> {
        let count = most.min(self.len());
        (0..count).map(|sample| sample * self.len() / count).collect()
    }

    /// Replaces `data` by the samples of `indices`, one after another (N, H, W, C): images in [-1, 1], windows about
    /// there.
    ///
    /// # Panics
    /// There is no sample of an index.
    pub fn fill(&self, indices: &[usize], data: &mut Vec<f32>) {
        data.clear();
        data.reserve(indices.len() * self.shape.elements());
        match &self.samples {
            Samples::Images(images) => images.extend(indices, data),
            Samples::Series(series) => series.extend(indices, data),
        }
    }

    /// Standard deviation of the noise that training adds to the data where none is chosen: as wide as one grey level's
    /// uniform noise where levels are few.
    pub fn usual_noise(&self) -> f32 {
        match &self.samples {
            Samples::Images(images) => (images.grey_level() / 12f32.sqrt()).max(0.02),
            Samples::Series(_) => 0.02,
        }
    }

    /// Bytes that the samples take in memory; none where they lie in a file that is mapped.
    pub fn bytes(&self) -> usize {
        match &self.samples {
            Samples::Images(images) if images.preparation.is_some() => 0,
            Samples::Images(images) => images.pixels.len(),
            Samples::Series(series) => series.bytes(),
        }
    }

    /// Whether these are the samples of `other`: images in any order, windows in the same.
    pub fn same(&self, other: &Dataset) -> bool {
        match (&self.samples, &other.samples) {
            (Samples::Images(one), Samples::Images(other)) => one.same(other),
            (Samples::Series(_), Samples::Series(_)) => self.fingerprint() == other.fingerprint(),
            _ => false,
        }
    }

    /// The order in which training sees the samples.
    pub fn batches(&self, batch: NonZeroUsize, seed: u64) -> Batches {
        Batches::new(self.count(), batch, seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { channels: 2, height: 1, width: 2 };

    #[test]
    fn images_are_scaled_to_minus_one_and_one() {
        let set = Dataset::new("test", SHAPE, 16, vec![0, 8, 16, 4, 16, 16, 0, 0], Some(vec![5, 6])).unwrap();
        let mut data = vec![9.0; 3];
        set.fill(&[1, 0, 1], &mut data);
        assert_eq!(data, [1.0, 1.0, -1.0, -1.0, -1.0, 0.0, 1.0, -0.5, 1.0, 1.0, -1.0, -1.0]);
        // Levels 8 and 4 are four apart.
        assert_eq!(4.0 * set.images().unwrap().grey_level(), data[5] - data[7]);
    }

    #[test]
    fn white_is_one_at_every_depth() {
        for white in 1..=u8::MAX {
            let set = Dataset::new("test", Shape { channels: 1, height: 1, width: 2 }, white, vec![0, white], None);
            let mut data = Vec::new();
            set.unwrap().fill(&[0], &mut data);
            assert_eq!(data, [-1.0, 1.0]);
        }
    }

    #[test]
    fn what_is_no_data_set_is_refused() {
        let refused = |shape, images: &[u8], labels: Option<&[u8]>| {
            Dataset::new("test", shape, 16, images.to_vec(), labels.map(<[u8]>::to_vec)).unwrap_err()
        };
        assert!(matches!(refused(SHAPE, &[], None), Corruption::Empty));
        assert!(matches!(refused(SHAPE, &[0; 5], None), Corruption::Elements { elements: 4, found: 5 }));
        assert!(matches!(refused(SHAPE, &[17; 4], None), Corruption::Level { white: 16, found: 17 }));
        assert!(matches!(refused(SHAPE, &[0; 4], Some(&[])), Corruption::Labels { images: 1, labels: 0 }));
        let extent = |channels, height, width| Shape { channels, height, width };
        for shape in [extent(0, 1, 1), extent(1, 1025, 1), extent(1024, 1024, 17)] {
            assert!(matches!(refused(shape, &[0; 4], None), Corruption::Extent { .. }));
        }
    }
}
