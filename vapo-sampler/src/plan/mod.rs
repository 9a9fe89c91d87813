//! Plans a potential's memory: where every activation and cotangent is, and for how long.
//!
//! | module | concept |
//! |---|---|
//! | [`buffer`] | memory of one purpose: what it holds, from when to when, and where |
//! | [`lifetimes`] | when each buffer begins to matter and when it no longer does; which buffers are one |
//! | `placement` | an offset for each, so that no two that live at the same time overlap |
//!
//! A drift is one pass forward and one in reverse. With n nodes, node i works at time i forward, and at time 2n − 1 − i in
//! reverse. A value lives from the node that makes it to its last reader, which is a reverse pass where that needs it; a
//! cotangent lives from the first contribution to it to the reverse pass of its node. A value that depends on time alone and
//! has one reader is computed again in reverse, which costs less than its memory.
//!
#![doc = include_str!("../../docs/figures/plan.svg")]
//!
//! An energy needs only the forward pass: [`PlanFor::forward`] keeps nothing for the reverse pass.
//!
//! A build script can plan as well as a device: [`Plan`] is plain data, and sampling with a plan that was made before needs
//! none of this module's code.
//!
//! # Example
//!
//! ```
//! use vapo_format::Model;
//! use vapo_sampler::plan::{Contribution, ELEMENT, Plan, PlanFor, Step, Work};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! assert!(plan.has_reverse());
//! assert_eq!(plan.elements() * ELEMENT, plan.bytes as usize);
//!
//! // What a build script writes as a constant: every step is plain data.
//! let shared: &Plan = &plan;
//! for Step { layer, value, contributions, work: [Work { bytes, .. }, _], .. } in shared.steps() {
//!     let adds = contributions.contains(&Contribution::Add);
//!     println!("{layer}: its value lies at {value}, it works in {bytes} bytes, and adds to a cotangent: {adds}");
//! }
//!
//! // Energies alone take the pass forward.
//! let forward = PlanFor::<32>::forward(&model)?;
//! assert!(!forward.has_reverse() && forward.elements() <= plan.elements());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod buffer;
pub mod lifetimes;
mod placement;

use crate::error::Error;
use buffer::Role;
use lifetimes::Lifetimes;
use vapo_format::architecture::Placed;
use vapo_format::layer::MAX_INPUTS;
use vapo_format::{Exponents, Layer, Model, Shape};

/// Bytes of an element of the arena.
pub const ELEMENT: usize = size_of::<f32>();
/// Stands for no node.
pub const NONE: u16 = u16::MAX;

/// A potential's nodes with the places of their buffers. [`PlanFor`] makes one; everything else borrows it as this. Its fields lie in
/// this order, so that a program in another language can lend the memory of one.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan<S: ?Sized = [Step]> {
    /// [`Model::fingerprint`] of the models that it is for.
    pub fingerprint: u32,
    /// Bytes of all buffers together.
    pub bytes: u32,
    /// Steps that are used.
    pub count: u16,
    /// A step a node, in the order of the nodes.
    pub steps: S,
}

/// A plan with room for so many nodes.
pub type PlanFor<const NODES: usize> = Plan<[Step; NODES]>;

/// A node in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What it computes.
    pub layer: Layer,
    /// Nodes that it reads, then [`NONE`].
    pub inputs: [u16; MAX_INPUTS],
    /// Extent of its output.
    pub extent: Shape,
    /// Where its matrix begins in the model's weights, in bytes.
    pub weights: u32,
    /// Where its output lies in the memory, in bytes. The signal is the caller's.
    pub value: u32,
    /// Where the cotangent of its output lies. The signal's is the drift.
    pub cotangent: u32,
    /// Where its reverse pass lays what is added to a cotangent.
    pub scratch: u32,
    /// Where its pass forward leaves what its reverse pass needs beside values.
    pub kept: u32,
    /// What its passes need while they work, forward and in reverse.
    pub work: [Work; 2],
    /// What its integers stand for.
    pub exponents: Exponents,
    /// What its reverse pass does with the cotangent of each input.
    pub contributions: [Contribution; MAX_INPUTS],
    /// Whether its reverse pass reads the value of each input.
    pub keeps: [bool; MAX_INPUTS],
    /// Whether it is computed anew for its reader's reverse pass.
    pub again: bool,
}

