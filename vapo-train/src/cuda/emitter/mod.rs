//! Which buffer holds what of which node, while launches are appended.
//!
//! | module | concept |
//! |---|---|
//! | `nodes` | what is known of every node |

mod nodes;

pub(super) use nodes::Nodes;

use super::program::{Argument, Buffer, Builder, Kernel, Launch, Role};
use std::ops::Range;

/// The sum of two buffers.
pub(super) const ADD: Kernel = Kernel { file: "add", name: "add" };

/// Which pass is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// Values, and cotangents of the potential.
    First,
    /// Tangents, and cotangents of the values in the directional derivative.
    Second,
}

/// The parameters, their gradient and the counters of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stores {
    pub(super) parameters: Buffer,
    pub(super) gradient: Buffer,
    /// Zero at first, and after every launch.
    pub(super) counters: Buffer,
}

/// What dropout leaves out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thinning {
    /// A seed an image.
    pub(super) seeds: Buffer,
    /// Part of the activations that is left out.
    pub(super) rate: f32,
}

/// A cotangent that is being made.
#[derive(Clone, Copy, Debug)]
struct Cotangent {
    buffer: Buffer,
    /// Whether nothing else is held there. It is another node's cotangent otherwise, which is the same so far.
    own: bool,
}

/// The state of a network's passes.
pub(super) struct Emitter<'a> {
    pub(super) builder: &'a mut Builder,
    pub(super) nodes: &'a Nodes,
    pub(super) stores: Stores,
    /// Images.
    pub(super) batch: usize,
    /// ∂F/∂Φ, once there is one.
    pub(super) seeds: Option<Buffer>,
    /// What is left out of the nodes that dropout takes a part of, if it does.
    pub(super) thinning: Option<Thinning>,
    time_rate: bool,
    /// Values and tangents.
    forward: [Vec<Option<Buffer>>; 2],
    /// Their cotangents.
    reverse: [Vec<Option<Cotangent>>; 2],
    /// The nodes whose cotangents are computed again; all others have theirs.
    pub(super) again: Option<Range<usize>>,
}

impl<'a> Emitter<'a> {
    pub(super) fn new(
        builder: &'a mut Builder,
        nodes: &'a Nodes,
        stores: Stores,
        batch: usize,
        time_rate: bool,
    ) -> Self {
        let none = || vec![None; nodes.len()];
        let (forward, reverse) = ([none(), none()], [vec![None; nodes.len()], vec![None; nodes.len()]]);
        Emitter { builder, nodes, stores, batch, seeds: None, thinning: None, time_rate, forward, reverse, again: None }
    }

    /// What a pass begins with at a node without inputs.
    pub(super) fn begin_with(&mut self, pass: Pass, node: usize, buffer: Buffer) {
        self.builder.exchanged(buffer);
        self.forward[pass as usize][node] = Some(buffer);
    }

    /// Forgets what the nodes of a segment have forward and in reverse, in these passes. What other segments read, its last node's,
    /// stays, and so do the signal and all that depends on time alone.
    pub(super) fn forget(&mut self, segment: Range<usize>, forward: &[Pass], reverse: &[Pass]) {
        let inner = (segment.start..segment.end - 1).filter(|&node| node > 0 && self.nodes.node(node).of_signal);
        for node in inner {
            forward.iter().for_each(|&pass| self.forward[pass as usize][node] = None);
            reverse.iter().for_each(|&pass| self.reverse[pass as usize][node] = None);
        }
    }

    /// A node's value or tangent; none for a tangent that is zero.
    pub(super) fn output(&self, pass: Pass, node: usize) -> Option<Buffer> {
        self.forward[pass as usize][node]
    }

    /// A node's value.
    pub(super) fn value(&self, node: usize) -> Buffer {
        self.output(Pass::First, node).unwrap_or_else(|| unreachable!("the first pass was here before"))
    }

