//! Each group of channels at mean 0 and variance 1, then a scale and a shift a channel.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::GroupNorm;

/// (N, H, W, C) → (N, H, W, C).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    layer: GroupNorm,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let matrix = operands.matrix.unwrap_or_else(|| unreachable!("a group norm has a matrix"));
    K::group_norm(layer.groups.into(), matrix, operands.inputs[0], recording)
}
