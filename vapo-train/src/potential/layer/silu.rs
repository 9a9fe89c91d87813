//! SiLU, with or without FiLM before it.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::Silu;

/// (N, H, W, C) and, for FiLM, (N, 1, 1, 2C) → (N, H, W, C).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Silu,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    K::silu(operands.inputs[0], operands.inputs.get(1).copied(), recording)
}
