//! x + conv₂(silu(conv₁(silu(x))·(1 + scale) + shift)), (scale, shift) = film(embedding).

use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Kernels, Matrix, Recording};
use dfdx::prelude::*;

/// (N, H, W, C) → (N, H, W, C).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    [conv1, film, conv2]: [&Matrix<E, D>; 3],
    input: &Images<E, D>,
    embedding: &Images<E, D>,
    recording: &mut Recording<E, D, K::Memory>,
) -> Images<E, D> {
    let convolution = |window, matrix, residual| Convolution { window, matrix, residual, leaf: false };
    let film = K::convolution(convolution(Window::Pixel, film, None), embedding, recording);
    let active = K::silu(input, recording);
    let hidden = K::convolution(convolution(Window::Same3x3, conv1, None), &active, recording);
    let active = K::film_silu(&hidden, &film, recording);
    K::convolution(convolution(Window::Same3x3, conv2, Some(input)), &active, recording)
}
