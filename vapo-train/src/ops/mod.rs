//! Differentiable operations of the potential, over batches of images (N, H, W, C).
//!
//! Each operation exists twice, tested equal: [`Fused`] is hand-written for the CPU, [`Composite`] is made of
//! dfdx's own operations and runs on any of its devices. Both record on one tape, which the caller threads
//! through tensors that have none: a tape that travels with a tensor is lost with it.
//!
//! In a *dual* pass the batch holds two streams, one after the other: N/2 values, then their N/2 tangents.
//! Every linear operation acts on both alike (biases on values only), so the dual form of a convolution is the
//! convolution itself.

mod composite;
mod fused;
pub mod kernel;

pub use composite::Composite;
pub use fused::Fused;

use dfdx::prelude::{Cpu, Device, Dtype, HasShape, OwnedTape, Shape, Storage, Tensor};
use kernel::window::Window;

/// Images (N, H, W, C).
pub type Images<E, D> = Tensor<(usize, usize, usize, usize), E, D>;
/// Rows and columns.
pub type Table<E, D> = Tensor<(usize, usize), E, D>;
/// One number a sample and stream.
pub type Scalars<E, D> = Tensor<(usize,), E, D>;

/// Which derivatives a pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Values alone; gradients flow to the image and to time, not to the weights.
    Value,
    /// Values, then tangents; gradients flow to the weights, not to the image and time.
    Dual,
    /// Values alone; gradients flow to the weights, not to the image: an ordinary network under training.
    Weights,
}

impl Pass {
    /// Number of streams in the batch.
    pub fn streams(self) -> usize {
        match self {
            Pass::Value | Pass::Weights => 1,
            Pass::Dual => 2,
        }
    }
}

/// A weight matrix (inputs, outputs) and its bias (1, outputs).
#[derive(Clone, Debug)]
pub struct Matrix<E: Dtype, D: Storage<E>> {
    /// (inputs, outputs).
    pub weight: Table<E, D>,
    /// (1, outputs).
    pub bias: Table<E, D>,
}

/// A convolution to apply.
pub struct Convolution<'a, E: Dtype, D: Storage<E>> {
    /// Kind of window.
    pub window: Window,
    /// Weights and bias.
    pub matrix: &'a Matrix<E, D>,
    /// Added to the output, which has its extent.
    pub residual: Option<&'a Images<E, D>>,
    /// Whether the input is the image or time itself, to which no gradient flows in a dual pass.
    pub leaf: bool,
    /// Streams and derivatives.
    pub pass: Pass,
}

impl<E: Dtype, D: Storage<E>> Convolution<'_, E, D> {
    /// Whether a gradient of the input is wanted.
    fn input_gradient(&self) -> bool {
        self.pass == Pass::Value || !self.leaf
    }
}

/// The operations, for one element type on one device.
pub trait Kernels<E: Dtype, D: Device<E>> {
    /// Windows × weights + bias (+ residual).
    fn convolution(
        convolution: Convolution<'_, E, D>,
        input: &Images<E, D>,
        tape: &mut OwnedTape<E, D>,
    ) -> Images<E, D>;

    /// x·sigmoid(x), elementwise.
    fn silu(input: &Images<E, D>, pass: Pass, tape: &mut OwnedTape<E, D>) -> Images<E, D>;

    /// silu(x·(1 + scale) + shift), where `film` (N, 1, 1, 2C) holds the scales and shifts of every sample.
    fn film_silu(input: &Images<E, D>, film: &Images<E, D>, pass: Pass, tape: &mut OwnedTape<E, D>) -> Images<E, D>;

    /// `Φ = Σ o·q[1..] + 0.05 Σ_pixels mean_channels(o²) + ½ q[0]‖x‖²` for every sample: (N,) potentials, then
    /// in a dual pass their tangents. `head` is o (N, H, W, C), `factors` is q (N, 1, 1, 1 + C).
    fn readout(
        head: &Images<E, D>,
        factors: &Images<E, D>,
        image: &Images<E, D>,
        pass: Pass,
        tape: &mut OwnedTape<E, D>,
    ) -> Scalars<E, D>;
}

/// The values of a tensor on the CPU.
fn values<S: Shape, E: Dtype>(tensor: &Tensor<S, E, Cpu>) -> Vec<E> {
    let mut values = vec![E::default(); tensor.shape().num_elements()];
    tensor.copy_into(&mut values);
    values
}
