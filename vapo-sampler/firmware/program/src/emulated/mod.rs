//! What an emulated board does: it samples, or with the feature `monitor` it watches a series.

#[cfg(not(feature = "monitor"))]
mod sampling;
#[cfg(feature = "monitor")]
mod watching;

use crate::board::Board;
use crate::output::semihosting::{Stdout, exit};
use crate::print::Print;
#[cfg(not(feature = "monitor"))]
use sampling::respond;
use vapo_sampler::Solver;
#[cfg(feature = "monitor")]
use watching::respond;

/// Answers the request of the command line. Where there is none, a board that samples shows some samples, by `solver` unless the
/// request names another. Ends the emulation, with status 1 and a line `error …` where there is no answer.
pub fn run(mut board: Board<'_, Stdout>, solver: Solver) -> ! {
    let result = respond(&mut board, solver);
    if let Err(refusal) = result {
        Print(&mut board.output).text("error ").text(refusal).text("\n");
    }
    exit(result.is_ok())
}
