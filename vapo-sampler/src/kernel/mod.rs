//! The loops that take the time.
//!
//! | module | concept |
//! |---|---|
//! | `float` | float arithmetic: products of taps, in one order of summation |
//! | [`convolution`] | integer arithmetic: convolutions forward and in reverse, for devices |
//! | `rounding` | integer arithmetic: from 32 bits to 16 |
//! | [`silu`] | integer arithmetic: SiLU and its derivative |
//! | `wide` | both again for hosts, by the widest vectors of the processor, with the feature `wide` |
//!
//! Sums of integers are exact in any order, so each processor computes them by its best instructions and gets the same bits.

pub mod convolution;
#[cfg(feature = "float")]
pub(crate) mod float;
pub(crate) mod rounding;
pub mod silu;
#[cfg(feature = "wide")]
pub mod wide;
