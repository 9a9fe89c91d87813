//! The processes that carry out a command together, where MPI's launcher started several. Rank 0 alone speaks and writes.

use super::{Command, Failure};
use crate::team::{Alone, Team};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Never dropped: a process that fails must not wait for the others.
static TEAM: OnceLock<Box<dyn Team>> = OnceLock::new();
/// Whether nothing is said.
static SILENT: AtomicBool = AtomicBool::new(false);

/// The team of this process.
pub(super) fn team() -> &'static dyn Team {
    TEAM.get().map_or(&Alone, |team| &**team)
}

/// Whether this process speaks: one of a team does.
pub(super) fn speaks() -> bool {
    !SILENT.load(Ordering::Relaxed)
}

/// Whether this process writes files: one of a team does.
pub(super) fn writes() -> bool {
    team().rank() == 0
}

/// Joins the others that were started with this process, if there are any.
///
/// # Errors
/// The command is one of a single process; the library of MPI cannot be used.
#[cfg(feature = "mpi")]
pub(super) fn join(command: Option<&Command>) -> Result<(), Failure> {
    use crate::team::mpi::Ranks;
    if !Ranks::launched() {
        return Ok(());
    }
    let ranks = Ranks::join().map_err(|cause| Failure::told(super::Code::Ranks, cause))?;
    let ranks = TEAM.get_or_init(|| Box::new(ranks));
    SILENT.store(ranks.rank() > 0, Ordering::Relaxed);
    match command {
        None | Some(Command::Sample(_) | Command::Eval(_)) => Ok(()),
        Some(_) if ranks.size() == 1 => Ok(()),
        Some(_) => Err(Failure::Refused(
            super::Code::Ranks,
            format!(
                "found {} ranks, expected one: training, sample and eval are shared out, start any other command without mpirun",
                ranks.size()
            ),
        )),
    }
}

/// There is nobody to join: this program was built without MPI.
///
/// # Errors
/// None.
#[cfg(not(feature = "mpi"))]
pub(super) fn join(_: Option<&Command>) -> Result<(), Failure> {
    Ok(())
}
