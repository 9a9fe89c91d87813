//! Each 2×2 block of pixels becomes the channels of one.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::*;
use vapo_format::layer::SpaceToDepth;

/// (N, H, W, C) → (N, H/2, W/2, 4C). A permutation: its tangent is itself, its reverse undoes it.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: SpaceToDepth,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let input = operands.inputs[0];
    let (images, height, width, channels) = *input.shape();
    let all = images * height * width;
    let index: Vec<usize> = (0..images * height / 2)
        .flat_map(|row| (0..width / 2).map(move |column| (2 * row) * width + 2 * column))
        .flat_map(|corner| [corner, corner + 1, corner + width, corner + width + 1])
        .collect();
    let index: Tensor<(usize,), usize, D> = input.device().tensor_from_vec(index, (all,));
    recording.record(input, |input| {
        let output: Tensor<(usize, usize), E, D, _> = input.reshape_like(&(all, channels)).gather(index);
        output.reshape_like(&(images, height / 2, width / 2, 4 * channels))
    })
}
