//! SiLU, then a 1×1 convolution.

use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Kernels, Matrix, Recording};
use dfdx::prelude::*;

/// (N, H, W, C) → (N, H, W, columns).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    matrix: &Matrix<E, D>,
    input: &Images<E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let active = K::silu(input, recording);
    K::convolution(Convolution { window: Window::Pixel, matrix, leaf: false }, &active, recording)
}
