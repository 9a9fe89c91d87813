//! Trains a variational potential flow (VAPO), quantises it, and writes the file that a microcontroller samples.
//!
//! Data go through these stages, one module each:
//!
//! | module | concept |
//! |---|---|
//! | [`dataset`] | images in memory, dealt out in seeded batches; their files from the publisher |
//! | [`path`] | points on the path from noise to data, the velocity there, and the times of a batch |
//! | [`potential`] | Φ(x, t), its drift ∇Φ, and the exact gradient of any loss of the drift |
//! | [`ops`] | the operations of the potential: written by hand for the CPU, and composed of dfdx's operations to compare with |
//! | [`cuda`] | the same on a CUDA device: the launches of a step, and the kernels |
//! | [`objective`] | losses of the drift, with their derivatives |
//! | [`optimiser`] | Muon, Adam, clipping, learning rate, moving average |
//! | [`training`] | the step, in one file (`training/step.rs`), and the loop around it |
//! | [`quantise`] | from float parameters to a model file |
//! | [`calibration`] | from float to integer arithmetic, and the error of that |
//! | [`sampling`] | uses of a model file: draws, restores, composes, interpolates and judges images |
//! | [`evaluation`] | how far samples are from a data set |
//! | [`export`] | images to files that other programs read, and pictures for people |
//!
//! Other modules:
//!
//! | module | concept |
//! |---|---|
//! | [`run`] | the settings of a training, and its folder |
//! | [`team`] | processes that train one model together |
//! | [`files`] | reads and writes files of all kinds |
//! | `terminal` | what a person sees on a terminal |
//! | [`arithmetic`] | computations that several stages share |
//! | [`cli`] | the command line, one file for each command, in folders along the way of a model |
//!
//! The one function that matters is [`potential::Potential::gradient`]. It computes the gradient of a loss of a gradient,
//! without differentiating a gradient.

pub mod arithmetic;
pub mod calibration;
pub mod cli;
pub mod cuda;
pub mod dataset;
pub mod evaluation;
pub mod export;
pub mod files;
#[doc(hidden)]
pub mod fuzz;
pub mod objective;
pub mod ops;
pub mod optimiser;
pub mod path;
pub mod potential;
pub mod quantise;
pub mod run;
pub mod sampling;
pub mod team;
mod terminal;
pub mod training;
