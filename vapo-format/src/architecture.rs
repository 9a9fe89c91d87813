//! The nodes of a potential Φ(x, t). Each node is a layer, with the earlier nodes that it reads.
//!
//! The first node is the signal, the last the read-out. Skips and conditions are edges like any other. All activations are
//! row-major, channels last (H, W, C).
//!
//! # Example
//!
//! ```
//! use vapo_format::architecture::Placed;
//! use vapo_format::layer::{Conv, Input, Readout, Silu, Time};
//! use vapo_format::{Architecture, Homotopy, Node, Scaling, Shape};
//!
//! // A signal, one convolution, and a read-out that is modulated by time.
//! let signal = Shape { channels: 1, height: 8, width: 8 };
//! let mut architecture = Architecture::new(signal, Homotopy::Linear);
//! let time = architecture.push(Time { features: 32 }, &[])?;
//! let factors = architecture.push(Conv::linear(4 + 1), &[time])?;
//! let filtered = architecture.push(Conv::same3x3(4), &[0])?;
//! let smooth = architecture.push(Silu, &[filtered])?;
//! architecture.push(Readout, &[smooth, factors, 0])?;
//! architecture.validate()?;
//!
//! assert_eq!(architecture.parameters(), (32 + 1) * 5 + (9 + 1) * 4);
//! assert_eq!(architecture.matrices().count(), 2);
//! assert!(architecture.multiply_accumulates() > 0);
//! assert_eq!(architecture.scaling(0), Scaling::BYTES);
//! for placed in architecture.walk() {
//!     let Placed { index, ref edges, output: Input { extent, .. }, .. } = placed;
//!     println!("{index} reads {edges:?}, {} inputs, and makes {extent}", placed.inputs().len());
//!     assert_eq!(placed.matrix().is_some(), index == factors || index == filtered);
//! }
//! // What the node before makes is read if nothing else is said.
//! assert_eq!(Node::new(Silu, smooth, &[filtered]).edges(smooth), [filtered]);
//! # Ok::<(), vapo_format::ArchitectureError>(())
//! ```

use crate::encoding::Encoding;
use crate::error::{ArchitectureError, Fault};
use crate::fixed_point::Exponents;
use crate::homotopy::Homotopy;
use crate::layer::{Input, Layer, MAX_INPUTS, Signal, checked};
use crate::matrix::MatrixShape;
use crate::signal::{Scaling, Shape};
use serde::{Deserialize, Serialize};

/// Most nodes of an architecture that devices read. Their buffers are of this extent.
pub const DEVICE_NODES: usize = 160;
/// Most nodes of an architecture: with the feature `published`, as many as the published model has and some more.
pub const MAX_NODES: usize = if cfg!(feature = "published") { 384 } else { DEVICE_NODES };
/// Most elements of one activation (C·H·W).
pub const MAX_ACTIVATION: usize = 1 << 24;
/// Most channels that have a scaling each.
pub const MAX_SCALINGS: usize = 32;
/// Most bytes of all matrices in float32: files stay below 2³¹ bytes, so that 32-bit offsets suffice.
pub const MAX_WEIGHTS: usize = (1 << 31) - (1 << 16);

const _: () = assert!(usize::BITS >= 32, "vapo-format needs a target with 32-bit addresses or wider");

/// The nodes that a node reads, by index.
pub type Edges = heapless::Vec<u16, MAX_INPUTS, u8>;

/// A layer and what it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The layer.
    pub layer: Layer,
    /// Indices of earlier nodes, in the order that the layer says; none for the one before.
    #[serde(default)]
    pub inputs: Edges,
}

impl Node {
    /// A node at an index that reads these nodes, of which the first [`MAX_INPUTS`] count. Reading the one before alone is
    /// not written down.
    pub fn new(layer: impl Into<Layer>, index: u16, inputs: &[u16]) -> Self {
        let before = index.checked_sub(1);
        let inputs = if inputs.len() == 1 && inputs.first().copied() == before { &[] } else { inputs };
        Node { layer: layer.into(), inputs: few(inputs.iter().copied()) }
    }

