//! Differentiable operations of the potential, over batches of images (N, H, W, C).
//!
//! Each operation exists twice, tested equal: [`Fused`] is hand-written for the CPU, and trains. [`Composite`] is made of
//! dfdx's own operations, for tests to compare with. Both record on one tape, which the caller threads
//! through tensors that have none: a tape that travels with a tensor is lost with it.
//!
//! There are two passes, each forward and in reverse. The first is of values, and its reverse gives the drift. The
//! second, the *dual* pass, carries tangents along a direction, and its reverse gives the gradient of the weights. It
//! needs the values again:
//!
//! * [`Composite`] computes them again: its batch holds two streams, N values, then their N tangents. Every linear
//!   operation acts on both alike (biases on values only), so the dual form of a convolution is the convolution itself.
//! * [`Fused`] remembers them ([`Kernels::Memory`]). More than that: as the directional derivative is linear in the
//!   tangents, the cotangents of its tangents are those of the first pass's values. So its batch holds tangents alone,
//!   and what its reverse pass carries are the cotangents of the values: of the eight products of a convolution, two
//!   each way for values and tangents, two for values in the first pass and two for the weights, six are left.

mod composite;
pub mod fused;
pub mod kernel;

pub use composite::Composite;
pub use fused::Fused;

use dfdx::prelude::{Cpu, Device, Dtype, HasShape, OwnedTape, PutTape, Shape, SplitTape, Storage, Tensor};
use kernel::window::Window;
use std::sync::{Arc, OnceLock};

/// Images (N, H, W, C).
pub type Images<E, D> = Tensor<(usize, usize, usize, usize), E, D>;
/// Rows and columns.
pub type Table<E, D> = Tensor<(usize, usize), E, D>;

/// Which derivatives a pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Values; gradients flow to the image and to time, not to the weights.
    Value,
    /// Tangents; gradients flow to the weights, not to the image and time.
    Dual,
    /// Values; gradients flow to the weights, not to the image: an ordinary network under training.
    Weights,
}

/// A pass under way.
#[derive(Debug)]
pub struct Recording<'m, E, D: Storage<E>, M> {
    /// Which it is.
    pub pass: Pass,
    /// What is to be done in reverse.
    pub tape: OwnedTape<E, D>,
    /// What the first pass leaves to the second.
    pub memory: &'m mut M,
    /// Operations so far that have a place in the memory.
    places: usize,
}

impl<'m, E, D: Storage<E>, M> Recording<'m, E, D, M> {
    /// A pass that begins. The second takes the memory of the first; the first takes any, best that of an earlier batch
    /// of the same extent.
    pub fn new(pass: Pass, memory: &'m mut M) -> Self {
        Recording { pass, tape: OwnedTape::default(), memory, places: 0 }
    }

    /// The place of the operation that comes next.
    fn next_place(&mut self) -> usize {
        self.places += 1;
        self.places - 1
    }
}

impl<E: Dtype, D: Device<E>, M> Recording<'_, E, D, M> {
    /// Applies an operation of dfdx's to a tensor.
    pub fn record<S: Shape, R: Shape>(
        &mut self,
        input: &Tensor<S, E, D>,
        op: impl FnOnce(Tensor<S, E, D, OwnedTape<E, D>>) -> Tensor<R, E, D, OwnedTape<E, D>>,
    ) -> Tensor<R, E, D> {
        let (output, after) = op(input.clone().put_tape(std::mem::take(&mut self.tape))).split_tape();
        self.tape = after;
        output
    }
}

/// A weight matrix (inputs, outputs) and its bias (1, outputs).
#[derive(Clone, Debug)]
pub struct Matrix<E: Dtype, D: Storage<E>> {
    /// (inputs, outputs).
    pub weight: Table<E, D>,
    /// (1, outputs).
    pub bias: Table<E, D>,
    /// The weights as the CPU's kernels read them, once they did.
    prepared: Arc<OnceLock<fused::Weights<E>>>,
}

impl<E: Dtype, D: Storage<E>> Matrix<E, D> {
    /// A matrix of these weights.
    pub fn new(weight: Table<E, D>, bias: Table<E, D>) -> Self {
        Matrix { weight, bias, prepared: Arc::default() }
    }
}

