//! The channels of two activations, pixel by pixel.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::*;
use vapo_format::layer::Concat;

/// (N, H, W, C₀) and (N, H, W, C₁) → (N, H, W, C₀ + C₁). Linear: the tangent is that of the tangents.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Concat,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let (x, y) = (operands.inputs[0], operands.inputs[1]);
    recording.record(x, |x| (x, y.clone()).concat_along(Axis::<3>))
}
