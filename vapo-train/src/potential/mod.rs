//! The potential Φ(x, t) on the host: built from an [`Architecture`], differentiated twice.
//!
//! dfdx cannot differentiate a gradient, and need not. For any loss F of the drift g = ∇ₓΦ,
//! ∂F/∂θ = ∂/∂θ of the directional derivative of Φ at x along v = ∂F/∂g, v held constant: one pass in reverse
//! ([`Potential::evaluate`]) gives g, and after the objective has formed v, one *dual* pass forward and in reverse
//! ([`Potential::gradient`]) gives the exact gradient of the parameters. Terms linear in Φ and in ∂Φ/∂t ride along.
//!
//! | module | concept |
//! |---|---|
//! | `graph` | the nodes, and who reads them |
//! | `layer` | what the kinds of layers compute, one file a kind |
//! | `pattern` | nodes that an engine may compute as one operation |
//! | `pass` | from node to node, forward |
//! | [`dropout`](mod@dropout) | what a training step leaves out at random |
//! | [`parameters`] | the weights as one vector |
//! | [`encoder`] | architectures that are lists of blocks, and how these were written down before there were nodes |

pub mod dropout;
pub mod encoder;
pub(crate) mod graph;
pub(crate) mod layer;
pub mod parameters;
mod pass;
mod pattern;

use crate::ops::{Images, Kernels, Matrix, Pass, Recording};
use dfdx::prelude::*;
use dropout::Dropout;
use graph::Graph;
use layer::Features;
use parameters::Layout;
use pass::Sources;
pub(crate) use pattern::Residual;
use std::ops::Range;
use vapo_format::Architecture;

/// A potential whose parameters lie on a device.
#[derive(Clone, Debug)]
pub struct Potential<E: Dtype, D: Storage<E>> {
    signal: vapo_format::Shape,
    graph: Graph,
    /// What an engine may compute as one operation.
    residuals: Vec<Residual>,
    layout: Layout,
    matrices: Vec<Matrix<E, D>>,
    device: D,
}

/// A batch of samples: images (B, H, W, C), and a time and a class each.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a, E> {
    /// B·H·W·C values.
    pub images: &'a [E],
    /// B times in 0 to 1.
    pub times: &'a [E],
    /// B classes, each below the architecture's number of them, or none for a sample of whatever class; empty where no sample
    /// has one.
    pub classes: &'a [Option<u16>],
    /// What is left out of them, in training.
    pub dropout: Option<Dropout>,
}

impl<'a, E> Samples<'a, E> {
    /// The samples of a range.
    pub fn slice(&self, range: Range<usize>) -> Samples<'a, E> {
        let size = self.images.len() / self.times.len().max(1);
        Samples {
            images: &self.images[range.start * size..range.end * size],
            times: &self.times[range.clone()],
            classes: self.classes.get(range.clone()).unwrap_or_default(),
            dropout: self.dropout.map(|dropout| dropout.from(range.start)),
        }
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

/// The residual blocks of an architecture, which an engine may compute as one operation each.
pub(crate) fn residual_blocks(architecture: &Architecture) -> Vec<Residual> {
    pattern::residuals(&Graph::new(architecture))
}

impl<E: Dtype, D: Device<E>> Potential<E, D> {
    /// Puts `parameters`, flat and laid out by [`Layout`], on a device.
    pub fn new(architecture: &Architecture, parameters: &[E], device: &D) -> Self {
        let graph = Graph::new(architecture);
        let layout = Layout::of(&graph);
        let matrices = layout.matrices.iter().map(|place| {
            let weight = parameters[place.weight()].to_vec();
            let bias = parameters[place.bias()].to_vec();
            Matrix::new(
                device.tensor_from_vec(weight, (place.shape.rows, place.shape.columns)),
                device.tensor_from_vec(bias, (1, place.shape.columns)),
            )
        });
        let matrices = matrices.collect();
        let residuals = pattern::residuals(&graph);
        Potential { signal: architecture.signal, graph, residuals, layout, matrices, device: device.clone() }
    }

    /// The same potential, computed node by node whatever the engine could compute as one operation: to compare with.
    pub fn node_by_node(self) -> Self {
        Potential { residuals: Vec::new(), ..self }
    }

    /// The potential, its drift and its rate of change in time. Leaves in `memory` what [`Potential::gradient`] needs.
    pub fn evaluate<K: Kernels<E, D>>(&self, samples: Samples<'_, E>, memory: &mut K::Memory) -> Evaluation<E> {
        let count = samples.times.len();
        let given = self.features(samples);
        let features = given.iter().map(|(node, features)| (*node, self.vectors(features.values.clone(), count)));
        let sources = Sources::new(self.images(samples.images.to_vec(), count), features).without(samples.dropout);
        let mut recording = Recording::new(Pass::Value, memory);
        let potential = self.forward::<K>(&sources, &mut recording);
        let values = potential.as_vec();
        let gradients = potential.put_tape(recording.tape).sum::<Rank0, _>().backward();
        let rates = given.iter().map(|(node, features)| features.time_rate(&gradients.get(sources.of(*node)).as_vec()));
        Evaluation {
            potential: values,
            drift: gradients.get(sources.signal()).as_vec(),
            time_rate: rates
                .reduce(|sum, rate| sum.iter().zip(&rate).map(|(&a, &b)| a + b).collect())
                .unwrap_or_default(),
        }
    }

