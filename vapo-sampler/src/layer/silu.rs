//! SiLU, silu(x) = x / (1 + e⁻ˣ), of x or of x·(1 + scale) + shift. It works in place.

#[cfg(feature = "float")]
mod float;
#[cfg(feature = "integer")]
mod integer;
