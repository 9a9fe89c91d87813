//! The signal x: what a pass begins with.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype};
use vapo_format::layer::Signal;

/// (N, H, W, C).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Signal,
    operands: Operands<'_, E, D>,
    _: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    operands.inputs[0].clone()
}
