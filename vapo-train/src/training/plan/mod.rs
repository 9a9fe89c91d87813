//! What a training takes, known before it starts: memory by part, and operations a step.
//!
//! | module | concept |
//! |---|---|
//! | `passes` | what both passes of the potential keep and work in |
//! | `operations` | multiply-accumulates of a step |
//!
//! Nothing is allocated to find out: all comes from the extents of the architecture, as the code of the engine has them.

mod operations;
mod passes;

pub use operations::Operations;

use crate::dataset::Dataset;
use crate::objective::Objective;
use crate::optimiser::{Moves, Rule};
use crate::potential::parameters::Layout;
use crate::run::config::Config;
use crate::training::shards::{self, SUMS};
use serde::Serialize;
use vapo_format::Architecture;

/// Bytes of a parameter, and of all other values of a training.
const VALUE: u64 = size_of::<f32>() as u64;
/// What the program takes before it does anything: its code as far as it is read, the allocator, the standard library.
const PROGRAM: u64 = 12 << 20;
/// What a thread takes beside what it computes: its stack, and pages that the allocator keeps for it.
const THREAD: u64 = 1 << 20;

/// What decides how much a training takes.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The network.
    pub architecture: &'a Architecture,
    /// The loss.
    pub objective: Objective,
    /// How gradients become steps.
    pub optimiser: Rule,
    /// Whether weights rest in the last part of the training.
    pub rests: bool,
    /// Images a step.
    pub batch: usize,
    /// Threads of the processor.
    pub threads: usize,
    /// Images of the data set that lie in memory, and not in a file that is mapped into it.
    pub images: usize,
}

impl<'a> Request<'a> {
    /// That of a run.
    pub fn of(config: &'a Config, dataset: &Dataset) -> Self {
        // Prepared images lie in a file that is mapped.
        let images = if dataset.preparation().is_some() { 0 } else { dataset.len() };
        Request {
            architecture: &config.architecture,
            objective: config.objective,
            optimiser: config.optimiser,
            rests: config.int8_part > 0.0,
            batch: config.batch,
            threads: config.threads,
            images,
        }
    }
}

/// A part of the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What lies there.
    pub what: &'static str,
    /// Its bytes.
    pub bytes: u64,
}

/// What a training takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Weights and biases.
    pub parameters: u64,
    /// Memory at its peak.
    pub parts: Vec<Part>,
    /// Of one step.
    pub operations: Operations,
}

impl Plan {
    /// On threads of the processor.
    pub fn cpu(request: &Request<'_>) -> Self {
        let layout = Layout::new(request.architecture);
        let parameters = layout.len() as u64;
        let vector = VALUE * parameters;
        let image = request.architecture.signal.elements() as u64;
        let state = state(request, &layout);
        let step = step(request, &layout);
        // A checkpoint is written between two steps: copies of all vectors, and the file's bytes.
        let snapshots = if request.rests { 2 } else { 1 };
        let of_step: u64 = step.iter().map(|part| part.bytes).sum();
        let checkpoint = (2 * snapshots * 4 * vector).saturating_sub(of_step);
        let mut parts = vec![
            Part { what: "program", bytes: PROGRAM + THREAD * request.threads as u64 },
            // A byte a value, and their order.
            Part { what: "data set", bytes: request.images as u64 * (image + 8) },
            Part { what: "parameters", bytes: vector },
            Part { what: "moving average", bytes: vector },
        ];
        parts.extend(state);
        parts.extend(step);
        parts.push(Part { what: "checkpoint, beyond a step", bytes: checkpoint });
        parts.retain(|part| part.bytes > 0);
        Plan { parameters, parts, operations: Operations::of(request, &layout) }
    }

    /// Bytes of all parts.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

/// What lies there from step to step beside parameters and their average.
fn state(request: &Request<'_>, layout: &Layout) -> [Part; 2] {
    let parameters = layout.len() as u64;
    let moves = Moves::by(request.optimiser, layout);
    let orthogonal: u64 = moves.orthogonal.iter().map(|place| place.weight().len() as u64).sum();
    let biases: u64 = layout.matrices.iter().map(|place| place.bias().len() as u64).sum();
    // Adam has a value of each moment, and room for a parameter and its gradient.
    let moving = VALUE * (orthogonal + 4 * (parameters - orthogonal));
    // Once weights rest, the biases alone have moments, and the state of before is kept.
    let resting = if request.rests { VALUE * (4 * parameters + 4 * biases) } else { 0 };
    let rests = resting.saturating_sub(moving);
    [Part { what: "moments", bytes: moving }, Part { what: "state before weights rest, beyond moments", bytes: rests }]
}

/// What a step takes beside: all that is there while gradients are computed.
fn step(request: &Request<'_>, layout: &Layout) -> Vec<Part> {
    let vector = VALUE * layout.len() as u64;
    let Request { architecture, batch, threads, .. } = *request;
    let dimension = architecture.signal.elements();
    let images = VALUE * (batch * dimension) as u64;
    let shard = shards::length(batch, batch * dimension);
    let count = batch.div_ceil(shard);
    let busy = threads.min(count);
    let apart = request.objective.is_sum_over_samples();
    let passes = passes::Passes::new(architecture, shard);
    // Objectives of whole batches wait for the first pass over all of it, and keep what it left.
    let kept = if apart { busy } else { count };
    // Noise, images on the path and velocities; for whole batches drifts and their cotangents, in parts first.
    let of_batch = if apart { 4 } else { 7 };
    // A thread sums neighbours of a group by halves, and computes a gradient as the tape and as a vector.
    let groups = count.min(SUMS);
    let waiting = count.div_ceil(groups).next_power_of_two().ilog2() as usize;
    let gradients = groups.saturating_sub(busy) + busy * (2 + waiting);
    vec![
        Part { what: "weights as the kernels read them", bytes: vector + passes.weights },
        Part { what: "gradients", bytes: vector * gradients as u64 },
        Part { what: "images of the batch", bytes: images * of_batch },
        Part { what: "activations kept for reverse", bytes: passes.kept * kept as u64 },
        Part { what: "scratch", bytes: passes.scratch * busy as u64 },
    ]
}
