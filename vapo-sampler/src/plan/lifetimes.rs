//! When each buffer begins to matter and when it no longer does; which buffers are one.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::plan::lifetimes::Lifetimes;
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let both = Lifetimes::<32>::new(model.walk(), model.arithmetic())?;
//! let forward = Lifetimes::<32>::forward(model.walk(), model.arithmetic())?;
//! assert_eq!(usize::from(both.count()), model.nodes().count());
//! assert!(forward.bytes() <= both.bytes() && both.lower_bound() <= both.bytes());
//!
//! // The bytes that live at each time, as `vapo-train inspect --plan` draws them.
//! let most = (0..both.end()).map(|time| both.bytes_at(time)).max();
//! assert!(most.is_some_and(|most| most <= both.bytes()));
//! println!("{} buffers", both.buffers().count());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::buffer::{Buffer, Life, ROLES, Role};
use super::{Contribution, placement};
use crate::error::Error;
use crate::kernel::convolution::Direction;
use crate::layer;
use vapo_format::architecture::Placed;
use vapo_format::layer::{MAX_INPUTS, Place, Reverse};
use vapo_format::{Arithmetic, Layer, Shape};

/// A node as the planner sees it.
#[derive(Clone, Copy, Debug)]
struct Node {
    layer: Layer,
    extent: Shape,
    of_signal: bool,
    edges: [Option<u16>; MAX_INPUTS],
    readers: u16,
    /// The reader whose reverse pass comes first.
    last_reader: u16,
    /// When its value is read last.
    last_read: u16,
    again: bool,
    contributions: [Contribution; MAX_INPUTS],
}

/// Which passes a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passes {
    /// Forward alone: the potential and its energy.
    Forward,
    /// Forward and in reverse: the drift too.
    Both,
}

/// The buffers of a potential with at most so many nodes.
#[derive(Clone, Debug)]
pub struct Lifetimes<const NODES: usize> {
    nodes: heapless::Vec<Node, NODES>,
    buffers: [[Buffer; NODES]; ROLES],
    arithmetic: Arithmetic,
    passes: Passes,
    bytes: u32,
}

impl<const NODES: usize> Lifetimes<NODES> {
    /// Plans the memory of nodes that are computed in an arithmetic. Buffers begin at multiples of four bytes.
    ///
    /// # Errors
    /// [`Error::Nodes`] where there are more than `NODES`, [`Error::Large`] where buffers take 4 GiB or more.
    pub fn new(nodes: impl Iterator<Item = Placed>, arithmetic: Arithmetic) -> Result<Self, Error> {
        Self::of_passes(nodes, arithmetic, Passes::Both)
    }

    /// The same for the pass forward alone: nothing lives for a pass in reverse.
    ///
    /// # Errors
    /// As [`Lifetimes::new`].
    pub fn forward(nodes: impl Iterator<Item = Placed>, arithmetic: Arithmetic) -> Result<Self, Error> {
        Self::of_passes(nodes, arithmetic, Passes::Forward)
    }

    fn of_passes(nodes: impl Iterator<Item = Placed>, arithmetic: Arithmetic, passes: Passes) -> Result<Self, Error> {
        let mut buffers = [[Buffer::EMPTY; NODES]; ROLES];
        for (role, buffers) in Role::ALL.into_iter().zip(&mut buffers) {
            for (node, buffer) in buffers.iter_mut().enumerate() {
                (buffer.role, buffer.node) = (role, node as u16);
            }
        }
        let mut lifetimes = Lifetimes { nodes: heapless::Vec::new(), buffers, arithmetic, passes, bytes: 0 };
        for placed in nodes {
            let mut edges = [None; MAX_INPUTS];
            edges.iter_mut().zip(&placed.edges).for_each(|(to, &edge)| *to = Some(edge));
            let node = Node {
                layer: placed.node.layer,
                extent: placed.output.extent,
                of_signal: placed.output.of_signal,
                edges,
                readers: 0,
                last_reader: 0,
                last_read: placed.index,
                again: false,
                contributions: [Contribution::None; MAX_INPUTS],
            };
            let given = usize::from(placed.index) + 1;
            lifetimes.nodes.push(node).map_err(|_| Error::Nodes { most: NODES, given })?;
        }
        lifetimes.find_readers();
        if passes == Passes::Both {
            lifetimes.find_again();
        }
        lifetimes.lay_values();
        if passes == Passes::Both {
            lifetimes.lay_cotangents();
        }
        lifetimes.lay_work();
        let needed = placement::place(&mut lifetimes.buffers);
        lifetimes.bytes = u32::try_from(needed).map_err(|_| Error::Large { needed })?;
        Ok(lifetimes)
    }

