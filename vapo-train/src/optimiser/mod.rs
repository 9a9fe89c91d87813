//! How parameters move: a gradient is clipped, Muon and Adam take a step of a scheduled learning rate, a moving average
//! follows.
//!
//! All work on the flat parameters of [`crate::potential::parameters::Layout`], and all state can be read and restored: a run
//! that continues gives the same bytes as one that never stopped.

pub(crate) mod adam;
pub(crate) mod clip;
pub(crate) mod ema;
mod learning_rate;
mod moves;
pub(crate) mod muon;
mod update;

pub use adam::Adam;
pub use clip::{Clip, NonFinite, clip};
pub use ema::Ema;
pub use learning_rate::{FINAL, learning_rate};
pub(crate) use moves::Moves;
pub use moves::Rule;
pub use update::Optimiser;
