//! Φ = Σ o·q[1..] + 0.05 Σ_pixels mean_channels(o²) + ½ q[0] ‖x‖² of the inputs o, q and x.
//!
//! The cotangent of Φ is 1: nothing comes after it.

use super::{At, Compute, Values};
use vapo_format::layer::{Readout, SQUARES};

impl Compute for Readout {
    fn forward(&self, _: At<'_>, [o, q, x]: Values<'_>, y: &mut [f32]) {
        let Some((quadratic, weights)) = q.split_first() else { return };
        let channels = weights.len().max(1);
        let pixel = |o: &[f32]| -> f32 {
            let linear: f32 = o.iter().zip(weights).map(|(o, weight)| o * weight).sum();
            linear + SQUARES / channels as f32 * squared_norm(o)
        };
        let encoded: f32 = o.chunks_exact(channels).map(pixel).sum();
        y.fill(encoded + 0.5 * quadratic * squared_norm(x));
    }

    fn reverse(&self, _: At<'_>, [_, q, x]: Values<'_>, _: &mut [f32], to: &mut [f32], position: usize) {
        let Some((quadratic, weights)) = q.split_first() else { return };
        let channels = weights.len().max(1);
        if position == 0 {
            let factor = 2.0 * SQUARES / channels as f32;
            for pixel in to.chunks_exact_mut(channels) {
                pixel.iter_mut().zip(weights).for_each(|(o, weight)| *o = weight + factor * *o);
            }
        } else {
            to.iter_mut().zip(x).for_each(|(to, x)| *to = quadratic * x);
        }
    }
}

/// ‖x‖².
pub(crate) fn squared_norm(x: &[f32]) -> f32 {
    x.iter().map(|x| x * x).sum()
}
