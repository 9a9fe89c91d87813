//! A batch cut into shards that threads work on.
//!
//! Each shard has a tape of its own. The cut depends on the batch alone and sums run in the order of the shards, so
//! the result is the same, to the bit, on any number of threads.

use crate::extent::ExtentError;
use crate::homotopy::Path;
use crate::objective::Objective;
use crate::ops::Fused;
use crate::ops::fused::memory::Memory;
use crate::potential::{Evaluation, Potential, Samples};
use dfdx::prelude::Cpu;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Values of all images of a shard, about: enough that what is done once a shard costs little, few enough that its
/// activations stay in the caches.
const VALUES: usize = 3200;
/// Shards of a batch, at least, so that small images too are work for several threads.
const SHARDS: usize = 4;
/// Parameters whose gradients a thread adds up at a time.
const PARAMETERS: usize = 16_384;

fn shards(samples: &Samples<'_, f32>) -> Vec<Range<usize>> {
    let count = samples.times.len();
    let shard = (VALUES * count / samples.images.len().max(1)).min(count.div_ceil(SHARDS)).max(1);
    (0..count).step_by(shard).map(|start| start..(start + shard).min(count)).collect()
}

/// Memories of earlier batches, for whoever needs one next.
#[derive(Debug, Default)]
pub struct Memories(Mutex<Vec<Memory>>);

impl Memories {
    fn take(&self) -> Memory {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, memory: Memory) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    }
}

/// The loss of a batch and its gradient, on the threads of the current pool.
///
/// # Errors
/// Those of the objective.
pub fn differentiate(
    potential: &Potential<f32, Cpu>,
    path: &Path,
    objective: Objective,
    memories: &Memories,
) -> Result<(f64, Vec<f32>), ExtentError> {
    if objective.is_sum_over_samples() {
        by_shards(potential, path, objective, memories)
    } else {
        whole(potential, path, objective, memories)
    }
}

/// Both passes over one shard after the other: few memories, which stay in the caches.
fn by_shards(
    potential: &Potential<f32, Cpu>,
    path: &Path,
    objective: Objective,
    memories: &Memories,
) -> Result<(f64, Vec<f32>), ExtentError> {
    let samples = path.samples();
    let of_shard = |shard: Range<usize>| {
        let mut memory = memories.take();
        let part = samples.slice(shard.clone());
        let evaluation = potential.evaluate::<Fused>(part, &mut memory);
        let cotangents = objective.evaluate_part(&evaluation, path, shard)?;
        let gradient = potential.gradient::<Fused>(part, cotangents.seeds(), &mut memory);
        memories.give_back(memory);
        Ok((cotangents.loss, gradient))
    };
    let parts = shards(&samples).into_par_iter().map(of_shard).collect::<Result<Vec<_>, ExtentError>>()?;
    let loss = parts.iter().map(|(loss, _)| loss).sum();
    Ok((loss, sum(parts.into_iter().map(|(_, gradient)| gradient).collect())))
}

/// The first pass over all shards, the objective of the whole batch, the second pass.
fn whole(
    potential: &Potential<f32, Cpu>,
    path: &Path,
    objective: Objective,
    memories: &Memories,
) -> Result<(f64, Vec<f32>), ExtentError> {
    let samples = path.samples();
    let of_shard = |shard: Range<usize>| {
        let mut memory = memories.take();
        (potential.evaluate::<Fused>(samples.slice(shard), &mut memory), memory)
    };
    let parts: Vec<_> = shards(&samples).into_par_iter().map(of_shard).collect();
    let mut evaluation = Evaluation::default();
    let mut used = Vec::with_capacity(parts.len());
    for (part, memory) in parts {
        evaluation.potential.extend(part.potential);
        evaluation.drift.extend(part.drift);
        evaluation.time_rate.extend(part.time_rate);
        used.push(memory);
    }
    let cotangents = objective.evaluate(&evaluation, path)?;
    let seeds = cotangents.seeds();
    let of_shard = |(shard, mut memory): (Range<usize>, Memory)| {
        let gradient = potential.gradient::<Fused>(samples.slice(shard.clone()), seeds.slice(shard), &mut memory);
        memories.give_back(memory);
        gradient
    };
    let parts = shards(&samples).into_par_iter().zip(used).map(of_shard).collect();
    Ok((cotangents.loss, sum(parts)))
}

/// The sum of all parts, in their order.
fn sum(mut parts: Vec<Vec<f32>>) -> Vec<f32> {
    let rest = parts.split_off(1.min(parts.len()));
    let mut sum = parts.pop().unwrap_or_default();
    sum.par_chunks_mut(PARAMETERS).enumerate().for_each(|(chunk, sum)| {
        for part in &rest {
            sum.iter_mut().zip(&part[chunk * PARAMETERS..]).for_each(|(sum, value)| *sum += value);
        }
    });
    sum
}
