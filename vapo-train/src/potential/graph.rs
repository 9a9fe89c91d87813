//! The nodes of a potential, and who reads them.

use vapo_format::architecture::Placed;
use vapo_format::{Architecture, Layer, MatrixShape, Shape};

/// All nodes, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
}

/// A node among the others.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its layer.
    pub(crate) layer: Layer,
    /// The nodes that it reads.
    pub(crate) inputs: Vec<usize>,
    /// Extent of its output.
    pub(crate) extent: Shape,
    /// Its weight matrix.
    pub(crate) matrix: Option<MatrixShape>,
    /// Whether it depends on the signal. Other nodes depend on time alone.
    pub(crate) of_signal: bool,
    /// Whether no weights lie between it and the signal or time.
    pub(crate) leaf: bool,
    /// The nodes that read it, each with the position among its inputs; in the order of the nodes.
    pub(crate) readers: Vec<(usize, usize)>,
    /// Whether dropout takes a part of its output.
    pub(crate) thinned: bool,
}

impl Graph {
    /// The nodes of an architecture.
    pub(crate) fn new(architecture: &Architecture) -> Self {
        let mut nodes: Vec<Node> = Vec::with_capacity(architecture.nodes.len());
        for placed in architecture.walk() {
            let inputs: Vec<usize> = placed.edges.iter().map(|&edge| edge.into()).collect();
            for (position, &input) in inputs.iter().enumerate() {
                nodes[input].readers.push((placed.index.into(), position));
            }
            let leaf = placed.matrix().is_none() && inputs.iter().all(|&input| nodes[input].leaf);
            let (matrix, Placed { node, output, .. }) = (placed.matrix(), placed);
            nodes.push(Node {
                layer: node.layer,
                inputs,
                extent: output.extent,
                matrix,
                of_signal: output.of_signal,
                leaf,
                readers: Vec::new(),
                thinned: false,
            });
        }
        let mut graph = Graph { nodes };
        let thinned: Vec<bool> = graph.nodes.iter().map(|node| graph.is_thinned(node)).collect();
        graph.nodes.iter_mut().zip(thinned).for_each(|(node, thinned)| node.thinned = thinned);
        graph
    }

    /// Whether dropout takes a part of a node's output: of a SiLU with FiLM after a group norm, before the second convolution of a
    /// residual block.
    fn is_thinned(&self, node: &Node) -> bool {
        let after_norm = |input: &usize| matches!(self.nodes[*input].layer, Layer::GroupNorm(_));
        matches!(node.layer, Layer::Silu(_)) && node.inputs.len() == 2 && node.inputs.first().is_some_and(after_norm)
    }

    /// All nodes.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Whether every reader of a node is one of these layers, and reads it as its second input.
    pub(crate) fn only_second_input_of(&self, node: &Node, of: impl Fn(&Layer) -> bool) -> bool {
        node.readers.iter().all(|&(reader, position)| position == 1 && of(&self.nodes[reader].layer))
    }
}
