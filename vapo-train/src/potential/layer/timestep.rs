//! Features of time as diffusion models have them: cosines and sines.

use super::{Features, Operands};
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::Timestep;

/// (N, 1, 1, features): what a pass begins with, [`features`] or their tangents.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Timestep,
    operands: Operands<'_, E, D>,
    _: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    operands.inputs[0].clone()
}

/// Cosines of t·f for a node's frequencies f, then sines, of every time t; and their derivatives with respect to time.
pub(crate) fn features<E: Dtype>(step: Timestep, times: &[E]) -> Features<E> {
    let number = |value| E::from_f64(value).unwrap_or_default();
    let [mut values, mut slopes] = [(); 2].map(|()| Vec::with_capacity(times.len() * usize::from(step.features)));
    for time in times {
        let time = time.to_f64().unwrap_or_default();
        let waves = || step.frequencies().map(|frequency| (frequency, libm::sincos(time * frequency)));
        values.extend(waves().map(|(_, (_, cosine))| number(cosine)));
        values.extend(waves().map(|(_, (sine, _))| number(sine)));
        slopes.extend(waves().map(|(frequency, (sine, _))| number(-frequency * sine)));
        slopes.extend(waves().map(|(frequency, (_, cosine))| number(frequency * cosine)));
    }
    Features { values, slopes, count: step.features.into() }
}
