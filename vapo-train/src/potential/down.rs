//! 2×2 convolution of stride 2.

use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Kernels, Matrix, Pass};
use dfdx::prelude::*;

/// (N, H, W, C) → (N, H/2, W/2, columns).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    matrix: &Matrix<E, D>,
    input: &Images<E, D>,
    leaf: bool,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    K::convolution(Convolution { window: Window::Down2x2, matrix, residual: None, leaf, pass }, input, tape)
}