/// Memory that a pass of a node needs while it works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Where it begins.
    pub offset: u32,
    /// How much it is.
    pub bytes: u32,
}

/// What a reverse pass does with the cotangent of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contribution {
    /// Nothing: the input does not depend on the signal.
    #[default]
    None,
    /// It is the first to set it.
    Set,
    /// It adds to what others have set.
    Add,
}

impl Step {
    /// A place for a step.
    pub const EMPTY: Step = Step {
        layer: Layer::Signal(vapo_format::layer::Signal),
        inputs: [NONE; MAX_INPUTS],
        extent: Shape { channels: 0, height: 0, width: 0 },
        weights: 0,
        value: 0,
        cotangent: 0,
        scratch: 0,
        kept: 0,
        work: [Work { offset: 0, bytes: 0 }; 2],
        exponents: Exponents { value: 0, cotangent: 0 },
        contributions: [Contribution::None; MAX_INPUTS],
        keeps: [false; MAX_INPUTS],
        again: false,
    };

    /// What a model's header says of a node: all but where its buffers lie, and what depends on that. `weights` are the bytes of the
    /// matrices before it, and then those up to the next.
    pub(crate) fn unplaced(model: &Model<'_>, placed: &Placed, weights: &mut u32) -> Step {
        let mut step = Step {
            layer: placed.node.layer,
            extent: placed.output.extent,
            weights: *weights,
            exponents: model.exponents().nth(placed.index.into()).unwrap_or_default(),
            ..Step::EMPTY
        };
        *weights += placed.matrix().map_or(0, |matrix| matrix.bytes(model.encoding()) as u32);
        let slots = step.inputs.iter_mut().zip(&mut step.keeps).enumerate();
        for ((position, (input, keeps)), &edge) in slots.zip(&placed.edges) {
            *input = edge;
            *keeps = placed.node.layer.kind().keeps(position, model.arithmetic());
        }
        step
    }
}

impl<const NODES: usize> PlanFor<NODES> {
    /// Plans the memory of a model's potential.
    ///
    /// # Errors
    /// [`Error::Nodes`] where the model has more nodes than the plan has room for.
    pub fn new(model: &Model<'_>) -> Result<Self, Error> {
        Ok(Self::with(model, &Lifetimes::new(model.walk(), model.arithmetic())?))
    }

    /// Plans the memory of the pass forward alone, which is less: for potentials and energies, the same bits as by
    /// [`PlanFor::new`]. A drift is refused.
    ///
    /// # Errors
    /// As [`PlanFor::new`].
    pub fn forward(model: &Model<'_>) -> Result<Self, Error> {
        Ok(Self::with(model, &Lifetimes::forward(model.walk(), model.arithmetic())?))
    }

    fn with(model: &Model<'_>, lifetimes: &Lifetimes<NODES>) -> Self {
        let mut steps = [Step::EMPTY; NODES];
        let mut weights = 0;
        for (placed, step) in model.walk().zip(&mut steps) {
            let node = placed.index;
            *step = Step::unplaced(model, &placed, &mut weights);
            step.value = lifetimes.offset(Role::Value, node);
            step.cotangent = lifetimes.offset(Role::Cotangent, node);
            step.scratch = lifetimes.offset(Role::Scratch, node);
            step.kept = lifetimes.offset(Role::Kept, node);
            step.work = [Role::Forward, Role::Reverse]
                .map(|role| Work { offset: lifetimes.offset(role, node), bytes: lifetimes.length(role, node) });
            (step.contributions, step.again) = lifetimes.reverse(node);
        }
        Plan { fingerprint: model.fingerprint(), bytes: lifetimes.bytes(), count: lifetimes.count(), steps }
    }
}

/// Whatever its room.
impl<const NODES: usize> core::ops::Deref for PlanFor<NODES> {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        self
    }
}

impl Plan {
    /// The steps that are used.
    pub fn steps(&self) -> &[Step] {
        self.steps.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// Elements of memory that the potential works in.
    pub fn elements(&self) -> usize {
        self.bytes as usize / ELEMENT
    }

    /// Whether it is of both passes, so that there are drifts and not energies alone.
    pub fn has_reverse(&self) -> bool {
        self.steps().iter().flat_map(|step| step.contributions).any(|contribution| contribution != Contribution::None)
    }

    /// The step of a node.
    pub(crate) fn step(&self, node: u16) -> Option<&Step> {
        self.steps.get(usize::from(node))
    }
}
