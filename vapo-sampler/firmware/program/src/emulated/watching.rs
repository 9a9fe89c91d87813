//! Verdicts on a series that lies in a file of the host.

use crate::board::{Board, Refusal};
use crate::output::semihosting::{Stdout, command_line};
use crate::watch::answer::Opened;
use vapo_sampler::Solver;

/// A monitor has no use for a solver.
pub(super) fn respond(board: &mut Board<'_, Stdout>, _: Solver) -> Result<(), Refusal> {
    let opened = opened(board)?;
    board.answer_watch(opened)
}

/// The request of the command line, its file opened.
#[inline(never)] // the line leaves the stack before anything is computed
fn opened(board: &mut Board<'_, Stdout>) -> Result<Opened, Refusal> {
    let mut buffer = [0; 512];
    let line = command_line(&mut buffer).ok_or("the command line is longer than 512 bytes")?;
    // The program's name comes first.
    let space = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
    board.watched(line.get(space..).unwrap_or_default())
}
