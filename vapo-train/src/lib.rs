//! Trains a variational potential flow (VAPO), quantises it, and writes the file that a microcontroller samples.
//!
//! The data's journey, one module a stage:
//!
//! | module | concept |
//! |---|---|
//! | [`fetch`] | a data set's files from their publisher |
//! | [`dataset`] | images in memory, dealt out in seeded batches |
//! | [`draws`], [`times`] | what samples of a batch share, and when on the path they are |
//! | [`homotopy`] | points on the path from noise to data, and the velocity there |
//! | [`potential`] | Φ(x, t), its drift ∇Φ, and the exact gradient of any loss of the drift |
//! | [`ops`] | the operations that the potential is made of: by hand for the CPU, composed of dfdx's for any device |
//! | [`objective`] | losses of the drift, with their derivatives |
//! | [`optimiser`] | Muon, Adam, clipping, learning rate, moving average |
//! | [`training`] | the step, and the loop around it |
//! | [`quantise`] | from float parameters to a model file |
//! | [`sampling`] | images from a model file, by the code of the device |
//! | [`inpainting`] | images restored where they are masked |
//! | [`composition`] | images of the weighted sum of two models |
//! | [`anomaly`] | energies of images, and the threshold above which they are anomalies |
//! | [`evaluation`] | how far samples are from a data set |
//! | [`interpolation`] | from one sample to another |
//! | [`export`] | images to files that other programs read |
//!
//! Beside it: [`preset`] (networks by name), [`config`] (a run's settings), [`parameters`] (their layout in one
//! vector), [`run`] and [`checkpoint`] (a run's files), [`files`] (how files are read and written, whatever they hold), [`picture`]
//! (grids and curves), [`cli`] (the command line).
//!
//! The one function that matters is [`potential::Potential::gradient`]: the gradient of a gradient, without
//! differentiating one.

pub mod anomaly;
pub mod checkpoint;
pub mod cli;
pub mod composition;
pub mod config;
pub mod dataset;
pub mod draws;
pub mod evaluation;
pub mod export;
pub mod extent;
pub mod fetch;
pub mod files;
#[doc(hidden)]
pub mod fuzz;
pub mod homotopy;
pub mod inpainting;
pub mod interpolation;
pub mod objective;
pub mod ops;
pub mod optimiser;
pub mod parameters;
pub mod picture;
pub mod potential;
pub mod preset;
pub mod quantise;
pub mod run;
pub mod sampling;
mod sums;
pub mod times;
pub mod training;
