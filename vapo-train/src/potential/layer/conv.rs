//! A convolution; over one pixel, a linear map.

use super::Operands;
use crate::ops::{Convolution, Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::Conv;

/// (N, H, W, C) → (N, H/stride, W/stride, channels).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    conv: Conv,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let Operands { inputs, matrix, leaf } = operands;
    let matrix = matrix.unwrap_or_else(|| unreachable!("a convolution has a matrix"));
    K::convolution(Convolution { window: conv.into(), matrix, leaf }, inputs[0], recording)
}
