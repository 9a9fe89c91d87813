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
    same_line(&**ranks)?;
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

/// What may differ between the command lines of ranks: their machines may have other folders, and other numbers of cores.
#[cfg(any(test, feature = "mpi"))]
const OF_A_RANK: [&str; 3] = ["--threads", "--data-dir", "--cache-dir"];

/// Refuses ranks with other command lines than rank 0's. Ranks with different commands would wait for each other for ever, and other
/// options would have no effect: rank 0 decides. All ranks refuse, so that none begins.
///
/// # Errors
/// The lines differ by more than [`OF_A_RANK`].
#[cfg(feature = "mpi")]
fn same_line(team: &dyn Team) -> Result<(), Failure> {
    let mine = of_all(std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()));
    let line = |rank| crate::team::tell(mine.clone().into_bytes(), rank, team);
    let lines: Vec<Vec<u8>> = (0..team.size()).map(line).collect();
    let Some(rank) = lines.iter().position(|line| *line != lines[0]) else { return Ok(()) };
    let [led, other] = [0, rank].map(|rank| String::from_utf8_lossy(&lines[rank]));
    Err(Failure::Refused(
        super::Code::Ranks,
        format!(
            "ranks were started with different command lines: rank 0 with `{led}`, rank {rank} with `{other}`: start all with the same one; \
             only {} may differ",
            OF_A_RANK.join(", ")
        ),
    ))
}

/// A command line without what may differ between ranks.
#[cfg(any(test, feature = "mpi"))]
fn of_all(mut words: impl Iterator<Item = String>) -> String {
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if OF_A_RANK.contains(&word.as_str()) {
            words.next();
        } else if !OF_A_RANK.iter().any(|option| word.strip_prefix(option).is_some_and(|value| value.starts_with('=')))
        {
            kept.push(word);
        }
    }
    kept.join(" ")
}

/// There is nobody to join: this program was built without MPI.
///
/// # Errors
/// None.
#[cfg(not(feature = "mpi"))]
pub(super) fn join(_: Option<&Command>) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_and_folders_of_data_may_differ_between_ranks() {
        let of_all = |line: &str| of_all(line.split(' ').map(str::to_owned));
        let line = "--preset tiny --threads 2 --out run --data-dir=here --cache-dir there --seed=1";
        assert_eq!(of_all(line), "--preset tiny --out run --seed=1");
        assert_eq!(of_all("sample --threads"), "sample");
        assert_eq!(of_all("--threads-of-mine 1"), "--threads-of-mine 1");
    }
}
