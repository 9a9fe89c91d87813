//! The points of a batch: samples on the path from noise to data, and their times.
//!
//! | module | concept |
//! |---|---|
//! | [`coupling`] | which noise belongs to which image |
//! | [`draws`] | how the samples of a batch are drawn |
//! | [`times`] | the density of the times of a batch |
//! | [`homotopy`] | the path itself: points on it, and the velocity there |

pub mod coupling;
pub mod draws;
pub mod homotopy;
pub mod times;

pub use coupling::Coupling;
pub use draws::{Batch, Draws};
pub use homotopy::{LATEST, Path, PathError};
pub use times::Times;
