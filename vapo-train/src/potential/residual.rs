//! x + conv₂(silu(conv₁(silu(x))·(1 + scale) + shift)), (scale, shift) = film(embedding).

use crate::ops::kernel::window::Window;
use crate::ops::{Block, Convolution, Images, Kernels, Matrix, Recording};
use dfdx::prelude::*;

/// (N, H, W, C) → (N, H, W, C).
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    [conv1, film, conv2]: [&Matrix<E, D>; 3],
    input: &Images<E, D>,
    embedding: &Images<E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let linear = Convolution { window: Window::Pixel, matrix: film, leaf: false };
    let film = &K::convolution(linear, embedding, recording);
    K::residual(Block { conv1, film, conv2 }, input, recording)
}
