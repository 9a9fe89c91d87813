//! 3×3 convolution.

use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Kernels, Matrix, Recording};
use dfdx::prelude::*;

/// (N, H, W, C) → (N, H, W, columns).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    matrix: &Matrix<E, D>,
    input: &Images<E, D>,
    leaf: bool,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    K::convolution(Convolution { window: Window::Same3x3, matrix, leaf }, input, recording)
}
