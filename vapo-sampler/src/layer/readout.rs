//! Φ = Σ o·q[1..] + 0.05 Σ_pixels mean_channels(o²) + ½ q[0] ‖x‖² of the inputs o, q and x.
//!
//! The cotangent of Φ is 1: nothing comes after it.

#[cfg(feature = "float")]
mod float;
#[cfg(feature = "integer")]
mod integer;

use super::At;
use crate::arithmetic::Arithmetic;

/// What the read-out makes of its inputs.
pub(crate) trait ReadOut<A: Arithmetic> {
    /// The potential of the inputs o and q, and the signal.
    fn potential(&self, at: &At<'_>, o: &[A::Value], q: &[A::Value], x: &[f32]) -> f32;

    /// q\[0\]: the potential's ½ q\[0\] ‖x‖².
    fn quadratic(&self, at: &At<'_>, q: &[A::Value]) -> f32;
}

/// ‖x‖².
pub(crate) fn squared_norm(x: &[f32]) -> f32 {
    x.iter().map(|x| x * x).sum()
}
