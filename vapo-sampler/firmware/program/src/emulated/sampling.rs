//! Samples, one that is requested or a few to look at.

use crate::asked::Asked;
use crate::board::{Board, Refusal};
use crate::output::semihosting::{Stdout, command_line};
use vapo_request::Request;
use vapo_sampler::Solver;

/// Seeds of the samples that are shown where nothing is requested.
const SHOWN: usize = 3;

/// What the board is to do.
enum Task {
    /// Show some samples.
    Some,
    /// Show the sample of a request.
    Show(Request),
    /// Print every bit of the sample of a request.
    Answer(Request),
}

pub(super) fn respond(board: &mut Board<'_, Stdout>, solver: Solver) -> Result<(), Refusal> {
    let classes = board.structure.classes;
    match task(board, solver)? {
        Task::Some => board.show(Asked::new(solver, classes).in_turn().take(SHOWN), |_, _| ()),
        Task::Show(request) => board.show([request].into_iter(), |_, _| ()),
        Task::Answer(request) => board.answer(request),
    }
}

/// What the command line asks for. A request that begins with the word `show` is one for people.
#[inline(never)] // the line leaves the stack before anything is computed
fn task(board: &mut Board<'_, Stdout>, solver: Solver) -> Result<Task, Refusal> {
    let mut buffer = [0; 128];
    let line = command_line(&mut buffer).ok_or("the command line is longer than 128 bytes")?;
    // The program's name comes first.
    let Some(space) = line.iter().position(|&byte| byte == b' ') else { return Ok(Task::Some) };
    let arguments = line.get(space + 1..).unwrap_or_default();
    match arguments.strip_prefix(b"show") {
        Some([]) => Ok(Task::Some),
        Some(rest @ [b' ', ..]) => board.request(solver, rest).map(Task::Show),
        _ => board.request(solver, arguments).map(Task::Answer),
    }
}