    /// A node's tangent; none where it is zero.
    pub(super) fn tangent(&self, node: usize) -> Option<Buffer> {
        self.output(Pass::Second, node)
    }

    /// A node's cotangent; none where there is none, or none is wanted.
    pub(super) fn cotangent(&self, pass: Pass, node: usize) -> Option<Buffer> {
        self.reverse[pass as usize][node].map(|cotangent| cotangent.buffer)
    }

    /// The cotangent that a pass made of a node.
    pub(super) fn made(&self, pass: Pass, node: usize) -> Buffer {
        self.cotangent(pass, node).unwrap_or_else(|| unreachable!("the potential depends on it"))
    }

    /// A new buffer for a node's output.
    pub(super) fn new_output(&mut self, pass: Pass, node: usize) -> Buffer {
        let role = if node + 1 == self.nodes.len() { Role::Exchanged } else { Role::Activations };
        let buffer = self.builder.buffer(role, self.count(node));
        self.forward[pass as usize][node] = Some(buffer);
        buffer
    }

    /// A node's output is that of another.
    pub(super) fn same_output(&mut self, pass: Pass, node: usize, other: usize) {
        self.forward[pass as usize][node] = self.forward[pass as usize][other];
    }

    /// Where a reader of a node writes the node's cotangent: base + its part, with the base. None where nobody asks for it.
    pub(super) fn part(&mut self, pass: Pass, node: usize) -> Option<(Buffer, Argument)> {
        if !self.wanted(pass, node) {
            return None;
        }
        let (buffer, base) = match self.reverse[pass as usize][node] {
            Some(Cotangent { buffer, own: true }) => return Some((buffer, buffer.into())),
            Some(Cotangent { buffer, own: false }) => (self.new_cotangent(node), buffer.into()),
            None => (self.new_cotangent(node), Argument::Null),
        };
        self.reverse[pass as usize][node] = Some(Cotangent { buffer, own: true });
        Some((buffer, base))
    }

    /// Passes a cotangent on to a node as it is.
    pub(super) fn pass_on(&mut self, pass: Pass, node: usize, cotangent: Buffer) {
        if !self.wanted(pass, node) {
            return;
        }
        if self.reverse[pass as usize][node].is_none() {
            self.reverse[pass as usize][node] = Some(Cotangent { buffer: cotangent, own: false });
        } else if let Some((to, base)) = self.part(pass, node) {
            let count = self.count(node);
            let arguments = vec![base, cotangent.into(), to.into(), count.into()];
            self.builder.launch(Launch::each(ADD, count, arguments));
        }
    }

    fn new_cotangent(&mut self, node: usize) -> Buffer {
        self.builder.buffer(Role::Activations, self.count(node))
    }

    /// Whether a node's cotangent is asked for.
    fn wanted(&self, pass: Pass, node: usize) -> bool {
        let (of_signal, leaf) = (self.nodes.node(node).of_signal, self.nodes.node(node).leaf);
        match (pass, &self.again) {
            (Pass::First, None) => of_signal || self.time_rate,
            // The signal's is the drift, which is whole.
            (Pass::First, Some(again)) => of_signal && node > 0 && again.contains(&node),
            // Gradients flow to parameters, and nothing before a leaf has some.
            (Pass::Second, _) => !leaf,
        }
    }

    /// A launch has this many counters.
    pub(super) fn needs_counters(&mut self, count: usize) {
        self.builder.extend(self.stores.counters, count);
    }

    /// The batch's elements of a node.
    pub(super) fn count(&self, node: usize) -> usize {
        self.batch * self.nodes.elements(node)
    }

    /// The sum after a convolution and its other term, where a convolution is computed as one operation with it.
    pub(super) fn sum_of(&self, pass: Pass, node: usize) -> Option<(usize, Buffer)> {
        let (sum, other) = self.nodes.sum_of(node)?;
        Some((sum, self.output(pass, other)?))
    }
}
