//! Whether a model fits a board.

use crate::memory::Memory;
use std::fmt;

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
    /// Model and program exceed the flash.
    Flash { board: String, model: u64, memory: Memory },
    /// Arena and program exceed the RAM.
    Ram { board: String, arena: u64, memory: Memory },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Flash { board, model, memory: Memory { flash, program_flash, .. } } => write!(
                f,
                "the model does not fit the flash of {board}: it needs {} bytes ({model} for the model, \
                 {program_flash} for the program), the board has {flash}: quantise the model, or train a smaller one",
                model + program_flash
            ),
            Refusal::Ram { board, arena, memory: Memory { ram, stack, program_ram, .. } } => write!(
                f,
                "the model does not fit the RAM of {board}: it needs {} bytes ({arena} for the arena, {stack} for the \
                 stack, {program_ram} for the rest), the board has {}: train a model of fewer channels",
                arena + stack + program_ram,
                ram + stack
            ),
        }
    }
}

/// Checks that a model's demand does not exceed a board's memory, and says what of that it takes.
pub(crate) fn check(board: &str, demand: Demand, memory: Memory) -> Result<String, Refusal> {
    let board = board.to_owned();
    let (model, arena) = (demand.model as u64, 4 * demand.elements as u64);
    let Memory { flash, ram, stack, program_flash, program_ram } = memory;
    if model + program_flash > flash {
        return Err(Refusal::Flash { board, model, memory });
    }
    if arena + program_ram > ram {
        return Err(Refusal::Ram { board, arena, memory });
    }
    Ok(format!(
        "flash {} of {flash} bytes (model {model}, program {program_flash}), RAM {} of {} (arena {arena}, stack \
         {stack}, program {program_ram})",
        model + program_flash,
        arena + program_ram + stack,
        ram + stack
    ))
}

#[cfg(test)]
mod tests {
    use super::{Demand, check};
    use crate::memory::Memory;

    const MEMORY: Memory =
        Memory { flash: 100_000, ram: 13_000, stack: 3_000, program_flash: 50_000, program_ram: 100 };

    #[test]
    fn a_model_that_fits_to_the_byte_is_taken() {
        let text = check("board", Demand { model: 50_000, elements: 3_225 }, MEMORY).unwrap();
        assert_eq!(
            text,
            "flash 100000 of 100000 bytes (model 50000, program 50000), RAM 16000 of 16000 (arena 12900, stack \
             3000, program 100)"
        );
    }

    #[test]
    fn a_byte_too_much_flash_names_both_numbers() {
        let text = check("board", Demand { model: 50_001, elements: 0 }, MEMORY).unwrap_err().to_string();
        assert!(text.contains("needs 100001 bytes") && text.contains("has 100000"), "{text}");
    }

    #[test]
    fn a_number_too_much_ram_names_both_numbers_and_the_stack() {
        let text = check("board", Demand { model: 0, elements: 3_226 }, MEMORY).unwrap_err().to_string();
        assert!(text.contains("needs 16004 bytes") && text.contains("has 16000"), "{text}");
        assert!(text.contains("3000 for the stack"), "{text}");
    }
}
