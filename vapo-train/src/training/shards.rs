//! A batch cut into shards that threads work on.
//!
//! Each shard has a tape of its own. The cut depends on the batch alone, and so does the order in which gradients are added,
//! so the result is the same, to the bit, on any number of threads.
//!
//! A gradient takes as much memory as the parameters, however small its shard. So there is no gradient a shard: neighbours
//! are added up at once, into one of a few partial sums. Objectives of whole batches, `energy` and `vapo-bayes`, cannot begin the
//! second pass before the first has ended, so they keep what the first leaves of every shard, which grows with the batch, or
//! compute it again, which takes the first pass twice.
//!
//! Each rank of a team has some of the partial sums, of neighbours. A sum goes from rank to rank, each of which adds its own, so
//! that they are added in the same order as in one process: the result is the same, to the bit, on any number of ranks.

use crate::arithmetic::extent::ExtentError;
use crate::ops::Fused;
use crate::ops::fused::memory::Memory;
use crate::potential::{Evaluation, Potential, Samples};
use crate::team::{Team, gather, share};
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

/// Partial sums of a batch of `count` images of so many values in all: as many ranks have work.
pub(super) fn sums(count: usize, values: usize) -> usize {
    count.div_ceil(length(count, values)).min(SUMS)
}

/// Neighbours in groups, of each of which there is a partial sum.
fn grouped<S>(mut shards: Vec<S>) -> Vec<Vec<S>> {
    let count = shards.len();
    let sums = count.min(SUMS);
    let mut groups: Vec<_> = (0..sums).rev().map(|sum| shards.split_off(sum * count / sums)).collect();
    groups.reverse();
    groups
}

