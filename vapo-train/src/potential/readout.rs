//! From the head's output, the embedding and the image to the potential.

use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Kernels, Matrix, Recording, Scalars};
use dfdx::prelude::*;

/// (N,) potentials, then in a dual pass their tangents.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    matrix: &Matrix<E, D>,
    head: &Images<E, D>,
    embedding: &Images<E, D>,
    images: &Images<E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Scalars<E, D> {
    let convolution = Convolution { window: Window::Pixel, matrix, leaf: false };
    let factors = K::convolution(convolution, embedding, recording);
    K::readout(head, &factors, images, recording)
}
