//! What a board on a desk does.

use crate::output::Output;
use crate::print::Print;
use crate::run::Board;

/// Shows a sample for every seed, and stops only where there is none, with a line `error …`.
pub fn run<O: Output>(mut board: Board<'_, O>) -> ! {
    if let Err(refusal) = board.show(0..u64::MAX) {
        Print(&mut board.output).text("error ").text(refusal).text("\n");
    }
    crate::halt()
}
