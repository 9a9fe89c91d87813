//! A batch cut into shards that threads work on.
//!
//! Each shard has a tape of its own. The cut depends on the batch alone, and so does the order in which gradients are added,
//! so the result is the same, to the bit, on any number of threads.
//!
//! A gradient takes as much memory as the parameters, however small its shard. So there is no gradient a shard: neighbours
//! are added up at once, into one of a few partial sums. Objectives of whole batches, `energy` and `vapo-bayes`, cannot begin the
//! second pass before the first has ended, so they keep what the first leaves of every shard, which grows with the batch, or
//! compute it again, which takes the first pass twice.

use crate::arithmetic::extent::ExtentError;
use crate::ops::Fused;
use crate::ops::fused::memory::Memory;
use crate::potential::{Evaluation, Potential, Samples};
use crate::training::weights::Loss;
use dfdx::prelude::Cpu;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Values of all images of a shard, about: enough that what is done once a shard costs little, few enough that its
/// activations stay in the caches.
const VALUES: usize = 3200;
/// Shards of a batch, at least, so that small images too are work for several threads.
const SHARDS: usize = 4;
/// Partial sums of the gradient, at most. Batches of so many shards are added in the order of the shards.
pub(super) const SUMS: usize = 16;
/// Parameters whose gradients a thread adds up at a time.
const PARAMETERS: usize = 16_384;

/// Images of a shard, of a batch of `count` images and so many values in all.
pub(super) fn length(count: usize, values: usize) -> usize {
    (VALUES * count / values.max(1)).min(count.div_ceil(SHARDS)).max(1)
}

fn shards(samples: &Samples<'_, f32>) -> Vec<Range<usize>> {
    let count = samples.times.len();
    let shard = length(count, samples.images.len());
    (0..count).step_by(shard).map(|start| start..(start + shard).min(count)).collect()
}

/// Memories of earlier batches, for whoever needs one next.
#[derive(Debug, Default)]
pub(super) struct Memories(Mutex<Vec<Memory>>);

