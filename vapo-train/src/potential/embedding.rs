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

/// Sines of t·f for all frequencies f, then cosines, of every time t; and their derivatives with respect to time.
pub(super) struct Features<E> {
    /// (N, features).
    pub(super) values: Vec<E>,
    /// (N, features).
    slopes: Vec<E>,
}

impl<E: Dtype> Features<E> {
    pub(super) fn new(times: &[E]) -> Self {
        let number = |value| E::from_f64(value).unwrap_or_default();
        let [mut values, mut slopes] = [(); 2].map(|()| Vec::with_capacity(times.len() * TIME_FEATURES));
        for time in times {
            let time = time.to_f64().unwrap_or_default();
            let waves = FREQUENCIES.map(|frequency| {
                let frequency = f64::from(frequency);
                (frequency, libm::sincos(time * frequency))
            });
            values.extend(waves.iter().map(|&(_, (sine, _))| number(sine)));
            values.extend(waves.iter().map(|&(_, (_, cosine))| number(cosine)));
            slopes.extend(waves.iter().map(|&(frequency, (_, cosine))| number(frequency * cosine)));
            slopes.extend(waves.iter().map(|&(frequency, (sine, _))| number(-frequency * sine)));
        }
        Features { values, slopes }
    }

    /// Tangents of the features where time moves by `rates`, (N,).
    pub(super) fn tangents(&self, rates: &[E]) -> Vec<E> {
        let rows = self.slopes.chunks_exact(TIME_FEATURES).zip(rates);
        rows.flat_map(|(slopes, &rate)| slopes.iter().map(move |&slope| slope * rate)).collect()
    }

    /// ∂Φ/∂t, (N,), from the cotangents of the features.
    pub(super) fn time_rate(&self, cotangents: &[E]) -> Vec<E> {
        let rows = self.slopes.chunks_exact(TIME_FEATURES).zip(cotangents.chunks_exact(TIME_FEATURES));
        rows.map(|(slopes, cotangents)| slopes.iter().zip(cotangents).fold(E::default(), |sum, (&a, &b)| sum + a * b))
            .collect()
    }
}
