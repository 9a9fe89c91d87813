//! What a board on a desk does.

use crate::board::Board;
use crate::output::Output;
use crate::print::Print;
use vapo_format::Shape;
use vapo_sampler::Solver;
#[cfg(feature = "monitor")]
use {vapo_request::Watch, vapo_sampler::anomaly::Verdict};

/// Shows a sample of `solver` for every seed, on `display` too, and stops only where there is none, with a line `error …`.
pub fn run<O: Output>(mut board: Board<'_, O>, solver: Solver, display: impl FnMut(&[f32], Shape)) -> ! {
    if let Err(refusal) = board.show(solver, 0..u64::MAX, display) {
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
