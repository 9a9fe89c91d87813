//! Training on a CUDA device: the launches of a step, made on the host from the network.
//!
//! A step's kernels, their order and their buffers are the same for every step. So they are written down once, as a program:
//! before anything starts it says how much memory a step takes and how many launches and operations it has.
//!
//! | module | concept |
//! |---|---|
//! | `program` | launches, buffers, and where buffers lie |
//! | `passes` | from a network to the launches that evaluate and differentiate it |
//! | `layer` | the launches of every kind of layer |
//! | `optimiser` | the launches that measure the gradient and move the parameters |
//! | `kernels` | the kernels, in CUDA C, one file an operation |
//! | `driver` | NVIDIA's libraries, found when a device is asked for |

#[cfg(feature = "cuda")]
mod device;
#[cfg(feature = "cuda")]
pub mod driver;
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

#[cfg(feature = "cuda")]
pub(crate) use device::{DeviceError, open};
pub(crate) use network::Network;
pub(crate) use passes::Options;
#[cfg(feature = "cuda")]
pub(crate) use trainer::{Trainer, Vector};
