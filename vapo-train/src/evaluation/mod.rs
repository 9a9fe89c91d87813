//! How good samples are: distances between two sets of images, in the space of some features of them. And how well scores
//! detect anomalies.
//!
//! | module | concept |
//! |---|---|
//! | [`image_set`] | images in memory, from a data set, a folder or an archive |
//! | [`features`] | rows of numbers that stand for images |
//! | [`extractor`] | what computes them |
//! | [`classifier`] | a small network trained on the data set itself, whose penultimate layer is the features |
//! | `onnx` | any network from an ONNX file (feature `onnx`) |
//! | [`moments`] | mean and covariance, and the Fréchet distance between two of them |
//! | [`statistics`] | moments in files, as pytorch-fid writes them |
//! | [`mod@kernel_distance`] | the kernel distance, which has no bias |
//! | [`neighbours`] | the images nearest to others |
//! | [`mod@rank_sum`] | whether one set of distances is smaller than another |
//! | [`detection`] | how well scores detect anomalies of a labelled series |

pub mod classifier;
pub mod detection;
pub mod error;
pub mod extractor;
pub mod features;
pub mod image_set;
pub mod kernel_distance;
pub mod moments;
pub mod neighbours;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod rank_sum;
pub mod statistics;

pub use error::EvaluationError;
pub use extractor::Extractor;
pub use features::Features;
pub use image_set::ImageSet;
pub use kernel_distance::{KernelDistance, kernel_distance};
pub use moments::Moments;
pub use neighbours::{Neighbour, nearest};
pub use rank_sum::{RankSum, rank_sum};
