//! Convolutions: gathered windows, times weights.

use super::streams::{plus, recorded, rows, streams};
use crate::ops::kernel::window::Window;
use crate::ops::{Convolution, Images, Pass};
use dfdx::prelude::*;

pub(super) fn convolution<E: Dtype, D: Device<E>>(
    op: Convolution<'_, E, D>,
    input: &Images<E, D>,
    pass: Pass,
    tape: &mut OwnedTape<E, D>,
) -> Images<E, D> {
    let (images, height, width, channels) = *input.shape();
    let columns = op.matrix.weight.shape().1;
    let (rows_out, columns_out) = op.window.output(height, width);
    let pixels = images * rows_out * columns_out;
    let all = images * height * width;

    let mut table = recorded(input, tape, |input| input.reshape_like(&(all, channels)));
    if op.window != Window::PIXEL {
        let border = input.device().zeros_like(&(1usize, channels));
        let bordered = recorded(&table, tape, |table| (table, border).concat_along(Axis::<0>));
        let windows = rows(&bordered, window_pixels(op.window, images, height, width), tape);
        table = recorded(&windows, tape, |windows| windows.reshape_like(&(pixels, op.window.inputs(channels))));
    }
    let output = recorded(&table, tape, |table| table.matmul(op.matrix.weight.clone()));
    // One for every pixel of the values, zero for the tangents: only values get the bias.
    let with_bias = pixels / streams(pass);
    let ones: Vec<E> = (0..pixels).map(|i| E::from_usize((i < with_bias) as usize).unwrap_or_default()).collect();
    let ones = input.device().tensor_from_vec(ones, (pixels, 1usize));
    let bias = recorded(&ones, tape, |ones| ones.matmul(op.matrix.bias.clone()));
    let output = plus(&output, &bias, tape);
    recorded(&output, tape, |output| output.reshape_like(&(images, rows_out, columns_out, columns)))
}

/// For each output pixel the input pixels of its window; the number of input pixels stands for the border.
fn window_pixels(window: Window, images: usize, height: usize, width: usize) -> Vec<usize> {
    let (rows, columns) = window.output(height, width);
    let ((down, right), (above, left), (tap_rows, tap_columns)) = (window.step(), window.border(), window.rows(1));
    let mut index = Vec::with_capacity(images * rows * columns * window.taps());
    for image in 0..images {
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            for (dy, dx) in (0..tap_rows).flat_map(|dy| (0..tap_columns).map(move |dx| (dy, dx))) {
                let (y, x) = ((row * down + dy).wrapping_sub(above), (column * right + dx).wrapping_sub(left));
                let inside = y < height && x < width;
                index.push(if inside { (image * height + y) * width + x } else { images * height * width });
            }
        }
    }
    index
}
