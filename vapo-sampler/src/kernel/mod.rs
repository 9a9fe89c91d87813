//! The loops that take the time: products of activations and weights.

pub(crate) mod float;
