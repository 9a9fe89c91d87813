//! From node to node, forward and in reverse.

use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::layer;
use std::ops::Range;

impl Emitter<'_> {
    /// Forward over the nodes that depend on time alone.
    pub(super) fn forward_of_time(&mut self, pass: Pass) {
        for node in self.nodes_of_time() {
            self.forward_node(pass, node);
        }
    }

    /// Forward over the nodes of a segment that depend on the signal and whose output is not there.
    pub(super) fn forward(&mut self, pass: Pass, segment: Range<usize>) {
        for node in segment.filter(|&node| self.nodes.node(node).of_signal) {
            self.forward_node(pass, node);
        }
    }

    fn forward_node(&mut self, pass: Pass, node: usize) {
        let is_readout = node + 1 == self.nodes.len();
        // Nobody asks for the directional derivative itself, and once is enough for the potential.
        let asked = !is_readout || (pass == Pass::First && self.seeds.is_none());
        if self.output(pass, node).is_none() && asked {
            layer::forward(self.nodes.node(node).layer, node, pass, self);
        }
    }

    /// In reverse over the nodes that depend on time alone.
    pub(super) fn reverse_of_time(&mut self, pass: Pass) {
        for node in self.nodes_of_time().into_iter().rev() {
            self.reverse_node(pass, node);
        }
    }

    /// In reverse over the nodes of a segment that depend on the signal.
    pub(super) fn reverse(&mut self, pass: Pass, segment: Range<usize>) {
        for node in segment.rev().filter(|&node| self.nodes.node(node).of_signal) {
            self.reverse_node(pass, node);
        }
    }

    /// The first pass's reverse over a segment once more, whose nodes up to its last have no cotangents any more.
    pub(super) fn reverse_again(&mut self, inner: Range<usize>) {
        self.again = Some(inner.clone());
        self.reverse(Pass::First, inner.start..inner.end + 1);
        self.again = None;
    }

    fn reverse_node(&mut self, pass: Pass, node: usize) {
        let is_readout = node + 1 == self.nodes.len();
        if is_readout || self.cotangent(pass, node).is_some() {
            layer::reverse(self.nodes.node(node).layer, node, pass, self);
        }
    }

    fn nodes_of_time(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&node| !self.nodes.node(node).of_signal).collect()
    }
}
