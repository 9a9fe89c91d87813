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

use crate::cuda::{self, Demand, Network};
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
/// What the program takes before it does anything: its code as far as it is read, and the standard library.
const PROGRAM: u64 = 11 << 20;
/// What a thread takes beside what it computes: its stack, and pages that the allocator has for it.
const THREAD: u64 = 1 << 19;
/// The allocator rounds lengths up to one of four between two powers of two, and has pages for each, in each thread: so many parts of all
/// that there is, as trainings show.
const ROUNDING: u64 = 6;

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
    /// Parts that a step's images are computed in.
    pub accumulate: usize,
    /// Whether what a pass would keep for the next is computed again.
    pub recompute: bool,
    /// Part of the activations that is left out.
    pub dropout: f32,
    /// Threads of the processor.
    pub threads: usize,
    /// Images of the data set that lie in memory, and not in a file that is mapped into it.
    pub images: usize,
}

impl<'a> Request<'a> {
    /// That of a run.
    pub fn of(config: &'a Config, dataset: &Dataset) -> Self {
        let images = dataset.bytes() / dataset.shape().elements();
        Request {
            architecture: &config.architecture,
            objective: config.objective,
            optimiser: config.optimiser,
            rests: config.int8_part > 0.0,
            batch: config.batch,
            accumulate: config.accumulate,
            recompute: config.recompute,
            dropout: config.dropout,
            threads: config.threads,
            images,
        }
    }
}

impl Request<'_> {
    /// Whether the processor computes the first pass again for the second: it does for batches in parts too.
    fn again(&self) -> bool {
        self.recompute || self.accumulate > 1
    }

    /// Whether what the first pass leaves of a whole batch is kept: objectives of whole batches wait for its end.
    fn keeps(&self) -> bool {
        !self.objective.is_sum_over_samples() && !self.again()
    }

    /// How often the first pass is computed.
    fn first_passes(&self) -> u64 {
        if self.objective.is_sum_over_samples() || !self.again() { 1 } else { 2 }
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
    /// Kernels that a CUDA device is given for a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launches: Option<u64>,
}

impl Plan {
    /// On a CUDA device. This is exact: it is the program that a training gives the device.
    pub fn cuda(request: &Request<'_>) -> Self {
        let Request { architecture, objective, batch, accumulate, recompute, dropout, .. } = *request;
        let layout = Layout::new(architecture);
        let (images, time_rate) = (batch / accumulate, objective.needs_time_rate());
        let options = cuda::Options { images, time_rate, recompute, dropout };
        let moves = Moves::by(request.optimiser, &layout);
        // What weights lose of themselves takes nothing.
        let demand = Demand::new(&Network::training(architecture, options, &moves, 0.0));
        let parts = accumulate as u64;
        // Losses of a whole batch wait for all parts, and a part that is not the only one is evaluated twice.
        let evaluations = if objective.is_sum_over_samples() || parts == 1 { parts } else { 2 * parts };
        let [forward, drift, tangents, gradient, optimiser] = demand.multiply_accumulates;
        let [evaluate, differentiate, update] = demand.launches;
        Plan {
            parameters: layout.len() as u64,
            parts: demand.parts.into_iter().map(|(what, bytes)| Part { what, bytes }).collect(),
            operations: Operations {
                forward: evaluations * forward,
                drift: evaluations * drift,
                tangents: parts * tangents,
                gradient: parts * gradient,
                optimiser,
            },
            launches: Some(evaluations * evaluate + parts * differentiate + update),
        }
    }

