//! Ranks that a launcher of MPI started: `mpirun`, or a cluster's own.
//!
//! The library ends the process, and the launcher ends the others, where the connection to a rank is lost: that is its handler
//! of errors `MPI_ERRORS_ARE_FATAL`, the usual one.

use super::Team;
use mpi::Threading;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Destination, Root, Source};
use std::sync::{Mutex, PoisonError};

/// What launchers tell a process that they start: Open MPI's and MPICH's `mpirun`, and Slurm's `srun` by PMI or PMIx.
const LAUNCHERS: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];
/// Bytes of a message at most: MPI counts them in 31 bits.
const MESSAGE: usize = 1 << 30;

/// This process among those that a launcher started.
pub struct Ranks {
    rank: usize,
    size: usize,
    /// Until it is finished. A process that ends otherwise must not wait for the others, as dropping it would: it is kept in a
    /// place that is never dropped.
    universe: Mutex<Option<Universe>>,
}

impl Ranks {
    /// Whether a launcher of MPI started this process. Without one there is nobody to find, and MPI is left alone.
    pub fn launched() -> bool {
        LAUNCHERS.iter().any(|name| std::env::var_os(name).is_some())
    }

    /// Joins the others, once in a process.
    ///
    /// # Errors
    /// The library has been begun, or cannot be called from another thread than the first. What else goes wrong ends the process.
    pub fn join() -> Result<Self, String> {
        // A step runs on a thread of its own, and no other calls meanwhile.
        let (universe, threading) =
            mpi::initialize_with_threading(Threading::Serialized).ok_or("the library of MPI was begun already")?;
        if threading < Threading::Serialized {
            return Err(format!(
                "the library of MPI serves {threading:?} threads, expected Serialized: take one that was built for threads"
            ));
        }
        let world = universe.world();
        let number = |value: i32| value.unsigned_abs() as usize;
        Ok(Ranks { rank: number(world.rank()), size: number(world.size()), universe: Mutex::new(Some(universe)) })
    }
}

/// The process of a rank, which is one of the team's.
fn process(rank: usize) -> i32 {
    i32::try_from(rank).expect("ranks are numbered by i32")
}

impl Team for Ranks {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn pass_on(&self, bytes: &[u8]) {
        let world = SimpleCommunicator::world();
        bytes.chunks(MESSAGE).for_each(|part| world.process_at_rank(process(self.rank + 1)).send(part));
    }

    fn take_over(&self, bytes: &mut [u8]) {
        let (world, before) =
            (SimpleCommunicator::world(), self.rank.checked_sub(1).expect("rank 0 has none before it"));
        for part in bytes.chunks_mut(MESSAGE) {
            world.process_at_rank(process(before)).receive_into(part);
        }
    }

    fn broadcast(&self, from: usize, bytes: &mut [u8]) {
        let world = SimpleCommunicator::world();
        bytes.chunks_mut(MESSAGE).for_each(|part| world.process_at_rank(process(from)).broadcast_into(part));
    }

    fn finish(&self) {
        drop(self.universe.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn abort(&self, code: u8) {
        SimpleCommunicator::world().abort(code.into());
    }
}