    /// What the node at this index reads.
    pub fn edges(&self, index: u16) -> Edges {
        if !self.inputs.is_empty() || *self.layer.kind().inputs().end() == 0 {
            return self.inputs.clone();
        }
        few(index.checked_sub(1).into_iter())
    }
}

/// Everything that defines a potential, except its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Extent of a data sample.
    pub signal: Shape,
    /// One scaling for all channels, or one each.
    pub scaling: heapless::Vec<Scaling, MAX_SCALINGS>,
    /// Path that the potential was trained on.
    pub homotopy: Homotopy,
    /// Number of classes that samples can have: that of its [`Class`](crate::layer::Class) nodes, 0 if it has none.
    pub classes: u16,
    /// From the signal to the read-out.
    pub nodes: heapless::Vec<Node, MAX_NODES>,
}

impl Architecture {
    /// An architecture that has a signal and no other node yet. Its scaling is that of a picture's bytes.
    pub fn new(signal: Shape, homotopy: Homotopy) -> Self {
        let scaling = [Scaling::BYTES].into_iter().collect();
        let nodes = [Node::new(Signal, 0, &[])].into_iter().collect();
        Architecture { signal, scaling, homotopy, classes: 0, nodes }
    }

    /// Adds a node that reads these nodes, and returns its index.
    ///
    /// # Errors
    /// There are [`MAX_NODES`] already, or the node reads more than [`MAX_INPUTS`]. [`Architecture::validate`] says whether it
    /// fits.
    pub fn push(&mut self, layer: impl Into<Layer>, inputs: &[u16]) -> Result<u16, ArchitectureError> {
        let index = self.nodes.len() as u16;
        let refused = |fault| ArchitectureError { node: index, fault };
        let layer = layer.into();
        if inputs.len() > MAX_INPUTS {
            let arity = layer.kind().inputs();
            let found = u8::try_from(inputs.len()).unwrap_or(u8::MAX);
            return Err(refused(Fault::Inputs { least: *arity.start() as u8, most: *arity.end() as u8, found }));
        }
        self.nodes.push(Node::new(layer, index, inputs)).map_err(|_| refused(Fault::Nodes))?;
        Ok(index)
    }

    /// Checks every node.
    ///
    /// # Errors
    /// The first rule that the architecture breaks.
    pub fn validate(&self) -> Result<(), ArchitectureError> {
        check_scaling(self.scaling.iter().copied(), self.signal)?;
        let nodes = self.nodes.iter().cloned();
        check(self.signal, self.classes, nodes, Encoding::Float32, NO_EXPONENTS).map(drop)
    }

    /// Every node with the extents that it reads and makes. Ends early at a node that does not fit
    /// ([`Architecture::validate`] names it).
    pub fn walk(&self) -> impl Iterator<Item = Placed> + '_ {
        walk(self.signal, self.nodes.iter().cloned())
    }

    /// Every weight matrix in the order of the file, which is that of the nodes.
    pub fn matrices(&self) -> impl Iterator<Item = MatrixShape> + '_ {
        self.walk().filter_map(|placed| placed.matrix())
    }

    /// Number of weights and biases. Exact for an architecture that validates; others may reach `usize::MAX`.
    pub fn parameters(&self) -> usize {
        self.matrices().map(|matrix| matrix.parameters()).fold(0, usize::saturating_add)
    }

    /// Multiply-accumulates of one potential, multiplications by padding included. The drift takes twice
    /// as many: one pass forward, one in reverse.
    pub fn multiply_accumulates(&self) -> u64 {
        self.walk()
            .map(|placed| placed.node.layer.kind().multiply_accumulates(placed.inputs(), placed.output.extent))
            .sum()
    }

    /// The scaling of a channel.
    pub fn scaling(&self, channel: usize) -> Scaling {
        let all = self.scaling.first().copied().unwrap_or(Scaling::BYTES);
        if self.scaling.len() > 1 { self.scaling.get(channel).copied().unwrap_or(all) } else { all }
    }
}

/// A node in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Its index.
    pub index: u16,
    /// The node.
    pub node: Node,
    /// The nodes that it reads, by index.
    pub edges: Edges,
    /// What it makes.
    pub output: Input,
    inputs: heapless::Vec<Input, MAX_INPUTS, u8>,
}

