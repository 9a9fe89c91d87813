//! The embedding of time: sines and cosines, two linear maps with SiLU.

use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Kernels, Matrix, Recording};
use dfdx::prelude::*;
use vapo_format::architecture::{FREQUENCIES, TIME_FEATURES};

/// (N, 1, 1, features) → (N, 1, 1, embedding).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    [first, second]: [&Matrix<E, D>; 2],
    features: &Images<E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let linear = |matrix, leaf| Convolution { window: Window::Pixel, matrix, leaf };
    let hidden = K::convolution(linear(first, true), features, recording);
    let active = K::silu(&hidden, recording);
    let output = K::convolution(linear(second, false), &active, recording);
    K::silu(&output, recording)
}

/// Sines of t·f for all frequencies f, then cosines, of every time.
pub(super) fn features<E: Dtype>(times: &[E]) -> Vec<E> {
    each(times, |phase, _| phase.sin(), |phase, _| phase.cos())
}

/// Tangents of the features where time moves by `rates`.
pub(super) fn tangents<E: Dtype>(times: &[E], rates: &[E]) -> Vec<E> {
    let slopes = slopes(times);
    slopes
        .chunks_exact(TIME_FEATURES)
        .zip(rates)
        .flat_map(|(slopes, &rate)| slopes.iter().map(move |&s| s * rate))
        .collect()
}

/// ∂Φ/∂t from the cotangents of the features.
pub(super) fn time_rate<E: Dtype>(cotangents: &[E], times: &[E]) -> Vec<E> {
    let slopes = slopes(times);
    let pairs = slopes.chunks_exact(TIME_FEATURES).zip(cotangents.chunks_exact(TIME_FEATURES));
    pairs
        .map(|(slopes, cotangents)| slopes.iter().zip(cotangents).fold(E::default(), |sum, (&a, &b)| sum + a * b))
        .collect()
}

/// Derivatives of the features with respect to time.
fn slopes<E: Dtype>(times: &[E]) -> Vec<E> {
    each(times, |phase, frequency| frequency * phase.cos(), |phase, frequency| -frequency * phase.sin())
}

fn each<E: Dtype>(times: &[E], first: impl Fn(f64, f64) -> f64, second: impl Fn(f64, f64) -> f64) -> Vec<E> {
    let number = |value| E::from_f64(value).unwrap_or_default();
    let mut out = Vec::with_capacity(times.len() * TIME_FEATURES);
    for time in times {
        let time = time.to_f64().unwrap_or_default();
        let phases = FREQUENCIES.map(|frequency| (time * f64::from(frequency), f64::from(frequency)));
        out.extend(phases.iter().map(|&(phase, frequency)| number(first(phase, frequency))));
        out.extend(phases.iter().map(|&(phase, frequency)| number(second(phase, frequency))));
    }
    out
}
