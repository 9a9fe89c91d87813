//! The processes that train one model together, each a *rank* of a team, numbered from 0. They may be on several machines.
//!
//! All ranks of a team call the same functions in the same order, or wait for one another for ever. Where the connection to a
//! rank is lost the process ends, and the launcher ends the others: no function returns an error.
//!
//! | module | concept |
//! |---|---|
//! | `mpi` | ranks that a launcher of MPI started, with the feature `mpi` |

#[cfg(feature = "mpi")]
pub mod mpi;
#[cfg(test)]
pub(crate) mod threads;

/// One rank's place in a team, and its way to the others.
pub trait Team: Send + Sync {
    /// Number of this process, from 0. Rank 0 decides, and alone writes and speaks.
    fn rank(&self) -> usize;

    /// Number of ranks.
    fn size(&self) -> usize;

    /// Sends bytes to the next rank, which has to [`take_over`](Team::take_over) as many.
    fn pass_on(&self, bytes: &[u8]);

    /// Receives the bytes that the rank before passed on.
    fn take_over(&self, bytes: &mut [u8]);

    /// Gives every rank the bytes of the rank `from`; all have to expect as many.
    fn broadcast(&self, from: usize, bytes: &mut [u8]);

    /// Leaves the team when the work is done: waits until every rank does.
    fn finish(&self);

    /// Ends all ranks at once, with this exit code. Returns where there is no other.
    fn abort(&self, code: u8);
}

/// A process without others.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Team for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn pass_on(&self, _: &[u8]) {}

    fn take_over(&self, _: &mut [u8]) {}

    fn broadcast(&self, _: usize, _: &mut [u8]) {}

    fn finish(&self) {}

    fn abort(&self, _: u8) {}
}

/// The part of `count` things, numbered from 0, that is this rank's: neighbours, in the order of the ranks.
pub(crate) fn share(count: usize, team: &dyn Team) -> std::ops::Range<usize> {
    let (rank, size) = (team.rank(), team.size());
    rank * count / size..(rank + 1) * count / size
}

/// A message of the rank `from`, of whatever length, to all. The others' own is of no account.
pub(crate) fn tell(mut message: Vec<u8>, from: usize, team: &dyn Team) -> Vec<u8> {
    let mut length = (message.len() as u64).to_ne_bytes();
    team.broadcast(from, &mut length);
    message.resize(u64::from_ne_bytes(length) as usize, 0);
    team.broadcast(from, &mut message);
    message
}

/// The values of all ranks, in the order of the ranks.
pub(crate) fn gather(mine: Vec<f32>, team: &dyn Team) -> Vec<f32> {
    if team.size() == 1 {
        return mine;
    }
    let of_rank = |rank: usize| {
        let own = if rank == team.rank() { bytemuck::cast_slice(&mine).to_vec() } else { Vec::new() };
        bytemuck::pod_collect_to_vec::<u8, f32>(&tell(own, rank, team))
    };
    (0..team.size()).flat_map(of_rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::threads::together;

    #[test]
    fn shares_are_neighbours_and_make_up_the_whole() {
        for (size, count) in [(1, 5), (2, 5), (3, 16), (4, 3), (5, 5)] {
            let shares = together(size, |team| share(count, team));
            let all: Vec<usize> = shares.iter().cloned().flatten().collect();
            assert_eq!(all, (0..count).collect::<Vec<_>>(), "{size} ranks");
            let lengths = shares.iter().map(ExactSizeIterator::len);
            assert!(lengths.clone().max().unwrap() - lengths.min().unwrap() <= 1, "{size} ranks");
        }
    }

    #[test]
    fn every_rank_has_the_values_of_all_in_their_order() {
        let mine = |rank: usize| (0..rank).map(|value| (10 * rank + value) as f32).collect::<Vec<_>>();
        for size in 1..=4 {
            let expected: Vec<f32> = (0..size).flat_map(mine).collect();
            let found = together(size, |team| gather(mine(team.rank()), team));
            assert_eq!(found, vec![expected; size]);
        }
    }

    #[test]
    fn all_are_told_what_one_says() {
        for from in 0..3 {
            let told = together(3, |team| tell(vec![team.rank() as u8; 4 + team.rank()], from, team));
            assert_eq!(told, vec![vec![from as u8; 4 + from]; 3]);
        }
    }
}
