//! Whether a model fits a board.

use crate::memory::Memory;
use std::fmt;

/// Flash that the program takes at least, beside the model. The linker finds what exceeds it.
pub(crate) const PROGRAM: u64 = 56 * 1024;
/// RAM that the program takes at least, beside arena and stack. The linker finds what exceeds it.
pub(crate) const STATICS: u64 = 64;

/// What a model takes of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Bytes of flash.
    pub(crate) model: usize,
    /// f32 elements of RAM, for the arena and a sample.
    pub(crate) elements: usize,
}

/// Why a model does not fit a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The model exceeds the flash.
    Flash { board: String, model: u64, flash: u64 },
    /// The arena exceeds the RAM.
    Ram { board: String, arena: u64, ram: u64, stack: u64 },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Flash { board, model, flash } => write!(
                f,
                "the model does not fit the flash of {board}: it needs {} bytes ({model} for the model, {PROGRAM} for \
                 the program), the board has {flash}: quantise the model, or train a smaller one",
                model + PROGRAM
            ),
            Refusal::Ram { board, arena, ram, stack } => write!(
                f,
                "the model does not fit the RAM of {board}: it needs {} bytes ({arena} for the arena, {stack} for the \
                 stack, {STATICS} for the rest), the board has {}: train a model of fewer channels",
                arena + stack + STATICS,
                ram + stack
            ),
        }
    }
}

/// Checks that a model's demand does not exceed a board's memory.
pub(crate) fn check(board: &str, demand: Demand, memory: Memory) -> Result<(), Refusal> {
    let board = || board.to_owned();
    let (model, arena) = (demand.model as u64, 4 * demand.elements as u64);
    let Memory { flash, ram, stack } = memory;
    if model + PROGRAM > flash {
        return Err(Refusal::Flash { board: board(), model, flash });
    }
    if arena + STATICS > ram {
        return Err(Refusal::Ram { board: board(), arena, ram, stack });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Demand, PROGRAM, STATICS, check};
    use crate::memory::Memory;

    const MEMORY: Memory = Memory { flash: 100_000, ram: 13_000, stack: 3_000 };

    #[test]
    fn a_model_that_fits_to_the_byte_is_taken() {
        let demand = Demand { model: 100_000 - PROGRAM as usize, elements: (13_000 - STATICS as usize) / 4 };
        assert_eq!(check("board", demand, MEMORY), Ok(()));
    }

    #[test]
    fn a_byte_too_much_flash_names_both_numbers() {
        let demand = Demand { model: 100_001 - PROGRAM as usize, elements: 0 };
        let text = check("board", demand, MEMORY).unwrap_err().to_string();
        assert!(text.contains("needs 100001 bytes") && text.contains("has 100000"), "{text}");
    }

    #[test]
    fn a_byte_too_much_ram_names_both_numbers_and_the_stack() {
        let demand = Demand { model: 0, elements: (13_004 - STATICS as usize) / 4 };
        let text = check("board", demand, MEMORY).unwrap_err().to_string();
        assert!(text.contains("needs 16004 bytes") && text.contains("has 16000"), "{text}");
        assert!(text.contains("3000 for the stack"), "{text}");
    }
}