    /// On threads of the processor.
    pub fn cpu(request: &Request<'_>) -> Self {
        let layout = Layout::new(request.architecture);
        let parameters = layout.len() as u64;
        let vector = VALUE * parameters;
        let image = request.architecture.signal.elements() as u64;
        let step = Step::new(request, &layout);
        let mut parts = vec![
            // A byte a value, and their order.
            Part { what: "data set", bytes: request.images as u64 * (image + size_of::<usize>() as u64) },
            Part { what: "parameters", bytes: vector },
            Part { what: "moving average", bytes: vector },
            Part { what: "gradient of the last step", bytes: vector },
        ];
        parts.extend(moments(request, &layout));
        parts.extend(step.parts());
        parts.push(Part { what: "checkpoint, beyond a step", bytes: step.checkpoint(request, vector) });
        let all: u64 = parts.iter().map(|part| part.bytes).sum();
        parts.push(Part { what: "rounding by the allocator", bytes: all / ROUNDING });
        parts.push(Part { what: "program", bytes: PROGRAM + THREAD * request.threads as u64 });
        parts.retain(|part| part.bytes > 0);
        Plan { parameters, parts, operations: Operations::of(request, &layout), launches: None }
    }

    /// Bytes of all parts.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

/// What lies there from step to step beside parameters and their average.
fn moments(request: &Request<'_>, layout: &Layout) -> [Part; 2] {
    let parameters = layout.len() as u64;
    let moves = Moves::by(request.optimiser, layout);
    let orthogonal: u64 = moves.orthogonal.iter().map(|place| place.weight().len() as u64).sum();
    let biases: u64 = layout.matrices.iter().map(|place| place.bias().len() as u64).sum();
    // Adam has a value of each moment, and room for a parameter and its gradient.
    let moving = VALUE * (orthogonal + 4 * (parameters - orthogonal));
    // Once weights rest, the biases alone have moments, and the state of before is kept.
    let resting = if request.rests { VALUE * (4 * parameters + 4 * biases) } else { 0 };
    let rests = resting.saturating_sub(moving);
    [Part { what: "moments", bytes: moving }, Part { what: "weights before they are fixed", bytes: rests }]
}

/// What a step takes beside, while it computes gradients.
struct Step {
    /// The parameters on their way into the kernels, and panels of them.
    weights: u64,
    gradients: u64,
    images: u64,
    /// Kept from step to step.
    activations: u64,
    scratch: u64,
}

impl Step {
    fn new(request: &Request<'_>, layout: &Layout) -> Self {
        let vector = VALUE * layout.len() as u64;
        let Request { architecture, batch, threads, .. } = *request;
        let values = batch * architecture.signal.elements();
        let shard = shards::length(batch, values);
        let count = batch.div_ceil(shard);
        let busy = threads.min(count);
        let apart = request.objective.is_sum_over_samples();
        let passes = passes::Passes::new(architecture, shard);
        let kept = if request.keeps() { count } else { busy };
        // Data, noise, images on the path and velocities; for whole batches drifts, in parts first, and their cotangents.
        let of_batch = if apart { 4 } else { 7 };
        // Every thread sums neighbours of a group by halves, and has a gradient twice while it computes it: by matrix, then as a vector.
        let groups = count.min(SUMS);
        let waiting = count.div_ceil(groups).next_power_of_two().ilog2() as usize;
        let gradients = groups.saturating_sub(busy) + busy * (2 + waiting);
        Step {
            weights: vector + passes.weights,
            gradients: vector * gradients as u64,
            images: VALUE * (of_batch * values) as u64,
            activations: passes.kept * kept as u64,
            scratch: passes.scratch * busy as u64,
        }
    }

    fn parts(&self) -> [Part; 5] {
        let Step { weights, gradients, images, activations, scratch } = *self;
        [
            ("weights as the kernels read them", weights),
            ("gradients of parts of the batch", gradients),
            ("images of the batch", images),
            ("activations kept for reverse", activations),
            ("scratch", scratch),
        ]
        .map(|(what, bytes)| Part { what, bytes })
    }

    /// What a checkpoint takes where that is more than a step: between two steps, a copy of all vectors, and the bytes of its file.
    fn checkpoint(&self, request: &Request<'_>, vector: u64) -> u64 {
        let Step { weights, gradients, images, scratch, .. } = *self;
        let states = if request.rests { 2 } else { 1 };
        (2 * states * 4 * vector).saturating_sub(weights + gradients + images + scratch)
    }
}
