//! Arithmetic that several stages share.
//!
//! | module | concept |
//! |---|---|
//! | [`extent`] | slices that do not fit together are refused |
//! | [`mod@levels`] | from values to grey levels and back |
//! | [`random`] | random numbers, the same on every machine |
//! | `sums` | sums and moments, always in the same order |

pub mod extent;
pub mod levels;
pub mod random;
pub(crate) mod sums;
