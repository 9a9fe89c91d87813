//! The model file of VAPO: what a trainer writes, what a sampler reads out of flash.
//!
//! | module | concept |
//! |---|---|
//! | [`architecture`] | the layers of a potential, and what each computes: the one definition that drives every crate |
//! | [`matrix`] | one weight matrix: its shape, its encoding, a view of its borrowed bytes |
//! | [`threshold`] | above which energy an image is an anomaly |
//! | [`model`] | a whole file, checked and borrowed: [`Model::parse`] |
//! | [`writer`] | the other direction: [`Writer`] fills a buffer that the caller lends |
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
pub mod error;
pub mod matrix;
pub mod model;
pub mod threshold;
pub mod writer;

pub use architecture::{Architecture, Homotopy, Layer, Shape};
pub use error::{ArchitectureError, Error, NameError};
pub use matrix::{Encoding, Matrix, MatrixName, MatrixShape};
pub use model::Model;
pub use threshold::Threshold;
pub use writer::Writer;
