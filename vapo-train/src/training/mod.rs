//! Training: [`trainer`] makes one step, [`session`] the loop around it with its run folder.
//!
//! | module | concept |
//! |---|---|
//! | [`trainer`] | one optimiser step and the state it moves |
//! | [`engine`] | the device that computes a step's gradient |
//! | [`shards`] | a batch cut into pieces for threads |
//! | [`session`] | the loop: metrics, checkpoints, stopping |
//! | [`progress`] | what a person sees meanwhile |
//! | [`error`] | why training stops |

pub mod engine;
pub mod error;
pub mod progress;
pub mod session;
pub mod shards;
pub mod trainer;

pub use engine::Engine;
pub use error::TrainingError;
pub(crate) use session::save;
pub use session::{Ending, SessionError, train};
pub use trainer::{Report, Trainer};
