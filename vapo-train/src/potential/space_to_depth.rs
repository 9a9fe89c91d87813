//! Each 2×2 block of pixels becomes the channels of one.

use crate::ops::Images;
use dfdx::prelude::*;

/// (N, H, W, C) → (N, H/2, W/2, 4C). A permutation: its tangent is itself, its reverse undoes it.
pub(super) fn forward<E: Dtype, D: Device<E>>(input: &Images<E, D>, tape: &mut OwnedTape<E, D>) -> Images<E, D> {
    let (images, height, width, channels) = *input.shape();
    let all = images * height * width;
    let index: Vec<usize> = (0..images * height / 2)
        .flat_map(|row| (0..width / 2).map(move |column| (2 * row) * width + 2 * column))
        .flat_map(|corner| [corner, corner + 1, corner + width, corner + width + 1])
        .collect();
    let index: Tensor<(usize,), usize, D> = input.device().tensor_from_vec(index, (all,));
    let table = input.clone().put_tape(std::mem::take(tape)).reshape_like(&(all, channels));
    let output: Tensor<(usize, usize), E, D, _> = table.gather(index);
    let (output, after) = output.reshape_like(&(images, height / 2, width / 2, 4 * channels)).split_tape();
    *tape = after;
    output
}
