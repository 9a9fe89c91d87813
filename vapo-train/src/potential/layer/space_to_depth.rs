//! Each 2×2 block of pixels, or 1×2 of a series, becomes the channels of one.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::{Device, Dtype, GatherTo, HasShape, ReshapeTo, Tensor};
use vapo_format::Shape;
use vapo_format::layer::SpaceToDepth;

/// (N, H, W, C) → (N, H/rows, W/columns, rows·columns·C). A permutation: its tangent is itself, its reverse undoes it.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    _: SpaceToDepth,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let input = operands.inputs[0];
    let (images, height, width, channels) = *input.shape();
    let all = images * height * width;
    let block = SpaceToDepth::block(Shape { channels: 1, height: height as u16, width: width as u16 });
    let [rows, columns] = block.map(usize::from);
    let index: Vec<usize> = (0..images * height / rows)
        .flat_map(|row| (0..width / columns).map(move |column| rows * row * width + columns * column))
        .flat_map(|corner| (0..rows).flat_map(move |dy| (0..columns).map(move |dx| corner + dy * width + dx)))
        .collect();
    let index: Tensor<(usize,), usize, D> = input.device().tensor_from_vec(index, (all,));
    recording.record(input, |input| {
        let output: Tensor<(usize, usize), E, D, _> = input.reshape_like(&(all, channels)).gather(index);
        output.reshape_like(&(images, height / rows, width / columns, rows * columns * channels))
    })
}
