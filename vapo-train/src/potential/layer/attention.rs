//! Every pixel a mean of all pixels' values, weighted by how their keys agree with its query.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::Attention;

/// (N, H, W, 3C) → (N, H, W, C).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    layer: Attention,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    K::attention(layer.heads.into(), operands.inputs[0], recording)
}
