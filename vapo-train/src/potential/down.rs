//! 2×2 convolution of stride 2.

use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Kernels, Matrix, Recording};
use dfdx::prelude::*;

/// (N, H, W, C) → (N, H/2, W/2, columns).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    matrix: &Matrix<E, D>,
    input: &Images<E, D>,
    leaf: bool,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    K::convolution(Convolution { window: Window::Down2x2, matrix, leaf }, input, recording)
}
