//! Images of one extent, a byte a value.

use crate::dataset::Preparation;
use crate::dataset::fingerprint::Pending;
use crate::dataset::pixels::Pixels;
use std::num::NonZeroUsize;
use vapo_format::Shape;

/// Images, at least one of them: in memory, or in a file mapped into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageBytes {
    pub(super) shape: Shape,
    pub(super) white: u8,
    pub(super) count: NonZeroUsize,
    pub(super) pixels: Pixels,
    /// That of the fingerprint, where it is known without reading all pixels.
    pub(super) sha256: Option<String>,
    pub(super) preparation: Option<Preparation>,
}

impl ImageBytes {
    /// The bytes of an image, row-major with channels last.
    ///
    /// # Panics
    /// There is no image `index`.
    pub fn image(&self, index: usize) -> &[u8] {
        let elements = self.shape.elements();
        &self.pixels[index * elements..][..elements]
    }

    /// Distance of two neighbouring grey levels after scaling to [-1, 1].
    pub fn grey_level(&self) -> f32 {
        2.0 / f32::from(self.white)
    }

    /// Adds the images of `indices` to `data`, scaled to [-1, 1].
    pub(super) fn extend(&self, indices: &[usize], data: &mut Vec<f32>) {
        let half = f32::from(self.white) / 2.0;
        for &index in indices {
            data.extend(self.image(index).iter().map(|&value| f32::from(value) / half - 1.0));
        }
    }

    /// The digest of the fingerprint. Reads all pixels, unless they come out of a file of prepared images, which has kept
    /// the digest since it was written.
    pub(super) fn digest(&self) -> String {
        let digest = || {
            let mut pending = Pending::default();
            pending.add(&self.pixels);
            pending.finish(self.shape, self.white)
        };
        self.sha256.clone().unwrap_or_else(digest)
    }

    /// Whether these are the images of `other`, in any order.
    pub(super) fn same(&self, other: &ImageBytes) -> bool {
        let extent = |set: &ImageBytes| (set.shape, set.white, set.count);
        let images = |set| (0..self.count.get()).map(move |index| ImageBytes::image(set, index));
        extent(self) == extent(other) && same_images(images(self), images(other))
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
