//! Samples, one that is requested or a few to look at.

use crate::board::{Board, Refusal};
use crate::output::semihosting::{Stdout, command_line};
use vapo_request::Request;
use vapo_sampler::Solver;

/// Seeds of the samples that are shown where nothing is requested.
const SHOWN: core::ops::Range<u64> = 0..3;

pub(super) fn respond(board: &mut Board<'_, Stdout>, solver: Solver) -> Result<(), Refusal> {
    match requested(board, solver)? {
        Some(request) => board.answer(request),
        None => board.show(solver, SHOWN, |_, _| ()),
    }
}

/// The request of the command line; none where it has none.
#[inline(never)] // the line leaves the stack before anything is computed
fn requested(board: &mut Board<'_, Stdout>, solver: Solver) -> Result<Option<Request>, Refusal> {
    let mut buffer = [0; 128];
    let line = command_line(&mut buffer).ok_or("the command line is longer than 128 bytes")?;
    // The program's name comes first.
    let Some(space) = line.iter().position(|&byte| byte == b' ') else { return Ok(None) };
    board.request(solver, line.get(space..).unwrap_or_default()).map(Some)
}
