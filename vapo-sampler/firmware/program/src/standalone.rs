//! What a board on a desk does.

use crate::board::Board;
use crate::output::Output;
use crate::print::Print;
#[cfg(not(feature = "monitor"))]
use {crate::asked::Asked, vapo_format::Shape, vapo_request::Request, vapo_sampler::Solver};
#[cfg(feature = "monitor")]
use {vapo_request::Watch, vapo_sampler::anomaly::Verdict};

/// Shows a sample of `solver` for every seed, of every class in turn, on `display` too, and stops only where there is none, with a line
/// `error …`.
#[cfg(not(feature = "monitor"))]
pub fn run<O: Output>(board: Board<'_, O>, solver: Solver, display: impl FnMut(&[f32], Shape)) -> ! {
    let asked = Asked::new(solver, board.structure.classes);
    run_on(board, asked.in_turn(), display)
}

/// Shows the samples of requests, on `display` too, and stops only after the last, or where there is none, with a line `error …`.
#[cfg(not(feature = "monitor"))]
pub fn run_on<O: Output>(
    mut board: Board<'_, O>,
    requests: impl Iterator<Item = Request>,
    display: impl FnMut(&[f32], Shape),
) -> ! {
    if let Err(refusal) = board.show(requests, display) {
        Print(&mut board.output).text("error ").text(refusal).text("\n");
    }
    crate::halt()
}

/// Shows a verdict for every stride of readings that `sensor` gives, on `display` too, and stops only where it gives no more, or
/// cannot be watched: with a line `error …`.
#[cfg(feature = "monitor")]
pub fn watch<O: Output>(
    mut board: Board<'_, O>,
    watch: &Watch<'_>,
    sensor: impl FnMut(&mut [f32]) -> bool,
    display: impl FnMut(Verdict),
) -> ! {
    if let Err(refusal) = board.watch(watch, sensor, display) {
        Print(&mut board.output).text("error ").text(refusal).text("\n");
    }
    crate::halt()
}
