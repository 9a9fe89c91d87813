//! Each pixel four times: twice the height and width.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::*;
use vapo_format::layer::Up;

/// (N, H, W, C) → (N, 2H, 2W, C). Linear: the tangent is that of each pixel, four times; in reverse, cotangents add up.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: Up,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let input = operands.inputs[0];
    let (images, height, width, channels) = *input.shape();
    let all = images * height * width;
    // Rows of a batch's images follow one another, so the image needs no index of its own.
    let index: Vec<usize> = (0..2 * images * height)
        .flat_map(|row| (0..2 * width).map(move |column| row / 2 * width + column / 2))
        .collect();
    let index: Tensor<(usize,), usize, D> = input.device().tensor_from_vec(index, (4 * all,));
    recording.record(input, |input| {
        let output: Tensor<(usize, usize), E, D, _> = input.reshape_like(&(all, channels)).gather(index);
        output.reshape_like(&(images, 2 * height, 2 * width, channels))
    })
}
