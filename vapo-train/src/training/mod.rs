//! Training: [`Trainer`] makes steps, [`session`] is the loop around them with its run folder.
//!
//! | module | concept |
//! |---|---|
//! | `step` | **one step, from the draw to the moving average: read this first** |
//! | [`trainer`] | a state and a device |
//! | `state` | what a step reads and moves, and a checkpoint keeps |
//! | `noise` | a batch's Gaussian noise |
//! | [`passes`] | what a step asks of a device |
//! | [`engine`] | the device that computes a step's gradient |
//! | [`shards`] | a batch cut into pieces for threads |
//! | [`session`] | the loop: metrics, checkpoints, stopping |
//! | [`progress`] | what a person sees meanwhile |
//! | [`error`] | why training stops |

pub mod engine;
pub mod error;
mod noise;
pub mod passes;
pub mod progress;
pub mod session;
pub mod shards;
mod state;
mod step;
pub mod trainer;

pub use engine::Engine;
pub use error::TrainingError;
pub(crate) use session::save;
pub use session::{Ending, SessionError, train};
pub use step::Report;
pub use trainer::Trainer;