/// A convolution to apply.
pub struct Convolution<'a, E: Dtype, D: Storage<E>> {
    /// Its windows.
    pub window: Window,
    /// Weights and bias.
    pub matrix: &'a Matrix<E, D>,
    /// Whether no weights come before: to the image and to time no gradient flows in a dual pass.
    pub leaf: bool,
}

/// A residual block to apply: x + conv₂(silu(conv₁(silu(x))·(1 + scale) + shift)).
pub struct Residual<'a, E: Dtype, D: Storage<E>> {
    /// The windows of both convolutions, around every pixel.
    pub window: Window,
    /// C to C channels.
    pub conv1: &'a Matrix<E, D>,
    /// (N, 1, 1, 2C), the scales and shifts of every sample.
    pub film: &'a Images<E, D>,
    /// C to C channels.
    pub conv2: &'a Matrix<E, D>,
}

/// A residual block as one operation.
pub type ResidualOperation<E, D, M> =
    for<'b, 'x, 'r, 'm> fn(Residual<'b, E, D>, &'x Images<E, D>, &'r mut Recording<'m, E, D, M>) -> Images<E, D>;

/// The operations, for one element type on one device.
pub trait Kernels<E: Dtype, D: Device<E>> {
    /// What a first pass leaves to the second.
    type Memory: Default;
    /// Whether the batch of a dual pass begins with the values, for want of a memory.
    const VALUES_AGAIN: bool;
    /// A residual block as one operation, where that is faster than its layers one by one. Not for [`Pass::Weights`].
    const RESIDUAL: Option<ResidualOperation<E, D, Self::Memory>> = None;

    /// Windows × weights + bias.
    fn convolution(
        convolution: Convolution<'_, E, D>,
        input: &Images<E, D>,
        recording: &mut Recording<'_, E, D, Self::Memory>,
    ) -> Images<E, D>;

    /// silu(x) = x·sigmoid(x), elementwise; with `film`, the scales and shifts of every sample (N, 1, 1, 2C), that of
    /// x·(1 + scale) + shift.
    fn silu(
        input: &Images<E, D>,
        film: Option<&Images<E, D>>,
        recording: &mut Recording<'_, E, D, Self::Memory>,
    ) -> Images<E, D>;

    /// `Φ = Σ o·q[1..] + 0.05 Σ_pixels mean_channels(o²) + ½ q[0]‖x‖²` for every sample, (N, 1, 1, 1), or its tangents.
    /// `head` is o (N, H, W, C), `factors` is q (N, 1, 1, 1 + C).
    fn readout(
        head: &Images<E, D>,
        factors: &Images<E, D>,
        image: &Images<E, D>,
        recording: &mut Recording<'_, E, D, Self::Memory>,
    ) -> Images<E, D>;

    /// Channels in so many groups, each of a sample's at mean 0 and variance 1, then times the weights, (1, C), plus the biases.
    fn group_norm(
        groups: usize,
        matrix: &Matrix<E, D>,
        input: &Images<E, D>,
        recording: &mut Recording<'_, E, D, Self::Memory>,
    ) -> Images<E, D>;

    /// softmax(Q·Kᵀ/√c)·V over a sample's pixels, in so many heads: (N, H, W, 3C) → (N, H, W, C).
    fn attention(heads: usize, input: &Images<E, D>, recording: &mut Recording<'_, E, D, Self::Memory>)
    -> Images<E, D>;

    /// ½‖x − f‖² for every sample, (N, 1, 1, 1), or its tangents.
    fn distance(
        of: &Images<E, D>,
        signal: &Images<E, D>,
        recording: &mut Recording<'_, E, D, Self::Memory>,
    ) -> Images<E, D>;
}

/// The values of a tensor on the CPU.
fn values<S: Shape, E: Dtype>(tensor: &Tensor<S, E, Cpu>) -> Vec<E> {
    let mut values = vec![E::default(); tensor.shape().num_elements()];
    tensor.copy_into(&mut values);
    values
}
