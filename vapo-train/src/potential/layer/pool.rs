//! The mean of each block of pixels.

use super::Operands;
use crate::ops::{Images, Kernels, Recording};
use dfdx::prelude::*;
use vapo_format::layer::Pool;

/// (N, H, W, C) → (N, H/rows, W/columns, C). Linear: the tangent is that of the tangents; in reverse, each pixel gets its share.
pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    layer: Pool,
    operands: Operands<'_, E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let input = operands.inputs[0];
    let (images, height, width, channels) = *input.shape();
    let ([rows, columns], all) = (layer.block.map(usize::from), images * height * width);
    let (count, pixels) = (rows * columns, all / (rows * columns));
    // Of every block, all pixels. Rows of a batch's images follow one another, so the image needs no index of its own.
    let index: Vec<usize> = (0..pixels)
        .map(|pixel| (pixel / (width / columns) * rows, pixel % (width / columns) * columns))
        .flat_map(|(row, column)| {
            (0..count).map(move |i| (row + i / columns) * width + column + i % columns)
        })
        .collect();
    let index: Tensor<(usize,), usize, D> = input.device().tensor_from_vec(index, (all,));
    let share = E::from_f64(1.0 / count as f64).unwrap_or_default();
    recording.record(input, |input| {
        let blocks: Tensor<(usize, usize), E, D, _> = input.reshape_like(&(all, channels)).gather(index);
        let sums: Tensor<(usize, usize), E, D, _> = blocks.reshape_like(&(pixels, count, channels)).sum::<_, Axis<1>>();
        (sums * share).reshape_like(&(images, height / rows, width / columns, channels))
    })
}
