//! SiLU, then a 1×1 convolution.

use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Kernels, Matrix, Pass};
use dfdx::prelude::*;

/// (N, H, W, C) → (N, H, W, columns).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    matrix: &Matrix<E, D>,
    input: &Images<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    let active = K::silu(input, pass, tape);
    K::convolution(Convolution { window: Window::Pixel, matrix, residual: None, leaf: false, pass }, &active, tape)
}
