//! x + conv₂(silu(conv₁(silu(x))·(1 + scale) + shift)), (scale, shift) = film(embedding).

use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Kernels, Matrix, Pass};
use dfdx::prelude::*;

/// (N, H, W, C) → (N, H, W, C).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    [conv1, film, conv2]: [&Matrix<E, D>; 3],
    input: &Images<E, D>,
    embedding: &Images<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    let convolution = |window, matrix, residual| Convolution { window, matrix, residual, leaf: false, pass };
    let film = K::convolution(convolution(Window::Pixel, film, None), embedding, tape);
    let active = K::silu(input, pass, tape);
    let hidden = K::convolution(convolution(Window::Same3x3, conv1, None), &active, tape);
    let active = K::film_silu(&hidden, &film, pass, tape);
    K::convolution(convolution(Window::Same3x3, conv2, Some(input)), &active, tape)
}
