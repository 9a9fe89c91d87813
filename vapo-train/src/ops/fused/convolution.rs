//! Convolutions.

use super::memory::{self, Shared, State};
use super::weights::Prepared;
use super::{Cotangents, Recorded, Recording, add_rows};
use crate::ops::kernel::panels::Panels;
use crate::ops::kernel::product::{Product, contiguous, product};
use crate::ops::kernel::real::Real;
use crate::ops::kernel::weight_gradient::{WeightGradient, weight_gradient};
use crate::ops::kernel::window::{Extent, Window};
use crate::ops::{Convolution, Images, Pass};
use dfdx::prelude::*;

/// windows(input) × weights + bias; tangents have no bias. Leaves the input as windows are read from it, and the cotangent
/// of the output.
pub(super) fn convolution<E: Real>(
    op: Convolution<'_, E, Cpu>,
    input: &Images<E, Cpu>,
    recording: &mut Recording<'_, E>,
) -> Images<E, Cpu> {
    let weights = Prepared::new(op.matrix, op.window);
    let columns = weights.forward.columns();
    let extent @ (images, height, width, _) = *input.shape();
    let pass = recording.pass;
    let state: Shared<Kept<E>> = match pass {
        Pass::Value | Pass::Weights => memory::keep(recording, (op.window, extent, columns)),
        Pass::Dual => memory::recall(recording),
    };
    let mut output = vec![E::default(); state.lock().windows.pixels() * columns];
    {
        let Kept { windows, value, tangent, scratch, .. } = &mut *state.lock();
        let (placed, bias) = match pass {
            Pass::Value | Pass::Weights => (value, Some(&*weights.bias)),
            Pass::Dual => (tangent, None),
        };
        scratch.resize(windows.elements(), E::default());
        input.copy_into(scratch);
        placed.resize(windows.window.placed(extent), E::default());
        windows.window.place(scratch, extent, placed);
        windows.product(placed, &weights.forward, bias, &mut output);
    }

    let (rows, row_values) = op.window.output(height, width);
    let output = input.device().tensor_from_vec(output, (images, rows, row_values, columns));
    let (of_input, of_output) = (input.ghost(), output.ghost());
    let (of_weight, of_bias, leaf) = (op.matrix.weight.ghost(), op.matrix.bias.ghost(), op.leaf);
    recording.tape.add_backward_op(move |grads: &mut Cotangents<E>| -> Recorded {
        let g = std::mem::take(&mut **grads.get_or_alloc_mut(&of_output)?);
        let Kept { windows, value, cotangent, tangent, scratch, .. } = &mut *state.lock();
        if pass != Pass::Value {
            add_rows(&g, grads.get_or_alloc_mut(&of_bias)?);
            windows.weight_gradient(value, &g, grads.get_or_alloc_mut(&of_weight)?);
        }
        if pass == Pass::Dual {
            windows.weight_gradient(tangent, cotangent, grads.get_or_alloc_mut(&of_weight)?);
        }
        if pass == Pass::Value || !leaf {
            windows.input_gradient(&g, &weights.reverse, scratch, grads.get_or_alloc_mut(&of_input)?);
        }
        if pass == Pass::Value {
            *cotangent = g;
        }
        Ok(())
    });
    output
}

struct Kept<E> {
    windows: Windows,
    /// Input of the first pass, as windows are read from it.
    value: Vec<E>,
    /// Cotangent of its output.
    cotangent: Vec<E>,
    /// Input of the second pass, as windows are read from it.
    tangent: Vec<E>,
    /// An input as it is; a cotangent with a border.
    scratch: Vec<E>,
}

impl<E: Real> State for Kept<E> {
    type Extent = (Window, Extent, usize);

    fn new((window, extent, columns): Self::Extent) -> Self {
        let windows = Windows::new(window, extent, columns);
        Kept { windows, value: Vec::new(), cotangent: Vec::new(), tangent: Vec::new(), scratch: Vec::new() }
    }

    fn extent(&self) -> Self::Extent {
        (self.windows.window, self.windows.extent, self.windows.columns)
    }
}

/// The windows of a convolution, and where they lie.
struct Windows {
    window: Window,
    extent: Extent,
    columns: usize,
    /// Of every pixel's window, in the placed input.
    starts: Vec<u32>,
    /// Of every pixel's output.
    places: Vec<u32>,
    /// Of the windows that input gradients are read from, and of these: every row of windows that tile, or all.
    reverse: Vec<(Vec<u32>, Vec<u32>)>,
}

impl Windows {
    fn new(window: Window, extent: Extent, columns: usize) -> Self {
        let (images, height, width, channels) = extent;
        let starts = window.starts(extent);
        let places = contiguous(starts.len(), columns);
        let reverse = if window.tiles() {
            let (rows, _) = window.rows(channels);
            let offsets = (0..rows).map(|row| (row * window.row_stride(extent)) as u32);
            offsets.map(|offset| (places.clone(), starts.iter().map(|start| start + offset).collect())).collect()
        } else {
            vec![(window.starts((images, height, width, columns)), contiguous(starts.len(), channels))]
        };
        Windows { window, extent, columns, starts, places, reverse }
    }

    fn pixels(&self) -> usize {
        self.starts.len()
    }

    fn elements(&self) -> usize {
        let (images, height, width, channels) = self.extent;
        images * height * width * channels
    }

    /// output = bias + windows × weights.
    fn product<E: Real>(&self, placed: &[E], weights: &Panels<E>, bias: Option<&[E]>, output: &mut [E]) {
        let (rows, run) = self.window.rows(self.extent.3);
        product(Product {
            input: placed,
            starts: &self.starts,
            rows,
            run,
            row_stride: self.window.row_stride(self.extent),
            weights,
            bias,
            add: false,
            output,
            places: &self.places,
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
            places: &self.places,
            columns: self.columns,
            gradient,
        });
    }

    /// to += the gradient of the input: the same weights, transposed.
    fn input_gradient<E: Real>(&self, g: &[E], reverse: &[Panels<E>], scratch: &mut Vec<E>, to: &mut [E]) {
        if self.window.tiles() {
            self.input_gradient_of_tiles(g, reverse, to);
        } else {
            self.input_gradient_of_same(g, &reverse[0], scratch, to);
        }
    }

    /// The convolution of the cotangent with the weights turned by 180° and transposed.
    fn input_gradient_of_same<E: Real>(&self, g: &[E], reverse: &Panels<E>, bordered: &mut Vec<E>, to: &mut [E]) {
        let (images, height, width, _) = self.extent;
        let of_output = (images, height, width, self.columns);
        bordered.clear();
        bordered.resize(self.window.placed(of_output), E::default());
        self.window.place(g, of_output, bordered);
        let (rows, run) = self.window.rows(self.columns);
        self.reverse_product(0, (bordered, rows, run, self.window.row_stride(of_output)), reverse, to);
    }

    /// Each row of a window is a product of its own.
    fn input_gradient_of_tiles<E: Real>(&self, g: &[E], reverse: &[Panels<E>], to: &mut [E]) {
        for (row, weights) in reverse.iter().enumerate() {
            self.reverse_product(row, (g, 1, self.columns, 0), weights, to);
        }
    }

    fn reverse_product<E: Real>(
        &self,
        row: usize,
        (input, rows, run, row_stride): (&[E], usize, usize, usize),
        weights: &Panels<E>,
        output: &mut [E],
    ) {
        let (starts, places) = &self.reverse[row];
        product(Product { input, starts, rows, run, row_stride, weights, bias: None, add: true, output, places });
    }
}
