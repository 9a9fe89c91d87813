//! Each pixel several times: twice the height and width, or one of both.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::*;
use vapo_format::layer::Up;

/// (N, H, W, C) → (N, H·rows, W·columns, C). Linear: the tangent is that of each pixel, as often; in reverse, cotangents add up.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    up: Up,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let input = operands.inputs[0];
    let (images, height, width, channels) = *input.shape();
    let ([rows, columns], all) = (up.factor.map(usize::from), images * height * width);
    // Rows of a batch's images follow one another, so the image needs no index of its own.
    let index: Vec<usize> = (0..rows * images * height)
        .flat_map(|row| (0..columns * width).map(move |column| row / rows * width + column / columns))
        .collect();
    let index: Tensor<(usize,), usize, D> = input.device().tensor_from_vec(index, (rows * columns * all,));
    recording.record(input, |input| {
        let output: Tensor<(usize, usize), E, D, _> = input.reshape_like(&(all, channels)).gather(index);
        output.reshape_like(&(images, rows * height, columns * width, channels))
    })
}