    /// Nodes.
    pub fn count(&self) -> u16 {
        self.nodes.len() as u16
    }

    /// Bytes of all buffers together, where they lie.
    pub fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Bytes of the buffers that matter at a time.
    pub fn bytes_at(&self, time: u16) -> u32 {
        // No more than all of them together take, which was checked.
        self.buffers().filter(|buffer| buffer.lives_at(time)).map(|buffer| buffer.bytes).fold(0, u32::saturating_add)
    }

    /// Time at which all is known, one after the last: two for every node, or one where the pass forward is alone.
    pub fn end(&self) -> u16 {
        match self.passes {
            Passes::Forward => self.count(),
            Passes::Both => 2 * self.count(),
        }
    }

    /// The bytes that no plan of these buffers can do without: the most that matter at one time.
    pub fn lower_bound(&self) -> u32 {
        (0..self.end()).map(|time| self.bytes_at(time)).max().unwrap_or_default()
    }

    /// Every buffer.
    pub fn buffers(&self) -> impl Iterator<Item = &Buffer> {
        self.buffers.iter().flatten().filter(|buffer| buffer.is_laid())
    }

    /// Where a node's buffer lies, 0 if it has none.
    pub(crate) fn offset(&self, role: Role, node: u16) -> u32 {
        self.buffer(self.root((role, node))).map_or(0, |buffer| buffer.offset)
    }

    /// Bytes of a node's buffer of its own.
    pub(crate) fn length(&self, role: Role, node: u16) -> u32 {
        self.buffer((role, node)).map_or(0, |buffer| buffer.bytes)
    }

    /// What a node's reverse pass does with the cotangents of its inputs; whether the node is computed anew.
    pub(crate) fn reverse(&self, node: u16) -> ([Contribution; MAX_INPUTS], bool) {
        self.node(node).map(|node| (node.contributions, node.again)).unwrap_or_default()
    }

    fn node(&self, node: u16) -> Option<&Node> {
        self.nodes.get(usize::from(node))
    }

    /// Time of a node's reverse pass; of its pass forward where that is alone.
    fn reversed(&self, node: u16) -> u16 {
        match self.passes {
            Passes::Forward => node,
            Passes::Both => self.end() - 1 - node,
        }
    }

    fn bytes_of(&self, extent: Shape) -> u32 {
        whole(extent.elements().saturating_mul(self.arithmetic.element()))
    }

    fn find_readers(&mut self) {
        for reader in 0..self.count() {
            let Some(&Node { layer, edges, of_signal, .. }) = self.node(reader) else { continue };
            let reversed = self.reversed(reader);
            for (position, edge) in edges.into_iter().enumerate() {
                let Some(edge) = edge else { continue };
                let kept = of_signal && layer.kind().keeps(position, self.arithmetic);
                let Some(node) = self.nodes.get_mut(usize::from(edge)) else { continue };
                node.readers += 1;
                node.last_reader = reader;
                // A read-out reads the signal where the caller has it.
                if edge != 0 || !matches!(layer, Layer::Readout(_)) {
                    node.last_read = node.last_read.max(if kept { reversed } else { reader });
                }
            }
        }
    }

    /// A vector of time that one reader needs in both passes, and whose own inputs others need too, is computed twice.
    fn find_again(&mut self) {
        for index in 0..self.count() {
            let Some(&Node { of_signal, readers, last_reader, last_read, edges, .. }) = self.node(index) else {
                continue;
            };
            let reversed = self.reversed(last_reader);
            let shared = |edge: u16| self.node(edge).is_some_and(|input| input.readers > 1);
            let again = !of_signal
                && readers == 1
                && last_read == reversed
                && reversed - last_reader > 1
                && edges.into_iter().flatten().all(shared);
            if !again {
                continue;
            }
            self.nodes.iter_mut().skip(index.into()).take(1).for_each(|node| node.again = true);
            for edge in edges.into_iter().flatten() {
                let input = self.nodes.iter_mut().skip(edge.into()).take(1);
                input.for_each(|input| input.last_read = input.last_read.max(reversed));
            }
        }
    }

