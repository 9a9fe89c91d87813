//! What an emulated board does.

use crate::board::{Board, Refusal};
use crate::output::semihosting::{Stdout, command_line, exit};
use crate::print::Print;

/// Seeds of the samples that are shown where nothing is requested.
const SHOWN: core::ops::Range<u64> = 0..3;

/// Answers the request of the command line, or shows some samples where there is none. Ends the emulation, with status 1
/// and a line `error …` where there is no sample.
pub fn run(mut board: Board<'_, Stdout>) -> ! {
    let result = respond(&mut board);
    if let Err(refusal) = result {
        Print(&mut board.output).text("error ").text(refusal).text("\n");
    }
    exit(result.is_ok())
}

fn respond(board: &mut Board<'_, Stdout>) -> Result<(), Refusal> {
    let mut buffer = [0; 128];
    let line = command_line(&mut buffer).ok_or("the command line is longer than 128 bytes")?;
    // The program's name comes first.
    let Some(space) = line.iter().position(|&byte| byte == b' ') else {
        return board.show(SHOWN, |_, _| ());
    };
    board.answer(line.get(space..).unwrap_or_default())
}
