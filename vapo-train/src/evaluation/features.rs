//! Rows of numbers that stand for images.

use crate::arithmetic::levels::value;
use crate::evaluation::EvaluationError;
use rayon::prelude::*;

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

/// 0 to 255 → -1 to 1.
pub(super) fn pixels(bytes: &[u8]) -> Vec<f32> {
    bytes.par_iter().map(|&byte| value(byte)).collect()
}
