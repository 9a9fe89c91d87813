//! Arithmetic that several stages share.
//!
//! | module | concept |
//! |---|---|
//! | [`extent`] | slices that do not fit together are refused |
//! | `sums` | sums and moments, always in the same order |

pub mod extent;
pub(crate) mod sums;
