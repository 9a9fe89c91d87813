//! SiLU, silu(x) = x / (1 + e⁻ˣ), of x or of x·(1 + scale) + shift. It works in place.

#[cfg(feature = "float")]
pub(crate) mod float;
#[cfg(feature = "integer")]
mod integer;
