//! The potential Φ(x, t) on the host: built from an [`Architecture`], differentiated twice.
//!
//! dfdx cannot differentiate a gradient, and need not. For any loss F of the drift g = ∇ₓΦ,
//! ∂F/∂θ = ∂/∂θ of the directional derivative of Φ at x along v = ∂F/∂g, v held constant: one pass in reverse
//! ([`Potential::evaluate`]) gives g, and after the objective has formed v, one *dual* pass forward and in reverse
//! ([`Potential::gradient`]) gives the exact gradient of the parameters. Terms linear in Φ and in ∂Φ/∂t ride along.
//!
//! One file a layer kind, as in the sampler.

mod conv;
mod down;
mod embedding;
mod head;
pub mod parameters;
mod readout;
mod residual;
mod space_to_depth;

use crate::ops::{Images, Kernels, Matrix, Pass, Recording, Scalars};
use crate::potential::parameters::Layout;
use dfdx::prelude::*;
use embedding::Features;
use std::ops::Range;
use vapo_format::{Architecture, Layer};

/// A potential whose parameters lie on a device.
#[derive(Clone, Debug)]
pub struct Potential<E: Dtype, D: Storage<E>> {
    architecture: Architecture,
    layout: Layout,
    matrices: Vec<Matrix<E, D>>,
    device: D,
}

/// A batch of samples: images (B, H, W, C), and a time each.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a, E> {
    /// B·H·W·C values.
    pub images: &'a [E],
    /// B times in 0 to 1.
    pub times: &'a [E],
}

impl<'a, E> Samples<'a, E> {
    /// The samples of a range.
    pub fn slice(&self, range: Range<usize>) -> Samples<'a, E> {
        let size = self.images.len() / self.times.len().max(1);
        Samples { images: &self.images[range.start * size..range.end * size], times: &self.times[range] }
    }
}

/// The potential and its derivatives at a batch of samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation<E> {
    /// Φ, (B,).
    pub potential: Vec<E>,
    /// ∇ₓΦ, (B, H, W, C).
    pub drift: Vec<E>,
    /// ∂Φ/∂t, (B,).
    pub time_rate: Vec<E>,
}

/// How a loss changes with an [`Evaluation`]: ∂F/∂Φ, ∂F/∂∇Φ, ∂F/∂Φₜ, of the same extents.
#[derive(Clone, Copy, Debug)]
pub struct Seeds<'a, E> {
    /// ∂F/∂Φ, (B,).
    pub potential: &'a [E],
    /// ∂F/∂∇ₓΦ, (B, H, W, C).
    pub drift: &'a [E],
    /// ∂F/∂(∂Φ/∂t), (B,).
    pub time_rate: &'a [E],
}

impl<'a, E> Seeds<'a, E> {
    /// The seeds of a range of samples.
    pub fn slice(&self, range: Range<usize>) -> Seeds<'a, E> {
        let size = self.drift.len() / self.potential.len().max(1);
        Seeds {
            potential: &self.potential[range.clone()],
            drift: &self.drift[range.start * size..range.end * size],
            time_rate: &self.time_rate[range],
        }
    }
}

impl<E: Dtype, D: Device<E>> Potential<E, D> {
    /// Puts `parameters`, flat and laid out by [`Layout`], on a device.
    pub fn new(architecture: &Architecture, parameters: &[E], device: &D) -> Self {
        let layout = Layout::new(architecture);
        let matrices = layout
            .matrices
            .iter()
            .map(|place| {
                let weight = parameters[place.weight()].to_vec();
                let bias = parameters[place.bias()].to_vec();
                Matrix::new(
                    device.tensor_from_vec(weight, (place.rows, place.columns)),
                    device.tensor_from_vec(bias, (1, place.columns)),
                )
            })
            .collect();
        Potential { architecture: architecture.clone(), layout, matrices, device: device.clone() }
    }

