//! Convolutions.

use super::{Cotangents, Recorded};
use crate::ops::kernel::product::{Product, contiguous, product};
use crate::ops::kernel::real::Real;
use crate::ops::kernel::weight_gradient::{WeightGradient, weight_gradient};
use crate::ops::kernel::window::{Extent, Window, bordered};
use crate::ops::{Convolution, Images, Pass, values};
use dfdx::prelude::*;

/// windows(input) × weights + bias + residual; the bias goes to values, not to tangents.
pub(super) fn convolution<E: Real>(
    op: Convolution<'_, E, Cpu>,
    input: &Images<E, Cpu>,
    tape: &mut OwnedTape<E, Cpu>,
) -> Images<E, Cpu> {
    let extent @ (images, height, width, channels) = *input.shape();
    let columns = op.matrix.weight.shape().1;
    let (rows, row_values) = op.window.output(height, width);
    let pixels = images * rows * row_values;
    let placed = op.window.place(values(input), extent);
    let weights = values(&op.matrix.weight);
    let mut output = op.residual.map_or_else(|| vec![E::default(); pixels * columns], values);
    let with_bias = pixels / op.pass.streams() * columns;
    add_bias(&mut output[..with_bias], &values(&op.matrix.bias));
    let starts = op.window.starts(extent);
    let (window_rows, run) = op.window.rows(channels);
    let row_stride = op.window.row_stride(extent);
    product(Product {
        input: &placed,
        starts: &starts,
        rows: window_rows,
        run,
        row_stride,
        weights: &weights,
        columns,
        output: &mut output,
        places: &contiguous(pixels, columns),
    });

    let output = input.device().tensor_from_vec(output, (images, rows, row_values, columns));
    let input_gradient = op.input_gradient().then_some(InputGradient { window: op.window, extent, columns, weights });
    let weight_gradient_wanted = op.pass != Pass::Value;
    let (of_input, of_output) = (input.ghost(), output.ghost());
    let (of_weight, of_bias) = (op.matrix.weight.ghost(), op.matrix.bias.ghost());
    let of_residual = op.residual.map(|residual| residual.ghost());
    tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        if let Some(of_residual) = of_residual {
            grads.get_or_alloc_mut(&of_residual)?.iter_mut().zip(&g).for_each(|(to, g)| *to += *g);
        }
        if weight_gradient_wanted {
            let to = grads.get_or_alloc_mut(&of_bias)?;
            for g in g[..with_bias].chunks_exact(columns) {
                to.iter_mut().zip(g).for_each(|(to, g)| *to += *g);
            }
            weight_gradient(WeightGradient {
                input: &placed,
                starts: &starts,
                rows: window_rows,
                run,
                row_stride,
                cotangent: &g,
                columns,
                gradient: grads.get_or_alloc_mut(&of_weight)?,
            });
        }
        if let Some(input_gradient) = input_gradient {
            input_gradient.add(&g, grads.get_or_alloc_mut(&of_input)?);
        }
        Ok(())
    });
    output
}

fn add_bias<E: Real>(output: &mut [E], bias: &[E]) {
    for output in output.chunks_exact_mut(bias.len()) {
        output.iter_mut().zip(bias).for_each(|(output, bias)| *output += *bias);
    }
}

/// The gradient of the input: the same weights, transposed.
struct InputGradient<E> {
    window: Window,
    extent: Extent,
    columns: usize,
    /// (window, columns).
    weights: Vec<E>,
}

impl<E: Real> InputGradient<E> {
    fn add(&self, g: &[E], to: &mut [E]) {
        match self.window {
            Window::Same3x3 => self.same3x3(g, to),
            Window::Down2x2 | Window::Pixel => self.rows_of_window(g, to),
        }
    }

    /// The 3×3 convolution of the cotangent with the weights turned by 180° and transposed.
    fn same3x3(&self, g: &[E], to: &mut [E]) {
        let (images, height, width, channels) = self.extent;
        let of_output = (images, height, width, self.columns);
        let taps: Vec<Vec<E>> =
            self.weights.chunks_exact(channels * self.columns).map(|tap| transposed(tap, self.columns)).collect();
        let weights: Vec<E> = taps.into_iter().rev().flatten().collect();
        let (rows, run) = Window::Same3x3.rows(self.columns);
        product(Product {
            input: &bordered(g, of_output),
            starts: &Window::Same3x3.starts(of_output),
            rows,
            run,
            row_stride: Window::Same3x3.row_stride(of_output),
            weights: &weights,
            columns: channels,
            output: to,
            places: &contiguous(images * height * width, channels),
        });
    }

    /// Windows that do not overlap: each row of a window is a product of its own.
    fn rows_of_window(&self, g: &[E], to: &mut [E]) {
        let (rows, run) = self.window.rows(self.extent.3);
        let windows = self.window.starts(self.extent);
        for row in 0..rows {
            let offset = row * self.window.row_stride(self.extent);
            let places: Vec<u32> = windows.iter().map(|start| start + offset as u32).collect();
            let weights = &self.weights[row * run * self.columns..(row + 1) * run * self.columns];
            product(Product {
                input: g,
                starts: &contiguous(windows.len(), self.columns),
                rows: 1,
                run: self.columns,
                row_stride: 0,
                weights: &transposed(weights, self.columns),
                columns: run,
                output: to,
                places: &places,
            });
        }
    }
}

/// (rows, columns) → (columns, rows).
fn transposed<E: Real>(table: &[E], columns: usize) -> Vec<E> {
    let rows = table.len() / columns;
    let mut out = vec![E::default(); table.len()];
    for (row, values) in table.chunks_exact(columns).enumerate() {
        for (column, value) in values.iter().enumerate() {
            out[column * rows + row] = *value;
        }
    }
    out
}
