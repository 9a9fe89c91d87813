//! Training on a CUDA device: the launches of a step, made on the host from the network.
//!
//! A step's kernels, their order and their buffers are the same for every step. So they are written down once, as a program:
//! before anything starts it says how much memory a step takes and how many launches and operations it has.
//!
//! | module | concept |
//! |---|---|
//! | `program` | launches, buffers, and where buffers lie |
//! | `passes` | from a network to the launches that evaluate and differentiate it |
//! | `emitter` | which buffer holds what of which node |
//! | `layer` | the launches of every kind of layer |
//! | `optimiser` | the launches that measure the gradient and move the parameters |
//! | `network` | the program of a network |
//! | `demand` | what a training takes of a device |
//! | `kernels` | the kernels, in CUDA C, one file an operation |
//!
//! and with the feature `cuda`:
//!
//! | module | concept |
//! |---|---|
//! | `driver` | NVIDIA's libraries, found when a device is asked for |
//! | `device` | a program on a device: compiled, in memory, launched |
//! | `evaluator` | both passes over a part of a batch |
//! | `trainer` | parameters under training |

// A program is made without a device too, to say what it takes; what a device alone reads of it lies idle then.
#![cfg_attr(not(feature = "cuda"), allow(dead_code))]

mod demand;
#[cfg(feature = "cuda")]
mod device;
#[cfg(feature = "cuda")]
pub mod driver;
mod emitter;
#[cfg(feature = "cuda")]
mod evaluator;
#[cfg(feature = "cuda")]
mod kernels;
mod layer;
mod network;
mod optimiser;
mod passes;
mod program;
#[cfg(test)]
mod tests;
#[cfg(feature = "cuda")]
mod trainer;

pub(crate) use demand::Demand;
#[cfg(feature = "cuda")]
pub(crate) use device::{DeviceError, free_memory, open};
pub(crate) use network::Network;
pub(crate) use passes::Options;
#[cfg(feature = "cuda")]
pub(crate) use trainer::{Trainer, Vector};
