//! Convolutions.

use super::weights::Prepared;
use super::{Cotangents, Recorded, Recording};
use crate::ops::kernel::product::{Product, contiguous, product};
use crate::ops::kernel::real::Real;
use crate::ops::kernel::weight_gradient::{WeightGradient, weight_gradient};
use crate::ops::kernel::window::{Extent, Window, bordered};
use crate::ops::{Convolution, Images, Pass, values};
use dfdx::prelude::*;

/// windows(input) × weights + bias + residual; tangents have no bias. Leaves the input as windows are read from it, and
/// the cotangent of the output.
pub(super) fn convolution<E: Real>(
    op: Convolution<'_, E, Cpu>,
    input: &Images<E, Cpu>,
    recording: &mut Recording<E>,
) -> Images<E, Cpu> {
    let extent @ (images, height, width, _) = *input.shape();
    let weights = Prepared::new(op.matrix, op.window);
    let windows = Windows::new(op.window, extent, weights.columns);
    let (rows, row_values) = op.window.output(height, width);
    let placed = op.window.place(values(input), extent);
    let mut output = match (op.residual, recording.pass) {
        (None, Pass::Value | Pass::Weights) => weights.bias.repeat(windows.pixels()),
        (None, Pass::Dual) => vec![E::default(); windows.pixels() * weights.columns],
        (Some(residual), Pass::Value | Pass::Weights) => {
            let mut output = values(residual);
            add_to_each(&weights.bias, &mut output);
            output
        }
        (Some(residual), Pass::Dual) => values(residual),
    };
    windows.product(&placed, &weights.forward, &mut output);

    let output = input.device().tensor_from_vec(output, (images, rows, row_values, weights.columns));
    let (of_input, of_output) = (input.ghost(), output.ghost());
    let (of_weight, of_bias, leaf) = (op.matrix.weight.ghost(), op.matrix.bias.ghost(), op.leaf);
    let of_residual = op.residual.map(|residual| residual.ghost());
    match recording.pass {
        Pass::Value => {
            let first = recording.memory.keep(vec![placed]);
            recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
                let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
                if let Some(of_residual) = of_residual {
                    add(&g, grads.get_or_alloc_mut(&of_residual)?);
                }
                windows.input_gradient(&g, &weights.reverse, grads.get_or_alloc_mut(&of_input)?);
                first.set_cotangents(vec![g]);
                Ok(())
            });
        }
        Pass::Weights => recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
            let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
            if let Some(of_residual) = of_residual {
                add(&g, grads.get_or_alloc_mut(&of_residual)?);
            }
            add_rows(&g, grads.get_or_alloc_mut(&of_bias)?);
            windows.weight_gradient(&placed, &g, grads.get_or_alloc_mut(&of_weight)?);
            if !leaf {
                windows.input_gradient(&g, &weights.reverse, grads.get_or_alloc_mut(&of_input)?);
            }
            Ok(())
        }),
        Pass::Dual => {
            let first = recording.memory.recall();
            recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
                let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
                if let Some(of_residual) = of_residual {
                    add(&g, grads.get_or_alloc_mut(&of_residual)?);
                }
                add_rows(&g, grads.get_or_alloc_mut(&of_bias)?);
                let to_weight = grads.get_or_alloc_mut(&of_weight)?;
                windows.weight_gradient(&first.values[0], &g, to_weight);
                windows.weight_gradient(&placed, &first.cotangents()[0], to_weight);
                if !leaf {
                    windows.input_gradient(&g, &weights.reverse, grads.get_or_alloc_mut(&of_input)?);
                }
                Ok(())
            });
        }
    }
    output
}

fn add<E: Real>(values: &[E], to: &mut [E]) {
    to.iter_mut().zip(values).for_each(|(to, value)| *to += *value);
}

/// to += every row of a table.
fn add_rows<E: Real>(table: &[E], to: &mut [E]) {
    table.chunks_exact(to.len()).for_each(|row| add(row, to));
}

fn add_to_each<E: Real>(row: &[E], table: &mut [E]) {
    table.chunks_exact_mut(row.len()).for_each(|to| add(row, to));
}

/// The windows of a convolution, and where they lie.
struct Windows {
    window: Window,
    extent: Extent,
    starts: Vec<u32>,
    columns: usize,
}

impl Windows {
    fn new(window: Window, extent: Extent, columns: usize) -> Self {
        Windows { window, extent, starts: window.starts(extent), columns }
    }

    fn pixels(&self) -> usize {
        self.starts.len()
    }

    /// output += windows × weights.
    fn product<E: Real>(&self, placed: &[E], weights: &[E], output: &mut [E]) {
        let (rows, run) = self.window.rows(self.extent.3);
        product(Product {
            input: placed,
            starts: &self.starts,
            rows,
            run,
            row_stride: self.window.row_stride(self.extent),
            weights,
            columns: self.columns,
            output,
            places: &contiguous(self.pixels(), self.columns),
        });
    }

    /// gradient += windowsᵀ × cotangent.
    fn weight_gradient<E: Real>(&self, placed: &[E], cotangent: &[E], gradient: &mut [E]) {
        let (rows, run) = self.window.rows(self.extent.3);
        weight_gradient(WeightGradient {
            input: placed,
            starts: &self.starts,
            rows,
            run,
            row_stride: self.window.row_stride(self.extent),
            cotangent,
            columns: self.columns,
            gradient,
        });
    }

    /// to += the gradient of the input: the same weights, transposed.
    fn input_gradient<E: Real>(&self, g: &[E], reverse: &[E], to: &mut [E]) {
        match self.window {
            Window::Same3x3 => self.input_gradient_3x3(g, reverse, to),
            Window::Down2x2 | Window::Pixel => self.input_gradient_of_rows(g, reverse, to),
        }
    }

    /// The 3×3 convolution of the cotangent with the weights turned by 180° and transposed.
    fn input_gradient_3x3<E: Real>(&self, g: &[E], reverse: &[E], to: &mut [E]) {
        let (images, height, width, channels) = self.extent;
        let of_output = (images, height, width, self.columns);
        let (rows, run) = Window::Same3x3.rows(self.columns);
        product(Product {
            input: &bordered(g, of_output),
            starts: &Window::Same3x3.starts(of_output),
            rows,
            run,
            row_stride: Window::Same3x3.row_stride(of_output),
            weights: reverse,
            columns: channels,
            output: to,
            places: &contiguous(self.pixels(), channels),
        });
    }

    /// Windows that do not overlap: each row of a window is a product of its own.
    fn input_gradient_of_rows<E: Real>(&self, g: &[E], reverse: &[E], to: &mut [E]) {
        let (rows, run) = self.window.rows(self.extent.3);
        for (row, weights) in reverse.chunks_exact(run * self.columns).enumerate().take(rows) {
            let offset = row * self.window.row_stride(self.extent);
            let places: Vec<u32> = self.starts.iter().map(|start| start + offset as u32).collect();
            product(Product {
                input: g,
                starts: &contiguous(self.pixels(), self.columns),
                rows: 1,
                run: self.columns,
                row_stride: 0,
                weights,
                columns: run,
                output: to,
                places: &places,
            });
        }
    }
}
