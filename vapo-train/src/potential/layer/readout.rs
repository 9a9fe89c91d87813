//! From the encoder's output, the factors and the signal to the potential.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::Readout;

/// (N, H, W, C), (N, 1, 1, 1 + C) and the signal → (N, 1, 1, 1).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Readout,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let [head, factors, signal] = [0, 1, 2].map(|position| operands.inputs[position]);
    K::readout(head, factors, signal, recording)
}