impl Memories {
    fn take(&self) -> Memory {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// How many wait for the next batch.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn give_back(&self, memory: Memory) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    }
}

/// What samples add to the loss, and to the gradient, (P,).
type Part = (f64, Vec<f32>);

/// Both passes over one shard after the other, on the threads of the current pool: few memories, which stay in the caches.
///
/// # Errors
/// Those of `loss`.
pub(super) fn apart(
    potential: &Potential<f32, Cpu>,
    samples: Samples<'_, f32>,
    memories: &Memories,
    loss: &Loss<'_>,
) -> Result<Part, ExtentError> {
    let of_shard = |shard: Range<usize>| {
        let (samples, mut memory) = (samples.slice(shard.clone()), memories.take());
        let evaluation = potential.evaluate::<Fused>(samples, &mut memory);
        let part = loss(&evaluation, shard)
            .map(|cotangents| (cotangents.loss, potential.gradient::<Fused>(samples, cotangents.seeds(), &mut memory)));
        memories.give_back(memory);
        part
    };
    add_up(shards(&samples), &of_shard)
}

/// The first pass over all shards, then the second, on the threads of the current pool. What the first leaves of a shard is
/// kept for the second, or computed again for it: a memory a shard, or a thread.
///
/// # Errors
/// Those of `loss`.
pub(super) fn together(
    potential: &Potential<f32, Cpu>,
    samples: Samples<'_, f32>,
    memories: &Memories,
    recompute: bool,
    loss: &Loss<'_>,
) -> Result<Part, ExtentError> {
    let evaluate = |shard: &Range<usize>| {
        let mut memory = memories.take();
        (potential.evaluate::<Fused>(samples.slice(shard.clone()), &mut memory), memory)
    };
    let first = |shard: Range<usize>| {
        let (evaluation, memory) = evaluate(&shard);
        let left = if recompute {
            memories.give_back(memory);
            None
        } else {
            Some(memory)
        };
        (evaluation, (shard, left))
    };
    let (parts, left): (Vec<_>, Vec<_>) = shards(&samples).into_par_iter().map(first).unzip();
    let cotangents = loss(&concatenated(parts), 0..samples.times.len())?;
    let second = |(shard, left): (Range<usize>, Option<Memory>)| {
        let mut memory = left.unwrap_or_else(|| evaluate(&shard).1);
        let seeds = cotangents.seeds().slice(shard.clone());
        let gradient = potential.gradient::<Fused>(samples.slice(shard), seeds, &mut memory);
        memories.give_back(memory);
        Ok((0.0, gradient))
    };
    let (_, gradient) = add_up(left, &second)?;
    Ok((cotangents.loss, gradient))
}

/// The evaluation of all samples, from those of the shards.
pub(super) fn concatenated(parts: Vec<Evaluation<f32>>) -> Evaluation<f32> {
    let mut all = Evaluation::default();
    for part in parts {
        all.potential.extend(part.potential);
        all.drift.extend(part.drift);
        all.time_rate.extend(part.time_rate);
    }
    all
}

/// The sum over all shards, of at most [`SUMS`] partial sums of neighbours.
fn add_up<S: Send>(
    mut shards: Vec<S>,
    of_shard: &(impl Fn(S) -> Result<Part, ExtentError> + Sync),
) -> Result<Part, ExtentError> {
    let count = shards.len();
    let sums = count.min(SUMS);
    let mut groups: Vec<_> = (0..sums).rev().map(|sum| shards.split_off(sum * count / sums)).collect();
    groups.reverse();
    let parts = groups.into_par_iter().map(|group| partial_sum(group, of_shard));
    let parts = parts.collect::<Result<Vec<_>, ExtentError>>()?;
    let loss = parts.iter().map(|(loss, _)| loss).sum();
    Ok((loss, sum(parts.into_iter().map(|(_, gradient)| gradient).collect())))
}

/// The sum over neighbours: that over their first half and that over their last, which a thread without work takes.
fn partial_sum<S: Send>(
    mut shards: Vec<S>,
    of_shard: &(impl Fn(S) -> Result<Part, ExtentError> + Sync),
) -> Result<Part, ExtentError> {
    let last = shards.split_off(shards.len() / 2);
    if shards.is_empty() {
        return last.into_iter().map(of_shard).next().unwrap_or_else(|| Ok(Part::default()));
    }
    let (first, last) = rayon::join(|| partial_sum(shards, of_shard), || partial_sum(last, of_shard));
    let ((loss, mut gradient), (more, other)) = (first?, last?);
    gradient.iter_mut().zip(&other).for_each(|(sum, value)| *sum += value);
    Ok((loss + more, gradient))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A gradient of two values a shard, none of which is a sum of powers of two.
    fn part(shard: usize) -> Part {
        let value = 1.0 / (3.0 + shard as f32);
        (f64::from(value), vec![value, -value * value])
    }

    fn summed(count: usize, threads: usize) -> Part {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| add_up((0..count).collect(), &|shard| Ok(part(shard)))).unwrap()
    }

    #[test]
    fn the_sum_is_the_same_on_any_number_of_threads() {
        for count in [1, 2, 3, 15, 16, 17, 64, 100, 257] {
            let one = summed(count, 1);
            for threads in [2, 5, 8] {
                assert_eq!(summed(count, threads), one, "{count} shards");
            }
            let exact: f64 = (0..count).map(|shard| part(shard).0).sum();
            assert!((one.0 - exact).abs() < 1e-12 * exact, "{count} shards: {} is not {exact}", one.0);
            assert!((f64::from(one.1[0]) - exact).abs() < 1e-6 * exact, "{count} shards: {} is not {exact}", one.1[0]);
        }
    }

    #[test]
    fn few_shards_are_added_in_their_order() {
        for count in 1..=SUMS {
            let in_order = (1..count)
                .fold(part(0).1, |sum, shard| sum.iter().zip(part(shard).1).map(|(sum, value)| sum + value).collect());
            assert_eq!(summed(count, 3).1, in_order, "{count} shards");
        }
    }

    #[test]
    fn a_shard_that_is_refused_ends_the_sum() {
        let refused = || ExtentError { what: "the drift", expected: 1, found: 2 };
        let of_shard = |shard: usize| if shard == 40 { Err(refused()) } else { Ok(part(shard)) };
        assert_eq!(add_up((0..64).collect(), &of_shard), Err(refused()));
        assert_eq!(add_up(Vec::<usize>::new(), &of_shard), Ok((0.0, vec![])));
    }
}
