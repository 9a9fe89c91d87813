//! The sum of two activations.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::*;
use vapo_format::layer::Add;

/// (N, H, W, C), twice → (N, H, W, C). Linear: the tangent is the tangents' sum.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Add,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let (x, y) = (operands.inputs[0], operands.inputs[1]);
    recording.record(x, |x| x + y.clone())
}