    /// The nodes whose outputs tell images apart, in their order: the sums of residual blocks and what the read-out reads, of those
    /// that depend on the signal; each with the extent of its output.
    pub(crate) fn features_of_images(&self) -> Vec<(usize, vapo_format::Shape)> {
        let nodes = self.graph.nodes();
        let head = nodes.last().and_then(|readout| readout.inputs.first().copied());
        let tells = |(index, node): &(usize, &graph::Node)| {
            node.of_signal && (matches!(node.layer, vapo_format::Layer::Add(_)) || Some(*index) == head)
        };
        nodes.iter().enumerate().filter(tells).map(|(index, node)| (index, node.extent)).collect()
    }

    /// Tells the outputs of such nodes, (B, H, W, C) each. Where a loss changes with them by `cotangents`, its gradient by the images,
    /// (B, H, W, C).
    pub(crate) fn pull_back<K: Kernels<E, D>>(
        &self,
        samples: Samples<'_, E>,
        of: &[usize],
        cotangents: impl FnOnce(&[Vec<E>]) -> Option<Vec<Vec<E>>>,
    ) -> Option<Vec<E>> {
        let count = samples.times.len();
        let features = self.features(samples).into_iter();
        let features = features.map(|(node, features)| (node, self.vectors(features.values, count)));
        let sources = Sources::new(self.images(samples.images.to_vec(), count), features);
        let mut memory = K::Memory::default();
        let mut recording = Recording::new(Pass::Value, &mut memory);
        let mut shown = Vec::with_capacity(of.len());
        self.forward_showing::<K>(&sources, &mut recording, &mut |index, output| {
            if of.contains(&index) {
                shown.push(output.clone());
            }
        });
        let outputs: Vec<Vec<E>> = shown.iter().map(|output| output.as_vec()).collect();
        let cotangents = cotangents(&outputs)?;
        // Σ outputs·cotangents, whose gradient by the images is what is asked for.
        let mut sum = None;
        for (output, cotangent) in shown.into_iter().zip(cotangents) {
            let cotangent = self.device.tensor_from_vec(cotangent, *output.shape());
            let product = recording.record(&output, |output| (output * cotangent).sum::<Rank0, _>());
            sum = Some(match sum {
                None => product,
                Some(sum) => recording.record(&product, |product| product + sum),
            });
        }
        sum.map(|sum| sum.put_tape(recording.tape).backward().get(sources.signal()).as_vec())
    }

    /// The gradient of Σ potential·Φ + drift·∇Φ + time_rate·Φₜ with respect to the parameters, in [`Layout`]'s order.
    /// `memory` is that of the evaluation of the same samples.
    pub fn gradient<K: Kernels<E, D>>(
        &self,
        samples: Samples<'_, E>,
        seeds: Seeds<'_, E>,
        memory: &mut K::Memory,
    ) -> Vec<E> {
        let (mut images, mut factors) = (Vec::new(), seeds.potential.to_vec());
        let mut streams = 1;
        if K::VALUES_AGAIN {
            images.extend(samples.images);
            // The tangent of Φ is the directional derivative, whose own factor is 1.
            factors.extend(samples.times.iter().map(|_| E::from_f64(1.0).unwrap_or_default()));
            streams = 2;
        }
        images.extend(seeds.drift);
        let count = streams * samples.times.len();
        let features = self.features(samples).into_iter().map(|(node, features)| {
            let tangents = features.tangents(seeds.time_rate);
            let features = if K::VALUES_AGAIN { [features.values, tangents].concat() } else { tangents };
            (node, self.vectors(features, count))
        });
        let sources = Sources::new(self.images(images, count), features).without(samples.dropout);
        let mut recording = Recording::new(Pass::Dual, memory);
        let potential = self.forward::<K>(&sources, &mut recording);
        let factors = self.vectors(factors, count);
        let gradients = (potential.put_tape(recording.tape) * factors).sum::<Rank0, _>().backward();
        let mut flat = vec![E::default(); self.layout.len()];
        for (place, matrix) in self.layout.matrices.iter().zip(&self.matrices) {
            gradients.get(&matrix.weight).copy_into(&mut flat[place.weight()]);
            gradients.get(&matrix.bias).copy_into(&mut flat[place.bias()]);
        }
        flat
    }

    /// Features of time and class, of each node that gives some.
    fn features(&self, samples: Samples<'_, E>) -> Vec<(usize, Features<E>)> {
        let nodes = self.graph.nodes().iter().enumerate();
        nodes.filter_map(|(index, node)| Some((index, Features::of(node.layer, samples)?))).collect()
    }

    fn images(&self, values: Vec<E>, count: usize) -> Images<E, D> {
        let shape = self.signal;
        self.device.tensor_from_vec(values, (count, shape.height.into(), shape.width.into(), shape.channels.into()))
    }

    /// (N, 1, 1, C).
    fn vectors(&self, values: Vec<E>, count: usize) -> Images<E, D> {
        let channels = values.len() / count;
        self.device.tensor_from_vec(values, (count, 1, 1, channels))
    }
}
