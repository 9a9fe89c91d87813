//! Rows of numbers that stand for images, and what computes them.

use crate::arithmetic::levels::value;
use crate::evaluation::classifier::{Classifier, FEATURES};
use crate::evaluation::error::extent;
use crate::evaluation::{EvaluationError, Images};
use rayon::prelude::*;
use vapo_format::Shape;

/// As many numbers for every image.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    dimension: usize,
    values: Vec<f32>,
}

impl Features {
    /// Features of `dimension` numbers an image, one image after another.
    ///
    /// # Errors
    /// The values do not make up whole images.
    pub fn new(dimension: usize, values: Vec<f32>) -> Result<Self, EvaluationError> {
        if dimension == 0 || !values.len().is_multiple_of(dimension) {
            let (expected, found) = (format!("a multiple of {dimension} values"), values.len().to_string());
            return Err(EvaluationError::Extent {
                what: "features",
                of: "there are numbers an image",
                expected,
                found,
            });
        }
        Ok(Features { dimension, values })
    }

    /// Numbers an image.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of images.
    pub fn count(&self) -> usize {
        self.values.len() / self.dimension
    }

    /// All numbers, image by image.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The numbers of an image.
    ///
    /// # Panics
    /// There is no image `index`.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.dimension..][..self.dimension]
    }

    /// Refuses numbers that are infinite or none.
    pub(super) fn finite(self, advice: &'static str) -> Result<Self, EvaluationError> {
        match self.values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(EvaluationError::NotFinite { image: index / self.dimension, advice }),
            None => Ok(self),
        }
    }
}

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
    pub fn features(&self, images: &Images) -> Result<Features, EvaluationError> {
        let dimension = self.dimension(images.shape())?;
        match self {
            Extractor::Pixels => Features::new(dimension, pixels(images.bytes())),
            Extractor::Classifier(classifier) => classifier.features(images.bytes()),
            #[cfg(feature = "onnx")]
            Extractor::Onnx(network) => network.features(images),
        }
    }
}

/// 0 to 255 → -1 to 1.
pub(super) fn pixels(bytes: &[u8]) -> Vec<f32> {
    bytes.par_iter().map(|&byte| value(byte)).collect()
}
