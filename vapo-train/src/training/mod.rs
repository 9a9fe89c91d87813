//! Training: [`Trainer`] makes steps, [`session`] is the loop around them with its run folder.
//!
//! | module | concept |
//! |---|---|
//! | `step` | **one step, from the draw to the moving average: read this first** |
//! | [`trainer`] | a state, and the weights on their device |
//! | `coupling` | assigns noise to images, one pool ahead |
//! | `distillation` | the gradient of a step that learns to draw in few evaluations |
//! | `reflow` | pairs of a teacher's noise and samples, in place of noise and data |
//! | `state` | what a step reads beside the weights, and a checkpoint keeps |
//! | `images` | the images of a step |
//! | `noise` | a batch's Gaussian noise |
//! | `weights` | what a step asks of a device |
//! | `engine` | the device that keeps the weights, and threads |
//! | `host` | weights in the host's memory |
//! | `shards` | a batch cut into pieces for threads |
//! | [`plan`] | the memory and operations of a training, computed before it starts |
//! | [`session`] | the loop: metrics, checkpoints, stopping |
//! | [`progress`] | the progress that a person sees |
//! | [`error`] | why training stops |

mod coupling;
#[cfg(feature = "cuda")]
mod cuda;
mod distillation;
mod engine;
pub mod error;
mod host;
mod images;
mod noise;
pub mod plan;
pub mod progress;
mod reflow;
pub mod session;
mod shards;
mod state;
mod step;
pub mod trainer;
pub(crate) mod weights;

pub use error::{NotBuilt, TrainingError};
pub use plan::Plan;
pub use progress::Watch;
pub(crate) use session::save;
pub use session::{Ending, SessionError, follow, train};
pub use step::Report;
pub use trainer::Trainer;
