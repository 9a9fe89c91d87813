//! Φ = Σ o·q[1..] + 0.05 Σ_pixels mean_channels(o²) + ½ q[0] ‖x‖², where o is the head's output.

use vapo_format::architecture::SQUARES;

/// The part of the potential that the head's output `o` makes, for its `weights` q[1..].
pub(super) fn potential(weights: &[f32], o: &[f32]) -> f32 {
    let channels = weights.len().max(1);
    let pixel = |o: &[f32]| -> f32 {
        let linear: f32 = o.iter().zip(weights).map(|(o, weight)| o * weight).sum();
        linear + SQUARES / channels as f32 * squared_norm(o)
    };
    o.chunks_exact(channels).map(pixel).sum()
}

/// Replaces the head's output by its cotangent.
pub(super) fn reverse(weights: &[f32], o: &mut [f32]) {
    let channels = weights.len().max(1);
    let factor = 2.0 * SQUARES / channels as f32;
    for pixel in o.chunks_exact_mut(channels) {
        pixel.iter_mut().zip(weights).for_each(|(o, weight)| *o = weight + factor * *o);
    }
}

/// ‖x‖².
pub(super) fn squared_norm(x: &[f32]) -> f32 {
    x.iter().map(|x| x * x).sum()
}