    fn lay_values(&mut self) {
        let first = match self.arithmetic {
            // The signal is read where the caller has it.
            Arithmetic::Float => 1,
            Arithmetic::Integer => 0,
        };
        // The potential that the read-out makes lies nowhere: it is returned.
        for index in first..self.count().saturating_sub(1) {
            let Some(&node) = self.node(index) else { continue };
            let life = Life { first: index, last: node.last_read };
            let lives = if node.again {
                [Life { first: index, last: node.last_reader }, Life::at(node.last_read)]
            } else {
                [life, Life::NONE]
            };
            self.set((Role::Value, index), self.bytes_of(node.extent), lives);
            let kept = node.layer.kind().kept_bytes(self.arithmetic, node.extent);
            if kept > 0 {
                let last = if node.of_signal { self.reversed(index) } else { index };
                let [_, again] = lives;
                self.set((Role::Kept, index), whole(kept), [Life { first: index, last }, again]);
            }
            if node.layer.kind().place(self.arithmetic, node.extent) != Place::Apart && !node.again {
                let free = |&edge: &u16| {
                    let fits = |input: &Node| input.extent == node.extent && input.last_read == index && !input.again;
                    edge >= first && self.node(edge).is_some_and(fits)
                };
                if let Some(input) = node.edges.into_iter().flatten().find(free) {
                    self.join((Role::Value, index), (Role::Value, input));
                }
            }
        }
    }

    fn lay_cotangents(&mut self) {
        for index in (1..self.count()).rev() {
            let Some(&node) = self.node(index) else { continue };
            if !node.of_signal {
                continue;
            }
            if node.readers > 0 {
                let life = Life { first: self.reversed(node.last_reader), last: self.reversed(index) };
                // Others that are one with it may have laid it before, over the same time.
                self.set((Role::Cotangent, index), self.bytes_of(node.extent), [life, Life::NONE]);
            }
        }
        for index in (1..self.count()).rev() {
            if self.node(index).is_some_and(|node| node.of_signal) {
                self.reverse_node(index);
            }
        }
    }

    fn reverse_node(&mut self, index: u16) {
        let Some(&node) = self.node(index) else { return };
        let own = (Role::Cotangent, index);
        let mut contributions = [Contribution::None; MAX_INPUTS];
        for (contribution, edge) in contributions.iter_mut().zip(node.edges) {
            if let Some(input) = edge.and_then(|edge| self.node(edge)).filter(|input| input.of_signal) {
                *contribution = if input.last_reader == index { Contribution::Set } else { Contribution::Add };
            }
        }
        let (mut scratch, mut passed) = (0, false);
        for (position, (contribution, edge)) in contributions.into_iter().zip(node.edges).enumerate() {
            let Some(edge) = edge.filter(|_| contribution != Contribution::None) else { continue };
            let first = contribution == Contribution::Set && edge != 0;
            let extent = self.node(edge).map(|input| input.extent).unwrap_or_default();
            match node.layer.kind().reverse(position, self.arithmetic) {
                // A read-out reads the signal itself: its contribution is made in the drift.
                Reverse::Written | Reverse::OverValue if edge == 0 && contribution == Contribution::Set => {}
                Reverse::Written | Reverse::OverValue | Reverse::Either if contribution == Contribution::Add => {
                    scratch = scratch.max(self.bytes_of(extent));
                }
                Reverse::Either if first && self.may_reverse_in_place(&node, own, extent, index) => {
                    self.join((Role::Cotangent, edge), own);
                }
                Reverse::Written | Reverse::Either => {}
                Reverse::InPlace if first => self.join((Role::Cotangent, edge), own),
                Reverse::InPlace => {}
                Reverse::OverValue => {
                    let done = self.node(edge).is_some_and(|input| input.last_read == self.reversed(index));
                    if first && done {
                        self.join((Role::Cotangent, edge), (Role::Value, edge));
                    }
                }
                Reverse::Passed => passed = true,
            }
        }
        self.set((Role::Scratch, index), scratch, [Life::at(self.reversed(index)), Life::NONE]);
        if passed {
            self.pass_on(index, &node, contributions);
        }
        self.nodes.iter_mut().skip(index.into()).take(1).for_each(|node| node.contributions = contributions);
    }

