//! Trains a variational potential flow (VAPO), quantises it, and writes the file that a microcontroller samples.
//!
//! The data's journey, one module a stage:
//!
//! | module | concept |
//! |---|---|
//! | [`dataset`] | images in memory, dealt out in seeded batches; their files from the publisher |
//! | [`path`] | points on the path from noise to data, the velocity there, and the times that a batch looks at |
//! | [`potential`] | Φ(x, t), its drift ∇Φ, and the exact gradient of any loss of the drift |
//! | [`ops`] | the operations that the potential is made of: by hand for the CPU, and composed of dfdx's to compare with |
//! | [`cuda`] | the same on a CUDA device: the launches of a step, and the kernels |
//! | [`objective`] | losses of the drift, with their derivatives |
//! | [`optimiser`] | Muon, Adam, clipping, learning rate, moving average |
//! | [`training`] | the step, told in one file (`training/step.rs`), and the loop around it |
//! | [`quantise`] | from float parameters to a model file |
//! | [`calibration`] | from float to integer arithmetic, and what that changes |
//! | [`sampling`] | what a model file is for: images drawn, restored, composed, interpolated and judged |
//! | [`evaluation`] | how far samples are from a data set |
//! | [`export`] | images to files that other programs read, and pictures for people |
//!
//! Beside it:
//!
//! | module | concept |
//! |---|---|
//! | [`run`] | what one training is asked to do, and the folder that it leaves behind |
//! | [`team`] | processes that train one model together |
//! | [`files`] | how files are read and written, whatever they hold |
//! | `terminal` | what a person sees on a terminal |
//! | [`arithmetic`] | what several stages compute alike |
//! | [`cli`] | the command line, a file a command |
//!
//! The one function that matters is [`potential::Potential::gradient`]: the gradient of a gradient, without
//! differentiating one.

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
