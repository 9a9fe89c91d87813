//! The loops that take the time: products of activations and weights.

#[cfg(feature = "float")]
pub(crate) mod float;
