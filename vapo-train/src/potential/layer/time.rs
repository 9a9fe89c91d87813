//! Features of time: sines and cosines.

use super::{Features, Operands};
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::{FREQUENCIES, Time};

/// (N, 1, 1, features): what a pass begins with, [`features`] or their tangents.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Time,
    operands: Operands<'_, E, D>,
    _: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    operands.inputs[0].clone()
}

/// Sines of t·f for a node's frequencies f, then cosines, of every time t; and their derivatives with respect to time.
pub(crate) fn features<E: Dtype>(time: Time, times: &[E]) -> Features<E> {
    let number = |value| E::from_f64(value).unwrap_or_default();
    let (frequencies, count) = (time.frequencies(), usize::from(time.features));
    let [mut values, mut slopes] = [(); 2].map(|()| Vec::with_capacity(times.len() * count));
    for time in times {
        let time = time.to_f64().unwrap_or_default();
        let mut waves = [(0.0, (0.0, 0.0)); FREQUENCIES.len()];
        for (wave, &frequency) in waves.iter_mut().zip(frequencies) {
            let frequency = f64::from(frequency);
            *wave = (frequency, libm::sincos(time * frequency));
        }
        let waves = &waves[..frequencies.len()];
        values.extend(waves.iter().map(|&(_, (sine, _))| number(sine)));
        values.extend(waves.iter().map(|&(_, (_, cosine))| number(cosine)));
        slopes.extend(waves.iter().map(|&(frequency, (_, cosine))| number(frequency * cosine)));
        slopes.extend(waves.iter().map(|&(frequency, (sine, _))| number(-frequency * sine)));
    }
    Features { values, slopes, count }
}
