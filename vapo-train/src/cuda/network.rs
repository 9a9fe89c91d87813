//! The program of a network: its buffers, its passes, and how the host exchanges with it.

use super::emitter::{Nodes, Stores};
use super::optimiser::{OptimiserState, optimiser};
use super::passes::{Exchange, Options, passes};
use super::program::{Builder, Element, Program, Role};
use crate::optimiser::Moves;
use vapo_format::Architecture;

/// A network's program.
#[derive(Debug)]
pub(crate) struct Network {
    pub(super) nodes: Nodes,
    /// Images of a part of a batch.
    images: usize,
    pub(super) stores: Stores,
    pub(super) exchange: Exchange,
    /// What moves the parameters, where something does.
    pub(super) optimiser: Option<OptimiserState>,
    pub(super) program: Program,
}

impl Network {
    /// A step: both passes over a part of a batch, and what `moves` by their gradient. Muon's weights lose the part `decay` of themselves
    /// a step, in units of the learning rate.
    pub(crate) fn training(architecture: &Architecture, options: Options, moves: &Moves, decay: f32) -> Self {
        Network::new(architecture, options, Some((moves, decay)))
    }

    /// Both passes alone.
    #[cfg(test)]
    pub(super) fn passes(architecture: &Architecture, options: Options) -> Self {
        Network::new(architecture, options, None)
    }

    /// Pixels of the largest activation of a part of a batch.
    #[cfg(any(test, feature = "cuda"))]
    pub(super) fn pixels(&self) -> u64 {
        let pixels = self.nodes.all(|_| true).map(|node| self.nodes.extent(node).pixels() as u64).max();
        self.images as u64 * pixels.unwrap_or_default()
    }

    /// How many parameters there are.
    #[cfg(feature = "cuda")]
    pub(super) fn parameters(&self) -> usize {
        self.program.buffers[self.stores.parameters.0].elements
    }

    fn new(architecture: &Architecture, options: Options, moves: Option<(&Moves, f32)>) -> Self {
        let mut builder = Builder::new();
        let nodes = Nodes::new(architecture);
        let parameters = architecture.parameters();
        let stores = Stores {
            parameters: builder.buffer(Role::Parameters, parameters),
            gradient: builder.buffer(Role::Gradient, parameters),
            counters: builder.buffer_of(Element::Word, Role::Tables, 1),
        };
        let exchange = passes(&mut builder, &nodes, stores, options);
        let optimiser = moves.map(|(moves, decay)| optimiser(&mut builder, stores, moves, decay));
        Network { nodes, images: options.images, stores, exchange, optimiser, program: builder.finish() }
    }
}
