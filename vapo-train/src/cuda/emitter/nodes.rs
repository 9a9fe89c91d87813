//! What is known of every node.

use crate::potential::graph::{Graph, Node};
use crate::potential::parameters::{Layout, Place};
use vapo_format::{Architecture, Layer, Shape};

/// The nodes of a network, in their order, and where their weights lie.
#[derive(Clone, Debug)]
pub(in crate::cuda) struct Nodes {
    graph: Graph,
    /// The place of every node's matrix.
    places: Vec<Option<Place>>,
}

impl Nodes {
    /// The nodes of an architecture that validates.
    pub(in crate::cuda) fn new(architecture: &Architecture) -> Self {
        let graph = Graph::new(architecture);
        let mut matrices = Layout::of(&graph).matrices.into_iter();
        let places = graph.nodes().iter().map(|node| node.matrix.and_then(|_| matrices.next())).collect();
        Nodes { graph, places }
    }

    /// How many there are.
    pub(in crate::cuda) fn len(&self) -> usize {
        self.places.len()
    }

    /// The node at an index.
    pub(in crate::cuda) fn node(&self, index: usize) -> &Node {
        &self.graph.nodes()[index]
    }

    /// What a node reads, by position.
    pub(in crate::cuda) fn input(&self, node: usize, position: usize) -> usize {
        self.node(node).inputs[position]
    }

    /// The extent of a node's output.
    pub(in crate::cuda) fn extent(&self, node: usize) -> Shape {
        self.node(node).extent
    }

    /// Elements of a node's output, for one image.
    pub(in crate::cuda) fn elements(&self, node: usize) -> usize {
        self.extent(node).elements()
    }

    /// Where a node's matrix lies among the parameters.
    pub(in crate::cuda) fn place(&self, node: usize) -> &Place {
        self.places[node].as_ref().unwrap_or_else(|| unreachable!("a convolution and a group norm have a matrix"))
    }

    /// The nodes of layers.
    pub(in crate::cuda) fn all(&self, of: impl Fn(&Layer) -> bool) -> impl Iterator<Item = usize> {
        (0..self.len()).filter(move |&node| of(&self.node(node).layer))
    }

    /// The sum that a convolution is added up into, where nothing else reads the convolution and the other term comes before
    /// it: the sum, and the other term. Such a convolution is computed as one operation with the sum.
    pub(in crate::cuda) fn sum_of(&self, node: usize) -> Option<(usize, usize)> {
        let &[(sum, position)] = &*self.node(node).readers else { return None };
        let is_sum = matches!(self.node(sum).layer, Layer::Add(_)) && matches!(self.node(node).layer, Layer::Conv(_));
        let other = self.node(sum).inputs.get(1 - position.min(1)).copied().filter(|_| is_sum)?;
        (other < node).then_some((sum, other))
    }
}
