//! How files are read and written, whatever they hold. What comes from outside is read within bounds of memory; what is
//! written is whole or not there.
//!
//! | module | concept |
//! |---|---|
//! | [`bounded`] | no file exhausts memory by being read |
//! | [`incidental`] | what lies beside data and is none |
//! | [`raster`] | pictures from outside, as pixels |
//! | [`mod@array`] | arrays of NumPy from outside |
//! | [`images`] | images and masks of a model, out of pictures and arrays |
//! | [`atomic`] | files that are whole or not there |
//! | [`temporary`] | files that have no name yet, and none of which is left |
//! | [`digest`] | digests as text |
//! | [`seal`] | a file of tensors that was damaged is told |

pub mod array;
pub mod atomic;
pub mod bounded;
pub mod digest;
pub mod images;
pub mod incidental;
pub(crate) mod inflation;
pub mod raster;
pub mod seal;
pub mod temporary;

pub use atomic::write_atomically;
