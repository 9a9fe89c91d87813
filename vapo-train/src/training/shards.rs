//! A batch cut into shards that threads work on.
//!
//! Each shard has a tape of its own. The cut depends on the batch alone and sums run in the order of the shards, so
//! the result is the same, to the bit, on any number of threads.

use crate::ops::Fused;
use crate::ops::fused::memory::Memory;
use crate::potential::{Evaluation, Potential, Samples, Seeds};
use dfdx::prelude::Cpu;
use rayon::prelude::*;
use std::ops::Range;

/// Values of all images of a shard, about: enough that preparing weights costs little beside using them, few enough
/// that a shard's activations stay in the caches.
const VALUES: usize = 4096;
/// Samples a shard, at most, so that batches of usual sizes are work for several threads.
const SAMPLES: usize = 32;

fn shards(samples: &Samples<'_, f32>) -> Vec<Range<usize>> {
    let count = samples.times.len();
    let shard = (VALUES * count / samples.images.len().max(1)).clamp(1, SAMPLES);
    (0..count).step_by(shard).map(|start| start..(start + shard).min(count)).collect()
}

/// The potential and its derivatives at every sample, on the threads of the current pool; and what the gradient needs
/// of each shard.
pub fn evaluate(potential: &Potential<f32, Cpu>, samples: Samples<'_, f32>) -> (Evaluation<f32>, Vec<Memory<f32>>) {
    let parts: Vec<_> =
        shards(&samples).into_par_iter().map(|shard| potential.evaluate::<Fused>(samples.slice(shard))).collect();
    let mut all = Evaluation::default();
    let mut memories = Vec::with_capacity(parts.len());
    for (part, memory) in parts {
        all.potential.extend(part.potential);
        all.drift.extend(part.drift);
        all.time_rate.extend(part.time_rate);
        memories.push(memory);
    }
    (all, memories)
}

/// The gradient of the parameters, on the threads of the current pool, from what the evaluation of the same samples left.
pub fn gradient(
    potential: &Potential<f32, Cpu>,
    samples: Samples<'_, f32>,
    seeds: Seeds<'_, f32>,
    memories: Vec<Memory<f32>>,
) -> Vec<f32> {
    let parts: Vec<_> = shards(&samples)
        .into_par_iter()
        .zip(memories)
        .map(|(shard, memory)| potential.gradient::<Fused>(samples.slice(shard.clone()), seeds.slice(shard), memory))
        .collect();
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_default();
    for part in parts {
        sum.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
    }
    sum
}
