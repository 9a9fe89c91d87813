//! Why training stops.

use crate::arithmetic::extent::ExtentError;
use crate::path::PathError;
use std::io;
use std::path::PathBuf;

/// This program was built without CUDA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this program was built without it: add --features cuda")]
pub struct NotBuilt;

/// Why training cannot begin or go on.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// No images a step.
    #[error("a step needs at least one image, found --batch 0")]
    Batch,
    /// A share that cannot be left out.
    #[error(
        "dropout is a share from 0 to below 1, found {found}: begin the run anew, or write the number that it had into its config.json"
    )]
    Dropout {
        /// The share.
        found: f32,
    },
    /// One image a step, and an objective that compares images.
    #[error(
        "found --batch 1: this objective compares the images of a step, so give 2 or more, or take --objective flow"
    )]
    Lone,
    /// Parts of a batch that cannot be of one size.
    #[error("--accumulate {accumulate} does not divide --batch {batch}: give {}", nearest_divisors(*accumulate, *batch))]
    Accumulate {
        /// How many parts.
        accumulate: usize,
        /// Images of the batch.
        batch: usize,
    },
    /// Pools that are not made of whole batches.
    #[error("--pool {pool}: expected a multiple of --batch {batch}: give {}", (pool / batch.max(&1)).max(1) * batch)]
    Pool {
        /// Images of a pool.
        pool: usize,
        /// Images of a batch.
        batch: usize,
    },
    /// Samples that share an image, and images that are assigned their noise.
    #[error(
        "--coupling ot: samples of --draws antithetic and common share their images, and cannot be assigned noise: give --draws independent"
    )]
    Coupling,
    /// Elements of the gradient that have no second moment to be clipped by.
    #[error(
        "--clip second-moment: adam alone keeps a second moment of every element, and the run moves weights by muon: give --optimiser adam, or \
         --clip norm"
    )]
    Clip,
    /// A distillation that cannot be.
    #[error("--distil: {cause}")]
    Distillation {
        /// Why, and what to do.
        cause: &'static str,
    },
    /// A run that should begin with a model's weights, and was not given them.
    #[error("--from: the model's parameters are missing")]
    Start,
    /// A reflow that cannot be.
    #[error("--reflow: {cause}")]
    Reflow {
        /// Why, and what to do.
        cause: String,
    },
    /// The file of a reflow's pairs.
    #[error("cannot keep pairs in {}: {cause}", path.display())]
    Pairs {
        /// The file, or the folder of files without a name.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Several ranks that cannot train together.
    #[error("several ranks: {cause}")]
    Ranks {
        /// Why, and what to do.
        cause: String,
    },
    /// The ranks of a team have not the same state.
    #[error(
        "after step {step} rank {rank} has other parameters than rank 0: ranks have to run the same program on processors of one kind"
    )]
    Apart {
        /// Steps made.
        step: u64,
        /// The first that differs.
        rank: usize,
    },
    /// The threads could not be started.
    #[error("cannot start the threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The device cannot be used.
    #[error("cannot train on this device: {cause}")]
    Device {
        /// Why: what fails on the device, [`NotBuilt`], or a layer that the device does not compute.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
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

/// The divisors of `batch` that are nearest to `accumulate`, which is none.
fn nearest_divisors(accumulate: usize, batch: usize) -> String {
    let divides = |parts: &usize| batch.is_multiple_of(*parts);
    let below = (1..=batch.min(accumulate)).rfind(divides);
    let above = (accumulate.saturating_add(1)..=batch).find(divides);
    let nearest: Vec<String> = below.into_iter().chain(above).map(|parts| parts.to_string()).collect();
    nearest.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_several_sizes_are_refused_with_the_nearest_of_one_size() {
        for (accumulate, batch, nearest) in
            [(5, 64, "4 or 8"), (100, 64, "64"), (40, 64, "32 or 64"), (0, 64, "1"), (2, 7, "1 or 7")]
        {
            let told = TrainingError::Accumulate { accumulate, batch }.to_string();
            assert_eq!(told, format!("--accumulate {accumulate} does not divide --batch {batch}: give {nearest}"));
        }
    }
}
