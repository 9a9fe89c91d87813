//! The sampler for programs in C: what `vapo_sampler` does, behind functions that take pointers.
//!
//! | module | concept |
//! |---|---|
//! | [`result`] | what every function returns, and a text for it |
//! | [`settings`] | how a sample is drawn |
//! | [`model`] | what a program has to know of a model: its extents, the memory that it takes |
//! | [`sampler`] | samples, drifts, energies, verdicts, classes |
//! | [`steps`] | a sample a layer a call |
//! | [`monitor`] | a series watched reading by reading |
//! | [`learner`] | a threshold from the energies of normal windows |
//! | [`planned`] | a plan before a model's file, for programs that read such files themselves |
//! | `drawing` | a sampler, and the sample that it draws a layer a call |
//! | `memory` | the caller's pointers: checked, and made slices |
//! | [`state`] | what lies in the memory that the caller lends |
//!
//! The documentation of what is public is that of the header, `include/vapo.h`, which is generated from it.
//!
//! All state lies in memory that the caller lends. There is no heap, no global and no panic: what a caller can do wrong is a
//! [`result::VapoResult`]. What no function can see is that a pointer leads nowhere, or to fewer bytes than were said; that the memory
//! lent was written to by others; and that two threads use the same sampler at once.
#![no_std]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
// Of every function the contract is the same: the one above.
#![allow(clippy::missing_safety_doc)]

mod drawing;
pub mod learner;
mod memory;
pub mod model;
pub mod monitor;
pub mod planned;
pub mod result;
pub mod sampler;
pub mod settings;
pub mod state;
pub mod steps;
