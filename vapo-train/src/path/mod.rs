//! What a batch looks at: samples on the path from noise to data, and when.
//!
//! | module | concept |
//! |---|---|
//! | [`coupling`] | which noise belongs to which image |
//! | [`draws`] | what samples of a batch share |
//! | [`times`] | the density of the times that a batch looks at |
//! | [`homotopy`] | the path itself: points on it, and the velocity there |

pub mod coupling;
pub mod draws;
pub mod homotopy;
pub mod times;

pub use coupling::Coupling;
pub use draws::{Batch, Draws};
pub use homotopy::{LATEST, Path, PathError};
pub use times::Times;
