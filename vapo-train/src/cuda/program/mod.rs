//! A program for a CUDA device: kernel launches in a fixed order, over buffers whose extents are known beforehand.
//!
//! It is made on the host, without a device: so memory, launches and operations are known before anything starts.
//!
//! | module | concept |
//! |---|---|
//! | `builder` | appends buffers and launches |
//! | `launch` | one launch: its kernel, extents and arguments |
//! | `placement` | where buffers lie in one block of memory, by their lifetimes |

mod builder;
mod launch;
mod placement;

pub(super) use builder::Builder;
pub(super) use launch::{Argument, BLOCKS, Kernel, Launch, Scalar};
pub(super) use placement::{ALIGNMENT, Placement};

/// A buffer of a program, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Buffer(pub(super) usize);

/// What a buffer's elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// The element type of the program, f32 or f64.
    Real,
    /// f64.
    Double,
    /// u32.
    Word,
    /// u64.
    Count,
}

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The parameters.
    Parameters,
    /// Their gradient.
    Gradient,
    /// The optimiser's moments.
    Moments,
    /// The moving average of the parameters.
    Average,
    /// Small tables and counters that last as long as the program.
    Tables,
    /// What the host writes and reads every step: images, times, seeds, potentials, drifts.
    Exchanged,
    /// Values, tangents and their cotangents.
    Activations,
    /// Partial sums and products.
    Scratch,
}

impl Role {
    /// Whether a buffer lasts as long as the program. Others share memory over time.
    pub(super) fn lasts(self) -> bool {
        matches!(self, Role::Parameters | Role::Gradient | Role::Moments | Role::Average | Role::Tables)
    }
}

/// A buffer's extent and what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) elements: usize,
    pub(super) element: Element,
    pub(super) role: Role,
}

/// Part of a step, between two exchanges with the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The potential, its drift and its rate in time.
    Evaluate,
    /// The gradient of the parameters.
    Differentiate,
    /// The gradient's norm.
    Measure,
    /// The step, and the moving average.
    Move,
}

impl Phase {
    /// All phases in their order.
    pub(crate) const ALL: [Phase; 4] = [Phase::Evaluate, Phase::Differentiate, Phase::Measure, Phase::Move];
}

/// Part of a step's products of matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sweep {
    /// The first pass forward: the potential.
    Forward,
    /// The first pass in reverse: the drift.
    Drift,
    /// The second pass forward, of tangents.
    Tangents,
    /// The second pass in reverse: the gradient of the parameters.
    Gradient,
    /// What moves the parameters.
    Optimiser,
}

impl Sweep {
    /// How many there are.
    const COUNT: usize = 5;
}

/// Launches and buffers of a whole step.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) buffers: Vec<Extent>,
    /// The launches of every phase, in the order of [`Phase::ALL`].
    pub(super) launches: [Vec<Launch>; 4],
    /// When every buffer is first and last used, in launches from the first phase's first on; none for one without a use.
    pub(super) lifetimes: Vec<Option<(usize, usize)>>,
    /// What tables hold. Buffers that last and have none begin at zero.
    pub(super) tables: Vec<(Buffer, Vec<u64>)>,
    /// The launch that the last reverse pass begins with.
    pub(super) last_reverse: usize,
    /// Floating-point operations of every sweep.
    pub(super) operations: [u64; Sweep::COUNT],
}

impl Program {
    /// The launches of a phase.
    pub(super) fn phase(&self, phase: Phase) -> &[Launch] {
        &self.launches[phase as usize]
    }

    /// Launches of a whole step.
    #[cfg(test)]
    pub(crate) fn launches(&self) -> usize {
        self.launches.iter().map(Vec::len).sum()
    }

    /// Floating-point operations of products of matrices: two a multiply-accumulate. What is computed again counts where that is.
    pub(crate) fn operations(&self, sweep: Sweep) -> u64 {
        self.operations[sweep as usize]
    }

    /// Bytes of a buffer's element, where a real has `real`.
    pub(super) fn size(&self, buffer: Buffer, real: usize) -> usize {
        match self.buffers[buffer.0].element {
            Element::Real => real,
            Element::Double | Element::Count => 8,
            Element::Word => 4,
        }
    }

    /// Bytes of a buffer, where a real has `real`.
    pub(super) fn bytes(&self, buffer: Buffer, real: usize) -> usize {
        self.buffers[buffer.0].elements * self.size(buffer, real)
    }

    /// Bytes of all buffers of a role that last as long as the program.
    pub(super) fn lasting(&self, role: Role, real: usize) -> usize {
        let buffers = (0..self.buffers.len()).map(Buffer).filter(|&buffer| self.buffers[buffer.0].role == role);
        buffers.map(|buffer| self.bytes(buffer, real).next_multiple_of(ALIGNMENT)).sum()
    }

    /// Floating-point operations of both passes.
    #[cfg(test)]
    pub(super) fn operations_of_passes(&self) -> u64 {
        self.operations[..Sweep::Optimiser as usize].iter().sum()
    }

    /// Bytes that the last reverse pass finds of earlier ones, and needs.
    pub(crate) fn kept(&self, real: usize) -> usize {
        let lives = |&index: &usize| {
            let across = |(first, last): (usize, usize)| first < self.last_reverse && last >= self.last_reverse;
            !self.buffers[index].role.lasts() && self.lifetimes[index].is_some_and(across)
        };
        (0..self.buffers.len()).filter(lives).map(|index| self.bytes(Buffer(index), real)).sum()
    }
}
