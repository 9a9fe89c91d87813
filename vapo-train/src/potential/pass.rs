//! From node to node, forward.

use super::Potential;
use super::dropout::Dropout;
use super::graph::Node;
use super::layer::{self, Operands};
use super::pattern::Residual;
use crate::ops::{self, Images, Kernels, Matrix, Pass, Recording, ResidualOperation};
use dfdx::prelude::*;

/// What a pass begins with: the signal, and what every node of time gives; or their tangents.
pub(super) struct Sources<E: Dtype, D: Storage<E>> {
    /// By the index of the node. The signal is node 0.
    tensors: Vec<(usize, Images<E, D>)>,
    /// What is left out on the way.
    dropout: Option<Dropout>,
}

impl<E: Dtype, D: Storage<E>> Sources<E, D> {
    pub(super) fn new(signal: Images<E, D>, times: impl Iterator<Item = (usize, Images<E, D>)>) -> Self {
        Sources { tensors: [(0, signal)].into_iter().chain(times).collect(), dropout: None }
    }

    /// The same, of a pass that leaves something out.
    pub(super) fn without(self, dropout: Option<Dropout>) -> Self {
        Sources { dropout, ..self }
    }

    pub(super) fn signal(&self) -> &Images<E, D> {
        self.of(0)
    }

    /// What a node gives that reads no other.
    pub(super) fn of(&self, node: usize) -> &Images<E, D> {
        let found = self.tensors.iter().find(|(index, _)| *index == node);
        found.map_or_else(|| unreachable!("every node without inputs is given"), |(_, tensor)| tensor)
    }
}

/// How a node is computed.
enum Way<E: Dtype, D: Storage<E>, M> {
    Alone,
    /// With a residual block, whose sum is a later node.
    Later,
    /// As the sum of a residual block, with all of it.
    Whole(Residual, ResidualOperation<E, D, M>),
}

impl<E: Dtype, D: Device<E>> Potential<E, D> {
    /// Potentials of all samples, (N, 1, 1, 1), or their tangents.
    pub(super) fn forward<K: Kernels<E, D>>(
        &self,
        sources: &Sources<E, D>,
        recording: &mut Recording<'_, E, D, K::Memory>,
    ) -> Images<E, D> {
        self.forward_showing::<K>(sources, recording, &mut |_, _| ())
    }

    /// As [`Potential::forward`], which shows the output of every node, by its index, that is computed as one of its own.
    pub(super) fn forward_showing<K: Kernels<E, D>>(
        &self,
        sources: &Sources<E, D>,
        recording: &mut Recording<'_, E, D, K::Memory>,
        show: &mut dyn FnMut(usize, &Images<E, D>),
    ) -> Images<E, D> {
        let nodes = self.graph.nodes();
        let mut outputs: Vec<Option<Images<E, D>>> = vec![None; nodes.len()];
        let mut matrices = self.matrices.iter();
        let matrices: Vec<Option<&Matrix<E, D>>> =
            nodes.iter().map(|node| node.matrix.and_then(|_| matrices.next())).collect();
        for (index, node) in nodes.iter().enumerate() {
            let output = match self.way::<K>(index) {
                Way::Later => continue,
                Way::Alone => {
                    let mut inputs: Vec<_> = node.inputs.iter().map(|&input| made(&outputs, input)).collect();
                    if node.inputs.is_empty() {
                        inputs.push(sources.of(index));
                    }
                    let leaf = node.inputs.iter().all(|&input| nodes[input].leaf);
                    let operands = Operands { inputs: &inputs, matrix: matrices[index], leaf };
                    let output = layer::forward::<E, D, K>(node.layer, operands, recording);
                    match sources.dropout.filter(|_| node.thinned) {
                        Some(dropout) => thinned::<E, D, K>(dropout, index, &output, recording),
                        None => output,
                    }
                }
                Way::Whole(block, residual) => {
                    let [conv1, conv2] = block.convolutions().map(|node| matrices[node]);
                    let convolution =
                        |matrix: Option<_>| matrix.unwrap_or_else(|| unreachable!("convolutions have one"));
                    let film = made(&outputs, block.film);
                    let (conv1, conv2) = (convolution(conv1), convolution(conv2));
                    residual(
                        ops::Residual { window: block.window, conv1, film, conv2 },
                        made(&outputs, block.input),
                        recording,
                    )
                }
            };
            show(index, &output);
            outputs[index] = Some(output);
            forget(&mut outputs, nodes, index);
        }
        outputs.pop().flatten().unwrap_or_else(|| unreachable!("the last node is the read-out"))
    }

    fn way<K: Kernels<E, D>>(&self, node: usize) -> Way<E, D, K::Memory> {
        let Some(residual) = K::RESIDUAL else { return Way::Alone };
        match self.residuals.iter().find(|block| block.output == node || block.inner.contains(&node)) {
            None => Way::Alone,
            Some(block) if block.output == node => Way::Whole(*block, residual),
            Some(_) => Way::Later,
        }
    }
}

/// What dropout leaves of a node's output: of a dual pass that has values too, the same of both.
fn thinned<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
    dropout: Dropout,
    node: usize,
    output: &Images<E, D>,
    recording: &mut Recording<'_, E, D, K::Memory>,
) -> Images<E, D> {
    let streams = if K::VALUES_AGAIN && recording.pass == Pass::Dual { 2 } else { 1 };
    let &(images, height, width, channels) = output.shape();
    let mask = dropout.mask(node, images / streams, height * width * channels);
    let mask = mask.into_iter().map(|value| E::from_f32(value).unwrap_or_default());
    let mask = output.device().tensor_from_vec(mask.collect::<Vec<_>>().repeat(streams), *output.shape());
    recording.record(output, |output| output * mask)
}

/// The output of an earlier node.
fn made<E: Dtype, D: Storage<E>>(outputs: &[Option<Images<E, D>>], node: usize) -> &Images<E, D> {
    outputs[node].as_ref().unwrap_or_else(|| unreachable!("it is kept until its last reader"))
}

/// Drops what the node at an index was the last to read.
fn forget<E: Dtype, D: Storage<E>>(outputs: &mut [Option<Images<E, D>>], nodes: &[Node], index: usize) {
    for &input in &nodes[index].inputs {
        if nodes[input].readers.last().is_some_and(|&(reader, _)| reader == index) {
            outputs[input] = None;
        }
    }
}