/// The groups of this rank.
fn own<S>(mut groups: Vec<Vec<S>>, team: &dyn Team) -> Vec<Vec<S>> {
    let share = share(groups.len(), team);
    groups.truncate(share.end);
    groups.split_off(share.start)
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

/// Both passes over one shard after the other, on the threads of the current pool: few memories, which stay in the caches. Every
/// rank of the team returns the same.
///
/// # Errors
/// Those of `loss`.
pub(super) fn apart(
    potential: &Potential<f32, Cpu>,
    samples: Samples<'_, f32>,
    memories: &Memories,
    team: &dyn Team,
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
    add_up(own(grouped(shards(&samples)), team), &of_shard, team)
}

/// The first pass over all shards, then the second, on the threads of the current pool. What the first leaves of a shard is
/// kept for the second, or computed again for it: a memory a shard, or a thread. Every rank of the team has the evaluation of all
/// samples in between, and returns the same.
///
/// # Errors
/// Those of `loss`.
pub(super) fn together(
    potential: &Potential<f32, Cpu>,
    samples: Samples<'_, f32>,
    memories: &Memories,
    recompute: bool,
    team: &dyn Team,
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
    let groups = own(grouped(shards(&samples)), team).into_par_iter();
    let groups = groups.map(|group| group.into_par_iter().map(first).unzip::<_, _, Vec<_>, Vec<_>>());
    let (parts, left): (Vec<_>, Vec<_>) = groups.unzip();
    let mine = concatenated(parts.into_iter().flatten());
    let all = Evaluation {
        potential: gather(mine.potential, team),
        drift: gather(mine.drift, team),
        time_rate: gather(mine.time_rate, team),
    };
    let cotangents = loss(&all, 0..samples.times.len())?;
    let second = |(shard, left): (Range<usize>, Option<Memory>)| {
        let mut memory = left.unwrap_or_else(|| evaluate(&shard).1);
        let seeds = cotangents.seeds().slice(shard.clone());
        let gradient = potential.gradient::<Fused>(samples.slice(shard), seeds, &mut memory);
        memories.give_back(memory);
        Ok((0.0, gradient))
    };
    let (_, gradient) = add_up(left, &second, team)?;
    Ok((cotangents.loss, gradient))
}

/// The evaluation of all samples, from those of the shards.
pub(super) fn concatenated(parts: impl IntoIterator<Item = Evaluation<f32>>) -> Evaluation<f32> {
    let mut all = Evaluation::default();
    for part in parts {
        all.potential.extend(part.potential);
        all.drift.extend(part.drift);
        all.time_rate.extend(part.time_rate);
    }
    all
}

/// The sum over the groups of all ranks, a partial sum each.
fn add_up<S: Send>(
    groups: Vec<Vec<S>>,
    of_shard: &(impl Fn(S) -> Result<Part, ExtentError> + Sync),
    team: &dyn Team,
) -> Result<Part, ExtentError> {
    let parts = groups.into_par_iter().map(|group| partial_sum(group, of_shard));
    let parts = parts.collect::<Result<Vec<_>, ExtentError>>()?;
    let (losses, gradients): (Vec<f64>, Vec<_>) = parts.into_iter().unzip();
    Ok((sum_of_losses(&losses, team), sum_over_ranks(gradients, team)))
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

/// The sum of all ranks' losses, in their order.
fn sum_of_losses(losses: &[f64], team: &dyn Team) -> f64 {
    let mut sum = 0.0f64;
    if team.rank() > 0 {
        team.take_over(bytemuck::bytes_of_mut(&mut sum));
    }
    losses.iter().for_each(|loss| sum += loss);
    pass_on_and_share(bytemuck::bytes_of_mut(&mut sum), team);
    sum
}

/// The sum of all ranks' parts, in their order. It goes on in pieces, so that all ranks add at the same time.
fn sum_over_ranks(parts: Vec<Vec<f32>>, team: &dyn Team) -> Vec<f32> {
    let (mut sum, parts) = match team.rank() {
        0 => (sum(parts), Vec::new()),
        _ => (vec![0.0; parts.first().map_or(0, Vec::len)], parts),
    };
    let last = team.size() - 1;
    for (chunk, sum) in sum.chunks_mut(PARAMETERS).enumerate() {
        if team.rank() > 0 {
            team.take_over(bytemuck::cast_slice_mut(sum));
        }
        add(sum, &parts, chunk);
        if team.rank() < last {
            team.pass_on(bytemuck::cast_slice(sum));
        }
    }
    team.broadcast(last, bytemuck::cast_slice_mut(&mut sum));
    sum
}

/// Gives a sum to the next rank, and every rank that of the last.
fn pass_on_and_share(sum: &mut [u8], team: &dyn Team) {
    let last = team.size() - 1;
    if team.rank() < last {
        team.pass_on(sum);
    }
    team.broadcast(last, sum);
}

/// Adds a chunk of every part, in their order.
fn add(sum: &mut [f32], parts: &[Vec<f32>], chunk: usize) {
    for part in parts {
        sum.iter_mut().zip(&part[chunk * PARAMETERS..]).for_each(|(sum, value)| *sum += value);
    }
}

/// The sum of all parts, in their order.
fn sum(mut parts: Vec<Vec<f32>>) -> Vec<f32> {
    let rest = parts.split_off(1.min(parts.len()));
    let mut sum = parts.pop().unwrap_or_default();
    sum.par_chunks_mut(PARAMETERS).enumerate().for_each(|(chunk, sum)| add(sum, &rest, chunk));
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::Alone;
    use crate::team::threads::together as in_team;

    /// A gradient of two values a shard, none of which is a sum of powers of two.
    fn part(shard: usize) -> Part {
        let value = 1.0 / (3.0 + shard as f32);
        (f64::from(value), vec![value, -value * value])
    }

    fn summed(count: usize, threads: usize) -> Part {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| add_up(grouped((0..count).collect()), &|shard| Ok(part(shard)), &Alone)).unwrap()
    }

    /// Three pieces of a gradient, so that one rank adds to the first while another adds to the next.
    #[test]
    fn the_sum_is_the_same_on_any_number_of_ranks() {
        let of_shard = |shard: usize| {
            let of_value = |value: usize| 1.0 / (3.0 + (shard * 7 + value) as f32);
            Ok((1.0 / (3.0 + shard as f64), (0..2 * PARAMETERS + 5).map(of_value).collect()))
        };
        for count in [5, 16, 37] {
            let one = add_up(grouped((0..count).collect()), &of_shard, &Alone).unwrap();
            for size in [2, 3, 5] {
                let added = in_team(size, |team| add_up(own(grouped((0..count).collect()), team), &of_shard, team));
                assert!(added.iter().all(|sum| sum.as_ref() == Ok(&one)), "{count} shards, {size} ranks");
            }
        }
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
        assert_eq!(add_up(grouped((0..64).collect()), &of_shard, &Alone), Err(refused()));
        assert_eq!(add_up(grouped(Vec::<usize>::new()), &of_shard, &Alone), Ok((0.0, vec![])));
    }
}
