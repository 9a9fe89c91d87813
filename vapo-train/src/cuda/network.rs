//! The program of a network: its buffers, its passes, and how the host exchanges with it.

use super::passes::{Exchange, Nodes, Options, Stores, passes};
use super::program::{Builder, Element, Program, Role};
use vapo_format::Architecture;

/// A network's program.
#[derive(Debug)]
pub(crate) struct Network {
    pub(super) nodes: Nodes,
    pub(super) options: Options,
    pub(super) stores: Stores,
    pub(super) exchange: Exchange,
    pub(super) program: Program,
}

impl Network {
    /// The passes alone.
    pub(super) fn new(architecture: &Architecture, options: Options) -> Self {
        let mut builder = Builder::new();
        let nodes = Nodes::new(architecture);
        let parameters = architecture.parameters();
        let stores = Stores {
            parameters: builder.buffer(Role::Parameters, parameters),
            gradient: builder.buffer(Role::Gradient, parameters),
            counters: builder.buffer_of(Element::Word, Role::Tables, 1),
        };
        let exchange = passes(&mut builder, &nodes, stores, options);
        Network { nodes, options, stores, exchange, program: builder.finish() }
    }
}