    /// The cotangent of a sum is that of both its inputs. The earlier one, the stream, takes its memory over; the later one,
    /// the branch, reads it there, if it is done before the stream's is changed.
    fn pass_on(&mut self, index: u16, node: &Node, contributions: [Contribution; MAX_INPUTS]) {
        let own = (Role::Cotangent, index);
        let first_set = |edge: u16| {
            let position = node.edges.iter().position(|&other| other == Some(edge));
            position.and_then(|position| contributions.get(position)) == Some(&Contribution::Set)
        };
        let inputs = || node.edges.into_iter().flatten().filter(|&edge| edge != 0 && first_set(edge));
        let Some(stream) = inputs().min() else { return };
        let branch = inputs().max().filter(|&branch| branch != stream);
        self.join((Role::Cotangent, stream), own);
        let Some(branch) = branch else { return };
        // One contribution is made before it is added to anything: the branch's own input may be the stream.
        let of_signal = |edge: u16| self.node(edge).is_some_and(|input| input.of_signal);
        let done_before = |input: &Node| {
            let contributions = input.edges.into_iter().flatten().filter(|&edge| of_signal(edge)).count();
            input.readers == 1
                && contributions == 1
                && matches!(input.layer.kind().reverse(0, self.arithmetic), Reverse::Written | Reverse::Either)
        };
        let changed_later = self.nodes.iter().enumerate().all(|(reader, other)| {
            reader == usize::from(index) || reader <= usize::from(branch) || !other.edges.contains(&Some(stream))
        });
        if changed_later && self.node(branch).is_some_and(done_before) {
            self.join((Role::Cotangent, branch), own);
        }
    }

    /// Whether a layer that works in place where it can does so in reverse: nothing else needs the output's cotangent later.
    fn may_reverse_in_place(&self, node: &Node, own: (Role, u16), input: Shape, index: u16) -> bool {
        let worth = node.layer.kind().place(self.arithmetic, node.extent) == Place::Either;
        let last = self.buffer(self.root(own)).map(|Buffer { lives: [life, _], .. }| life.last);
        worth && input == node.extent && last == Some(self.reversed(index))
    }

    /// What layers need while they work.
    fn lay_work(&mut self) {
        if self.arithmetic == Arithmetic::Float {
            return;
        }
        for index in 0..self.count() {
            let Some(&node) = self.node(index) else { continue };
            let [Some(input), ..] = node.edges else { continue };
            let extents = [self.node(input).map(|input| input.extent).unwrap_or_default(), node.extent];
            let bytes = |direction| whole(layer::work_bytes(&node.layer, extents, direction));
            let (forward, reverse) = (bytes(Direction::Forward), bytes(Direction::Reverse));
            let again = if node.again { Life::at(node.last_read) } else { Life::NONE };
            self.set((Role::Forward, index), forward, [Life::at(index), again]);
            if node.of_signal && self.passes == Passes::Both {
                self.set((Role::Reverse, index), reverse, [Life::at(self.reversed(index)), Life::NONE]);
            }
        }
    }

    fn buffer(&self, (role, node): (Role, u16)) -> Option<&Buffer> {
        self.buffers.get(role as usize)?.get(usize::from(node))
    }

    fn buffer_mut(&mut self, (role, node): (Role, u16)) -> Option<&mut Buffer> {
        self.buffers.get_mut(role as usize)?.get_mut(usize::from(node))
    }

    fn set(&mut self, place: (Role, u16), bytes: u32, lives: [Life; 2]) {
        if let Some(buffer) = self.buffer_mut(place) {
            (buffer.bytes, buffer.lives) = (bytes, lives);
        }
    }

    /// The buffer that a buffer is one with in the end.
    fn root(&self, mut place: (Role, u16)) -> (Role, u16) {
        while let Some(next) = self.buffer(place).and_then(|buffer| buffer.one_with) {
            place = next;
        }
        place
    }

    /// Makes one buffer of two of one extent: `later` begins when `earlier` ends, or reads the same.
    fn join(&mut self, later: (Role, u16), earlier: (Role, u16)) {
        let (later, root) = (self.root(later), self.root(earlier));
        if later == root {
            return;
        }
        let Some(&Buffer { lives: [life, _], bytes, .. }) = self.buffer(later) else { return };
        if let Some(buffer) = self.buffer_mut(root) {
            let [first, _] = &mut buffer.lives;
            *first = Life { first: first.first.min(life.first), last: first.last.max(life.last) };
            buffer.bytes = buffer.bytes.max(bytes);
        }
        if let Some(buffer) = self.buffer_mut(later) {
            buffer.one_with = Some(root);
        }
    }
}

/// Bytes up to a multiple of four, or `u32::MAX` where 32 bits have none.
fn whole(bytes: usize) -> u32 {
    u32::try_from(bytes.next_multiple_of(4)).unwrap_or(u32::MAX)
}