    /// The potential, its drift and its rate of change in time. Leaves in `memory` what [`Potential::gradient`] needs.
    pub fn evaluate<K: Kernels<E, D>>(&self, samples: Samples<'_, E>, memory: &mut K::Memory) -> Evaluation<E> {
        let count = samples.times.len();
        let images = self.images(samples.images.to_vec(), count);
        let time = Features::new(samples.times);
        let features = self.features(time.values.clone(), count);
        let mut recording = Recording::new(Pass::Value, memory);
        let potential = self.forward::<K>(&images, &features, &mut recording);
        let values = potential.as_vec();
        let gradients = potential.put_tape(recording.tape).sum::<Rank0, _>().backward();
        let of_features = gradients.get(&features).as_vec();
        Evaluation {
            potential: values,
            drift: gradients.get(&images).as_vec(),
            time_rate: time.time_rate(&of_features),
        }
    }

    /// The gradient of Σ potential·Φ + drift·∇Φ + time_rate·Φₜ with respect to the parameters, in [`Layout`]'s order.
    /// `memory` is that of the evaluation of the same samples.
    pub fn gradient<K: Kernels<E, D>>(
        &self,
        samples: Samples<'_, E>,
        seeds: Seeds<'_, E>,
        memory: &mut K::Memory,
    ) -> Vec<E> {
        let (mut images, mut features, mut factors) = (Vec::new(), Vec::new(), seeds.potential.to_vec());
        let time = Features::new(samples.times);
        let mut streams = 1;
        if K::VALUES_AGAIN {
            images.extend(samples.images);
            features.extend(&time.values);
            // The tangent of Φ is the directional derivative, whose own factor is 1.
            factors.extend(samples.times.iter().map(|_| E::from_f64(1.0).unwrap_or_default()));
            streams = 2;
        }
        images.extend(seeds.drift);
        features.extend(time.tangents(seeds.time_rate));
        let count = streams * samples.times.len();
        let (images, features) = (self.images(images, count), self.features(features, count));
        let mut recording = Recording::new(Pass::Dual, memory);
        let potential = self.forward::<K>(&images, &features, &mut recording);
        let factors: Scalars<E, D> = self.device.tensor_from_vec(factors, (count,));
        let gradients = (potential.put_tape(recording.tape) * factors).sum::<Rank0, _>().backward();
        let mut flat = vec![E::default(); self.layout.len()];
        for (place, matrix) in self.layout.matrices.iter().zip(&self.matrices) {
            gradients.get(&matrix.weight).copy_into(&mut flat[place.weight()]);
            gradients.get(&matrix.bias).copy_into(&mut flat[place.bias()]);
        }
        flat
    }

    fn images(&self, values: Vec<E>, count: usize) -> Images<E, D> {
        let shape = self.architecture.image;
        self.device.tensor_from_vec(values, (count, shape.height.into(), shape.width.into(), shape.channels.into()))
    }

    fn features(&self, values: Vec<E>, count: usize) -> Images<E, D> {
        let features = values.len() / count;
        self.device.tensor_from_vec(values, (count, 1, 1, features))
    }

    /// Potentials of all samples, or their tangents.
    fn forward<K: Kernels<E, D>>(
        &self,
        images: &Images<E, D>,
        features: &Images<E, D>,
        recording: &mut Recording<'_, E, D, K::Memory>,
    ) -> Scalars<E, D> {
        let mut matrices = self.matrices.iter();
        let mut take = || matrices.next().unwrap_or_else(|| unreachable!("the layout lists every matrix"));
        let embedding = embedding::forward::<E, D, K>([take(), take()], features, recording);
        let mut current = images.clone();
        for (index, layer) in self.architecture.layers.iter().enumerate() {
            let leaf = self.architecture.layers[..index].iter().all(|layer| *layer == Layer::SpaceToDepth);
            current = match layer {
                Layer::SpaceToDepth => space_to_depth::forward(&current, &mut recording.tape),
                Layer::Conv { .. } => conv::forward::<E, D, K>(take(), &current, leaf, recording),
                Layer::Residual => {
                    residual::forward::<E, D, K>([take(), take(), take()], &current, &embedding, recording)
                }
                Layer::Down { .. } => down::forward::<E, D, K>(take(), &current, leaf, recording),
                Layer::Head { .. } => head::forward::<E, D, K>(take(), &current, recording),
            };
        }
        readout::forward::<E, D, K>(take(), &current, &embedding, images, recording)
    }
}
