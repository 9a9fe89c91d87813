//! Images to learn from.
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
//! | `pixels`, `map` | the bytes of all images, in memory or in a file mapped into it |
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
pub mod images;
mod load;
pub mod location;
mod map;
pub mod npy;
mod pixels;
pub mod preparation;
pub mod source;

pub use batches::Batches;
pub use error::{Corruption, DatasetError};
pub use fingerprint::Fingerprint;
pub use flip::Flips;
pub use images::ImagesError;
pub use location::Files;
pub use preparation::{Crop, Filter, Preparation, Size};
pub use source::{Source, Split};

use fingerprint::Pending;
use pixels::Pixels;
use std::num::NonZeroUsize;
use std::path::Path;
use vapo_format::Shape;
use vapo_format::architecture::MAX_ACTIVATION;
use vapo_format::layer::MAX_EXTENT;

/// White of prepared images.
const WHITE: u8 = u8::MAX;

/// Images of one extent, a byte a value, at least one of them: in memory, or in a file mapped into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    name: String,
    shape: Shape,
    white: u8,
    count: NonZeroUsize,
    pixels: Pixels,
    /// That of the fingerprint, where it is known without reading all pixels.
    sha256: Option<String>,
    labels: Option<Vec<u8>>,
    label_fault: Option<String>,
    preparation: Option<Preparation>,
    notes: Vec<String>,
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

    /// Likewise, with a choice of how images are prepared and where they are kept.
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
                let (name, pixels) = (name.to_owned(), Pixels::Owned(images));
                let (sha256, label_fault, preparation, notes) = (None, None, None, vec![]);
                Ok(Dataset { name, shape, white, count, pixels, sha256, labels, label_fault, preparation, notes })
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
        let (name, sha256, preparation) = (name.to_owned(), Some(sha256), Some(preparation));
        let (labels, label_fault) = (None, None);
        Dataset { name, shape, white: WHITE, count, pixels, sha256, labels, label_fault, preparation, notes }
    }

    /// The name on the command line.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Extent of every image.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of images, at least one.
    #[allow(clippy::len_without_is_empty)] // there is no empty data set
    pub fn len(&self) -> usize {
        self.count.get()
    }

    /// Class of every image, where the data set has any.
    pub fn labels(&self) -> Option<&[u8]> {
        self.labels.as_deref()
    }

    /// How many classes there are: one more than the largest, and 0 without labels.
    pub fn classes(&self) -> u16 {
        let largest = self.labels.iter().flatten().max();
        largest.map_or(0, |&largest| u16::from(largest) + 1)
    }

    /// Why there are no classes, where what should be them could not be read.
    pub fn label_fault(&self) -> Option<&str> {
        self.label_fault.as_deref()
    }

    /// What was done to every image, where they are not used as they are.
    pub fn preparation(&self) -> Option<Preparation> {
        self.preparation
    }

    /// What a person should know of how it was loaded: images left out, for instance.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What tells these images from others. Reads all of them, unless they come out of a file of prepared images, which
    /// has kept the digest since it was written.
    pub fn fingerprint(&self) -> Fingerprint {
        let digest = || {
            let mut pending = Pending::default();
            pending.add(&self.pixels);
            pending.finish(self.shape, self.white)
        };
        Fingerprint { images: self.len(), sha256: self.sha256.clone().unwrap_or_else(digest) }
    }

    /// The bytes of an image, row-major with channels last.
    ///
    /// # Panics
    /// There is no image `index`.
    pub fn image(&self, index: usize) -> &[u8] {
        let elements = self.shape.elements();
        &self.pixels[index * elements..][..elements]
    }

    /// Replaces `data` by the images of `indices`, one after another (N, H, W, C), scaled to [-1, 1].
    ///
    /// # Panics
    /// There is no image of an index.
    pub fn fill(&self, indices: &[usize], data: &mut Vec<f32>) {
        data.clear();
        data.reserve(indices.len() * self.shape.elements());
        let half = f32::from(self.white) / 2.0;
        for &index in indices {
            data.extend(self.image(index).iter().map(|&value| f32::from(value) / half - 1.0));
        }
    }

    /// Distance of two neighbouring grey levels after scaling to [-1, 1].
    pub fn grey_level(&self) -> f32 {
        2.0 / f32::from(self.white)
    }

    /// Whether these are the images of `other`, in any order.
    pub fn same(&self, other: &Dataset) -> bool {
        let extent = |set: &Dataset| (set.shape, set.white, set.count);
        extent(self) == extent(other)
            && same_images(
                (0..self.len()).map(|index| self.image(index)),
                (0..other.len()).map(|index| other.image(index)),
            )
    }

    /// The order in which training sees the images.
    pub fn batches(&self, batch: NonZeroUsize, seed: u64) -> Batches {
        Batches::new(self.count, batch, seed)
    }
}

/// Whether two sets are of the same images, in any order.
pub(crate) fn same_images<'a>(
    one: impl ExactSizeIterator<Item = &'a [u8]>,
    other: impl ExactSizeIterator<Item = &'a [u8]>,
) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (mut one, mut other): (Vec<&[u8]>, Vec<&[u8]>) = (one.collect(), other.collect());
    one.sort_unstable();
    other.sort_unstable();
    one == other
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
        assert_eq!(4.0 * set.grey_level(), data[5] - data[7]);
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
