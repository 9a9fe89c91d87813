//! Makes a program, launch by launch.

use super::{Buffer, Element, Extent, Launch, Phase, Program, Role, Sweep};

/// A program that is being made.
#[derive(Debug)]
pub(in crate::cuda) struct Builder {
    buffers: Vec<Extent>,
    launches: [Vec<Launch>; 4],
    phase: Phase,
    /// When buffers are used beside launches: by the host, before and after a phase.
    uses: Vec<(Buffer, usize)>,
    tables: Vec<(Buffer, Vec<u64>)>,
    last_reverse: usize,
    sweep: Sweep,
    operations: [u64; Sweep::COUNT],
}

impl Builder {
    /// A program without launches.
    pub(in crate::cuda) fn new() -> Self {
        Builder {
            buffers: Vec::new(),
            launches: Default::default(),
            phase: Phase::Evaluate,
            uses: Vec::new(),
            tables: Vec::new(),
            last_reverse: 0,
            sweep: Sweep::Forward,
            operations: [0; Sweep::COUNT],
        }
    }

    /// A buffer of reals.
    pub(in crate::cuda) fn buffer(&mut self, role: Role, elements: usize) -> Buffer {
        self.buffer_of(Element::Real, role, elements)
    }

    /// A buffer.
    pub(in crate::cuda) fn buffer_of(&mut self, element: Element, role: Role, elements: usize) -> Buffer {
        self.buffers.push(Extent { elements, element, role });
        Buffer(self.buffers.len() - 1)
    }

    /// A table that kernels read.
    pub(in crate::cuda) fn table(&mut self, contents: Vec<u64>) -> Buffer {
        let buffer = self.buffer_of(Element::Count, Role::Tables, contents.len());
        self.tables.push((buffer, contents));
        buffer
    }

    /// Makes a buffer at least this long.
    pub(in crate::cuda) fn extend(&mut self, buffer: Buffer, elements: usize) {
        let extent = &mut self.buffers[buffer.0];
        extent.elements = extent.elements.max(elements);
    }

    /// Appends a launch.
    pub(in crate::cuda) fn launch(&mut self, launch: Launch) {
        self.operations[self.sweep as usize] += launch.operations;
        self.launches[self.phase as usize].push(launch);
    }

    /// Goes on to the next phase.
    pub(in crate::cuda) fn begin(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// Goes on to the next sweep.
    pub(in crate::cuda) fn sweep(&mut self, sweep: Sweep) {
        self.sweep = sweep;
    }

    /// The host writes or reads a buffer now.
    pub(in crate::cuda) fn exchanged(&mut self, buffer: Buffer) {
        let now = self.now();
        self.uses.push((buffer, now));
    }

    /// The last reverse pass begins.
    pub(in crate::cuda) fn last_reverse_begins(&mut self) {
        self.last_reverse = self.now();
    }

    /// Launches so far. An exchange with the host counts as a part of the launch that comes next.
    fn now(&self) -> usize {
        self.launches.iter().map(Vec::len).sum()
    }

    /// The whole program.
    pub(in crate::cuda) fn finish(self) -> Program {
        let Builder { buffers, launches, uses, tables, last_reverse, operations, .. } = self;
        let mut lifetimes: Vec<Option<(usize, usize)>> = vec![None; buffers.len()];
        let used =
            launches.iter().flatten().enumerate().flat_map(|(at, launch)| launch.buffers().map(move |b| (b, at)));
        for (Buffer(index), at) in used.chain(uses) {
            let (first, last) = lifetimes[index].unwrap_or((at, at));
            lifetimes[index] = Some((first.min(at), last.max(at)));
        }
        Program { buffers, launches, lifetimes, tables, last_reverse, operations }
    }
}
