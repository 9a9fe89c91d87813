//! The model file of VAPO. A trainer writes it, and a sampler reads it out of flash.
//!
//! | module | concept |
//! |---|---|
//! | [`signal`] | the signal of a potential: its extent, and the raw numbers that stand for its values |
//! | [`layer`] | the kinds of layers, one file each: their inputs and outputs, and what their passes need |
//! | [`architecture`] | the nodes of a potential: the one definition that drives every crate |
//! | [`encoder`] | the usual architecture, listed by its blocks |
//! | `unet` | the published model, with the feature `published` |
//! | [`homotopy`] | the path between noise and data |
//! | [`fixed_point`] | integer arithmetic: what integers stand for, and how sums become activations |
//! | [`encoding`] | how weights are stored, and what a potential is computed in |
//! | [`matrix`] | one weight matrix: its shape, a view of its borrowed bytes |
//! | [`packed`] | weights of 8, 6 or 4 bits, four in a group |
//! | [`words`] | the words that hold weights of integer arithmetic |
//! | [`threshold`] | the energy above which a sample is an anomaly |
//! | [`classifier`] | how energies tell the class of a sample |
//! | [`model`] | a whole file, checked and borrowed: [`Model::parse`] |
//! | [`writer`] | writes a file: [`Writer`] fills a buffer that the caller lends |
//! | [`error`] | why a file or an architecture is refused |
//!
//! The bytes are specified in `SPECIFICATION.md` beside this crate.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod architecture;
mod checksum;
pub mod classifier;
pub mod encoder;
pub mod encoding;
pub mod error;
pub mod fixed_point;
mod header;
pub mod homotopy;
pub mod layer;
mod length;
pub mod matrix;
pub mod model;
pub mod packed;
mod preamble;
pub mod signal;
pub mod threshold;
#[cfg(feature = "published")]
pub mod unet;
pub mod words;
pub mod writer;

/// The version of this crate.
pub const PACKAGE: &str = env!("CARGO_PKG_VERSION");

pub use architecture::{Architecture, Node};
pub use classifier::Classifier;
pub use encoder::Block;
pub use encoding::{Arithmetic, Encoding};
pub use error::{ArchitectureError, Error, Fault, NameError};
pub use fixed_point::{Calibration, Exponents};
pub use header::Structure;
pub use homotopy::Homotopy;
pub use layer::Layer;
pub use matrix::{Matrix, MatrixShape};
pub use model::Model;
pub use packed::{Bits, Packed};
pub use signal::{Scaling, Shape};
pub use threshold::Threshold;
pub use writer::Writer;
