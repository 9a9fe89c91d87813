//! A small classifier of a data set, whose penultimate layer is what images are compared by.
//!
//! Every data set with labels gets one of its own, trained once and kept in a file. Distances in its features rank
//! samples of that data set; they are not those of Inception, which no paper's figures can do without.
//!
//! | module | concept |
//! |---|---|
//! | [`network`] | convolutions, a layer of 128 features, a score a class |
//! | [`training`] | cross entropy, Adam |
//! | [`store`] | the file that keeps it |

pub mod network;
pub mod store;
pub mod training;

pub use network::{FEATURES, Network};
pub use store::{file_name, load, save};
pub use training::{Recipe, train};

use crate::evaluation::features::pixels;
use crate::evaluation::{EvaluationError, Features, ImageSet};
use rayon::prelude::*;
use vapo_format::Shape;

/// Images that a thread takes at a time. Sums within do not depend on the number of threads.
const SHARD: usize = 32;

/// A trained network.
#[derive(Clone, Debug)]
pub struct Classifier {
    network: Network,
    parameters: Vec<f32>,
    /// SHA-256 of the images and labels that it learned from.
    data: String,
    /// Share of the test split that it names rightly.
    accuracy: Option<f64>,
}

impl Classifier {
    /// Extent of the images that it takes.
    pub fn shape(&self) -> Shape {
        self.network.shape()
    }

    /// SHA-256 of the images and labels that it learned from.
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Share of the test split that it names rightly, if it was measured.
    pub fn accuracy(&self) -> Option<f64> {
        self.accuracy
    }

    /// The penultimate layer for every image, on the threads of the current pool.
    ///
    /// # Errors
    /// The features are not finite: training diverged.
    pub fn features(&self, bytes: &[u8]) -> Result<Features, EvaluationError> {
        let values = self.evaluate(bytes).into_iter().flat_map(|(features, _)| features).collect();
        Features::new(FEATURES, values)?.finite("delete the classifier's file and train another")
    }

    /// The class with the highest score for every image, on the threads of the current pool.
    pub fn classes(&self, bytes: &[u8]) -> Vec<u8> {
        let scores = self.evaluate(bytes).into_iter().flat_map(|(_, scores)| scores).collect::<Vec<f32>>();
        scores.chunks_exact(self.network.classes()).map(best).collect()
    }

    /// Measures the share of images that it names rightly.
    pub fn measure(&mut self, images: &ImageSet, labels: &[u8]) {
        let right = self.classes(images.bytes()).iter().zip(labels).filter(|(found, label)| found == label).count();
        self.accuracy = Some(right as f64 / images.count() as f64);
    }

    fn evaluate(&self, bytes: &[u8]) -> Vec<(Vec<f32>, Vec<f32>)> {
        let matrices = self.network.matrices(&self.parameters);
        let shards = bytes.par_chunks(SHARD * self.shape().elements());
        shards.map(|shard| self.network.evaluate(&matrices, pixels(shard))).collect()
    }
}

/// The position of the highest score.
fn best(scores: &[f32]) -> u8 {
    let highest = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(b.cmp(&a)));
    highest.unwrap_or(0) as u8
}