impl Placed {
    /// What it reads.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Its weight matrix, if it has one.
    pub fn matrix(&self) -> Option<MatrixShape> {
        self.node.layer.matrix_shape(self.index, &self.inputs)
    }
}

/// Places nodes one after the other. Ends at the first that does not fit what comes before it.
pub(crate) fn walk(signal: Shape, nodes: impl Iterator<Item = Node>) -> impl Iterator<Item = Placed> {
    let mut places = Places::new(signal);
    nodes.map_while(move |node| places.add(node).ok())
}

/// What nodes make, as far as they are placed.
pub(crate) struct Places {
    signal: Shape,
    made: heapless::Vec<Input, MAX_NODES>,
}

impl Places {
    pub(crate) fn new(signal: Shape) -> Self {
        Places { signal, made: heapless::Vec::new() }
    }

    /// Places the next node.
    pub(crate) fn add(&mut self, node: Node) -> Result<Placed, ArchitectureError> {
        let index = self.made.len() as u16;
        let placed = place(self.signal, &self.made, index, node).and_then(|placed| {
            self.made.push(placed.output).map_err(|_| Fault::Nodes)?;
            Ok(placed)
        });
        placed.map_err(|fault| ArchitectureError { node: index, fault })
    }
}

fn place(signal: Shape, made: &[Input], index: u16, node: Node) -> Result<Placed, Fault> {
    let edges = node.edges(index);
    let arity = node.layer.kind().inputs();
    if !arity.contains(&edges.len()) || (index == 0) != matches!(node.layer, Layer::Signal(_)) {
        let refused = Fault::Inputs { least: *arity.start() as u8, most: *arity.end() as u8, found: edges.len() as u8 };
        let signal = index == 0 || matches!(node.layer, Layer::Signal(_));
        return Err(if signal { Fault::Signal } else { refused });
    }
    // One node has one list: that of the node before alone is empty.
    if node.inputs.len() == 1 && node.inputs.first().copied() == index.checked_sub(1) {
        return Err(Fault::Edge { found: index.saturating_sub(1) });
    }
    let mut inputs = heapless::Vec::new();
    for (position, &edge) in edges.iter().enumerate() {
        let repeated = edges.iter().take(position).any(|&other| other == edge);
        let input = made.get(usize::from(edge)).filter(|_| !repeated).ok_or(Fault::Edge { found: edge })?;
        // As many as the edges.
        let _ = inputs.push(*input);
    }
    let output = if index == 0 {
        Input { extent: checked(signal)?, of_signal: true }
    } else {
        let extent = node.layer.kind().output(&inputs)?;
        Input { extent, of_signal: inputs.iter().any(|input| input.of_signal) }
    };
    let elements = output.extent.elements();
    if elements > MAX_ACTIVATION {
        // The largest extents make 2³² elements.
        return Err(Fault::Activation { elements: u32::try_from(elements).unwrap_or(u32::MAX) });
    }
    Ok(Placed { index, node, edges, output, inputs })
}

/// Of float arithmetic, or not known yet.
pub(crate) const NO_EXPONENTS: Option<Unchecked<core::iter::Empty<Exponents>>> = None;

/// How much all matrices are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Matrices {
    pub(crate) count: u16,
    pub(crate) bytes: usize,
}

