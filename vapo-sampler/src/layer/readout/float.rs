//! In float arithmetic.

use super::{ReadOut, squared_norm};
use crate::arithmetic::float::Float;
use crate::layer::{At, Compute, Room, Values};
use vapo_format::layer::{Readout, SQUARES};

/// The potential of f32 inputs.
fn potential(o: &[f32], q: &[f32], x: &[f32]) -> f32 {
    let Some((quadratic, weights)) = q.split_first() else { return 0.0 };
    let channels = weights.len().max(1);
    let pixel = |o: &[f32]| -> f32 {
        let linear: f32 = o.iter().zip(weights).map(|(o, weight)| o * weight).sum();
        linear + SQUARES / channels as f32 * squared_norm(o)
    };
    let encoded: f32 = o.chunks_exact(channels).map(pixel).sum();
    encoded + 0.5 * quadratic * squared_norm(x)
}

impl Compute<Float> for Readout {
    fn forward(&self, _: &At<'_>, _: Values<'_, f32>, _: &mut [f32], _: Room<'_>) {}

    fn reverse(&self, _: &At<'_>, [_, q, _]: Values<'_, f32>, _: &mut [f32], to: &mut [f32], _: usize, _: Room<'_>) {
        let Some((_, weights)) = q.split_first() else { return };
        let channels = weights.len().max(1);
        let factor = 2.0 * SQUARES / channels as f32;
        for pixel in to.chunks_exact_mut(channels) {
            pixel.iter_mut().zip(weights).for_each(|(o, weight)| *o = weight + factor * *o);
        }
    }
}

impl ReadOut<Float> for Readout {
    fn potential(&self, _: &At<'_>, o: &[f32], q: &[f32], x: &[f32]) -> f32 {
        potential(o, q, x)
    }

    fn quadratic(&self, _: &At<'_>, q: &[f32]) -> f32 {
        q.first().copied().unwrap_or_default()
    }
}
