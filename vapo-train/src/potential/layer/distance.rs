//! From an image and the signal to the potential ½‖x − f‖².

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::Distance;

/// (N, H, W, C) and the signal → (N, 1, 1, 1).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Distance,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    K::distance(operands.inputs[0], operands.inputs[1], recording)
}
