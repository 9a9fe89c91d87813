//! What computes features.

use crate::evaluation::classifier::{Classifier, FEATURES};
use crate::evaluation::error::extent;
use crate::evaluation::features::pixels;
use crate::evaluation::{EvaluationError, Features, ImageSet};
use vapo_format::Shape;

/// What computes features.
pub enum Extractor {
    /// The pixels themselves, -1 to 1.
    Pixels,
    /// The penultimate layer of a classifier of the data set.
    Classifier(Box<Classifier>),
    /// The output of a network from a file.
    #[cfg(feature = "onnx")]
    Onnx(Box<crate::evaluation::onnx::Network>),
}

impl Extractor {
    /// Whether it takes images of every extent.
    pub fn resizes(&self) -> bool {
        match self {
            Extractor::Pixels | Extractor::Classifier(_) => false,
            #[cfg(feature = "onnx")]
            Extractor::Onnx(_) => true,
        }
    }

    /// Numbers an image of this extent, before there is one.
    ///
    /// # Errors
    /// Images that the extractor does not take.
    pub fn dimension(&self, image: Shape) -> Result<usize, EvaluationError> {
        match self {
            Extractor::Pixels => Ok(image.elements()),
            Extractor::Classifier(classifier) if image == classifier.shape() => Ok(FEATURES),
            Extractor::Classifier(classifier) => {
                Err(extent("images", "those that the classifier learned from", classifier.shape(), image))
            }
            #[cfg(feature = "onnx")]
            Extractor::Onnx(network) => network.takes(image).map(|()| network.dimension()),
        }
    }

    /// The features of every image, on the threads of the current pool. The same on any number of them.
    ///
    /// # Errors
    /// Images of an extent that the extractor does not take.
    pub fn features(&self, images: &ImageSet) -> Result<Features, EvaluationError> {
        let dimension = self.dimension(images.shape())?;
        match self {
            Extractor::Pixels => Features::new(dimension, pixels(images.bytes())),
            Extractor::Classifier(classifier) => classifier.features(images.bytes()),
            #[cfg(feature = "onnx")]
            Extractor::Onnx(network) => network.features(images),
        }
    }
}