/// Checks all nodes, and the exponents of integer arithmetic if there are any; says how much their matrices are.
#[inline(never)] // what it remembers of nodes leaves the stack before anything else is checked
pub(crate) fn check(
    signal: Shape,
    classes: u16,
    nodes: impl Iterator<Item = Node>,
    encoding: Encoding,
    mut exponents: Option<Unchecked<impl Iterator<Item = Exponents> + Clone>>,
) -> Result<Matrices, ArchitectureError> {
    let at = |node, fault| ArchitectureError { node, fault };
    let mut used: heapless::Vec<bool, MAX_NODES> = heapless::Vec::new();
    let mut has_class = false;
    let (mut last, mut matrices, mut weights) = (None, Matrices::default(), 0_usize);
    let mut places = Places::new(signal);
    for node in nodes {
        let placed = places.add(node)?;
        if let Layer::Class(class) = placed.node.layer {
            if class.classes != classes {
                return Err(at(placed.index, Fault::Classes { expected: classes, found: class.classes }));
            }
            has_class = true;
        }
        if last == Some(true) {
            return Err(at(placed.index - 1, Fault::Readout));
        }
        for &edge in &placed.edges {
            used.iter_mut().skip(edge.into()).take(1).for_each(|used| *used = true);
        }
        let of_signal = placed.node.layer.reads_out();
        let reads_out = of_signal.is_some();
        if let Some(edge) = of_signal.map(|position| placed.edges.get(position)).filter(|edge| *edge != Some(&0)) {
            return Err(at(placed.index, Fault::Edge { found: edge.copied().unwrap_or_default() }));
        }
        #[cfg(feature = "published")]
        if exponents.is_some() && (placed.node.layer.kind().float_only() || usize::from(placed.index) >= DEVICE_NODES) {
            return Err(at(placed.index, Fault::FloatOnly));
        }
        last = Some(reads_out);
        if exponents.as_mut().is_some_and(|exponents| !exponents.fit(&placed)) {
            return Err(at(placed.index, Fault::Exponents));
        }
        // The walk ends before a node that is one too many.
        let _ = used.push(false);
        if let Some(matrix) = placed.matrix() {
            matrices.count += 1;
            matrices.bytes = matrices.bytes.saturating_add(matrix.bytes(encoding));
            weights = weights.saturating_add(matrix.bytes(Encoding::Float32));
        }
        if weights > MAX_WEIGHTS {
            return Err(at(placed.index, Fault::Weights));
        }
    }
    let count = used.len() as u16;
    if classes > 0 && !has_class {
        return Err(at(0, Fault::Classes { expected: classes, found: 0 }));
    }
    if last != Some(true) {
        return Err(at(count.saturating_sub(1), Fault::Readout));
    }
    if exponents.is_some_and(|exponents| !exponents.end()) {
        return Err(at(count.saturating_sub(1), Fault::Exponents));
    }
    match used.iter().take(used.len() - 1).position(|used| !used) {
        Some(unused) => Err(at(unused as u16, Fault::Unused)),
        None => Ok(matrices),
    }
}

/// Checks that there is one scaling, or one a channel, and that each is valid.
pub(crate) fn check_scaling(scaling: impl Iterator<Item = Scaling>, signal: Shape) -> Result<(), ArchitectureError> {
    let (mut count, mut valid) = (0, true);
    for scaling in scaling {
        count += 1;
        valid &= scaling.is_valid();
    }
    let fits = count == 1 || (count == usize::from(signal.channels) && count <= MAX_SCALINGS);
    if fits && valid { Ok(()) } else { Err(ArchitectureError { node: 0, fault: Fault::Scaling }) }
}

/// The first of some items, as many as there is room for. Not `collect`, which can panic.
fn few<T, const N: usize, L: heapless::LenType>(items: impl Iterator<Item = T>) -> heapless::Vec<T, N, L> {
    let mut first = heapless::Vec::new();
    for item in items {
        if first.push(item).is_err() {
            break;
        }
    }
    first
}

/// Exponents to be checked, one after the other.
pub(crate) struct Unchecked<E> {
    all: E,
    rest: E,
}

impl<E: Iterator<Item = Exponents> + Clone> Unchecked<E> {
    pub(crate) fn new(all: E) -> Self {
        Unchecked { rest: all.clone(), all }
    }

    /// Whether the next are those of a node: in range, and with shifts that integers have between its inputs and it.
    pub(crate) fn fit(&mut self, placed: &Placed) -> bool {
        let of_inputs = placed.edges.iter().filter_map(|&edge| self.all.clone().nth(edge.into()));
        let of_inputs: heapless::Vec<_, MAX_INPUTS, u8> = few(of_inputs);
        self.rest.next().is_some_and(|own| {
            let has_cotangent = placed.output.of_signal || own.cotangent == 0;
            own.is_valid() && has_cotangent && placed.node.layer.kind().exponents(placed.inputs(), &of_inputs, own)
        })
    }

    /// Whether none is left.
    pub(crate) fn end(mut self) -> bool {
        self.rest.next().is_none()
    }
}
