//! Why training stops.

use crate::arithmetic::extent::ExtentError;
use crate::path::PathError;

/// Why training cannot begin or go on.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// No images a step.
    #[error("a step needs at least one image, found --batch 0")]
    Batch,
    /// One image a step, and an objective that compares images.
    #[error(
        "found --batch 1: this objective compares the images of a step, so give 2 or more, or take --objective flow"
    )]
    Lone,
    /// The threads could not be started.
    #[error("cannot start the threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The device cannot be used.
    #[error("cannot train on this device: {cause}")]
    Device {
        /// Why.
        cause: String,
    },
    /// The loss or the gradient is infinite or not a number.
    #[error("training diverged at step {step}: its loss ({loss:.3e}) or the gradient is not finite; try a lower --lr")]
    NotFinite {
        /// The step that could not be made.
        step: u64,
        /// Its loss.
        loss: f64,
    },
    /// A checkpoint of another network, or a defect of the trainer.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// A batch that is no path, a defect of the trainer.
    #[error(transparent)]
    Path(#[from] PathError),
}
