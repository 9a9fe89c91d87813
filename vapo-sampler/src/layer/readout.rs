//! Φ = Σ o·q[1..] + 0.05 Σ_pixels mean_channels(o²) + ½ q[0] ‖x‖² of the inputs o, q and x.
//!
//! The cotangent of Φ is 1: nothing comes after it.

#[cfg(feature = "float")]
pub(crate) mod float;
#[cfg(feature = "integer")]
pub(crate) mod integer;

/// ‖x‖².
pub(crate) fn squared_norm(x: &[f32]) -> f32 {
    x.iter().map(|x| x * x).sum()
}
