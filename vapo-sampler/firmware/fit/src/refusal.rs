//! Whether a model fits a board.

use crate::memory::Memory;
use std::fmt;
use vapo_format::Arithmetic;
use vapo_sampler::fit::{Demand, Device, Lack, Program, one_piece};

/// Why a model does not fit a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Model and program exceed the flash.
    Flash { board: String, model: u64, program: u64, flash: u64 },
    /// Arena and program exceed the RAM.
    Ram { board: String, arena: u64, memory: Memory },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Flash { board, model, program, flash } => write!(
                f,
                "the model does not fit the flash of {board}: it needs {} bytes ({model} for the model, \
                 {program} for the program), the board has {flash}: give its weights fewer bits, or train a smaller one",
                model + program
            ),
            Refusal::Ram { board, arena, memory: Memory { ram, stack, program_ram, others, .. } } => write!(
                f,
                "the model does not fit the RAM of {board}: it needs {} bytes ({arena} for the arena, {stack} for the \
                 stack, {program_ram} for the rest), the board has {}{}: train a model of fewer channels",
                arena + stack + program_ram,
                ram + stack,
                unused(others)
            ),
        }
    }
}

/// ` in RAM, and 32768 in SRAM2, which the program does not use`: what a person may count on and the build does not.
fn unused(others: &[(String, u64)]) -> String {
    let list: Vec<String> = others.iter().map(|(name, bytes)| format!("{bytes} in {name}")).collect();
    if list.is_empty() {
        return String::new();
    }
    format!(" in RAM, and {}, which the program does not use: it takes one piece", list.join(", "))
}

/// Checks that a model's demand does not exceed a board's memory, and says what of that it takes. The sample counts to the
/// arena: the program lends both in one piece.
pub(crate) fn check(board: &str, demand: Demand, memory: Memory, arithmetic: Arithmetic) -> Result<String, Refusal> {
    let board = board.to_owned();
    let device = device(&memory, memory.program_flash(arithmetic));
    let program = device.program_flash(demand) as u64;
    let (model, arena) = (demand.model as u64, (demand.arena + demand.image) as u64);
    let Memory { flash, ram, stack, program_ram, .. } = memory;
    match device.lack(demand) {
        Lack { flash: 0, ram: 0 } => Ok(format!(
            "flash {} of {flash} bytes (model {model}, program {program}), RAM {} of {} (arena {arena}, stack \
             {stack}, program {program_ram})",
            device.flash(demand),
            device.ram(demand),
            ram + stack
        )),
        Lack { flash: 0, .. } => Err(Refusal::Ram { board, arena, memory }),
        _ => Err(Refusal::Flash { board, model, program, flash }),
    }
}

/// A board's memory, of which the program uses the regions `RAM` and `STACK`. They may lie apart, but hold what they must:
/// the stack fills its region.
fn device(memory: &Memory, program_flash: u64) -> Device {
    let bytes = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let Memory { flash, ram, stack, program_ram, .. } = *memory;
    let program = Program { flash: bytes(program_flash), ram: bytes(program_ram) };
    let ram = one_piece(bytes(ram.saturating_add(stack)));
    let memory = vapo_sampler::fit::Memory { flash: bytes(flash), ram, stack: bytes(stack) };
    Device { memory, program, solver: None }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use crate::memory::Memory;
    use vapo_format::Arithmetic;
    use vapo_sampler::fit::Demand;

    const MEMORY: Memory = Memory {
        flash: 100_000,
        ram_start: 0x2000_0000,
        ram: 13_000,
        stack: 3_000,
        others: Vec::new(),
        program_flash: 50_000,
        program_flash_float: 60_000,
        program_ram: 100,
    };

    fn check(board: &str, demand: Demand, memory: Memory) -> Result<String, Refusal> {
        super::check(board, demand, memory, Arithmetic::Integer)
    }

    #[test]
    fn a_model_that_fits_to_the_byte_is_taken() {
        let text = check("board", Demand { model: 50_000, unpacking: 0, arena: 12_000, image: 900 }, MEMORY).unwrap();
        assert_eq!(
            text,
            "flash 100000 of 100000 bytes (model 50000, program 50000), RAM 16000 of 16000 (arena 12900, stack \
             3000, program 100)"
        );
    }

    #[test]
    fn a_program_that_computes_in_floats_is_another() {
        let demand = |model| Demand { model, unpacking: 0, arena: 0, image: 0 };
        let check = |model| super::check("board", demand(model), MEMORY, Arithmetic::Float);
        assert!(check(40_000).unwrap().starts_with("flash 100000 of 100000 bytes (model 40000, program 60000), RAM"));
        let text = check(40_001).unwrap_err().to_string();
        assert!(text.contains("needs 100001 bytes (40001 for the model, 60000 for the program)"), "{text}");
    }

    #[test]
    fn a_byte_too_much_flash_names_both_numbers() {
        let text =
            check("board", Demand { model: 50_001, unpacking: 0, arena: 0, image: 0 }, MEMORY).unwrap_err().to_string();
        assert!(text.contains("needs 100001 bytes") && text.contains("has 100000"), "{text}");
    }

    #[test]
    fn a_number_too_much_ram_names_both_numbers_and_the_stack() {
        let text = check("board", Demand { model: 0, unpacking: 0, arena: 12_004, image: 900 }, MEMORY)
            .unwrap_err()
            .to_string();
        assert!(text.contains("needs 16004 bytes") && text.contains("has 16000"), "{text}");
        assert!(text.contains("3000 for the stack"), "{text}");
    }

    /// The arena lies in one piece.
    #[test]
    fn other_pieces_of_ram_are_named_and_not_counted() {
        let others = vec![("SRAM2".to_owned(), 1 << 20), ("DTCMRAM".to_owned(), 8)];
        let memory = Memory { others, ..MEMORY };
        let text = check("board", Demand { model: 0, unpacking: 0, arena: 12_004, image: 900 }, memory.clone())
            .unwrap_err()
            .to_string();
        let named = "has 16000 in RAM, and 1048576 in SRAM2, 8 in DTCMRAM, which the program does not use";
        assert!(text.contains(named), "{text}");
        assert!(check("board", Demand { model: 0, unpacking: 0, arena: 12_000, image: 900 }, memory).is_ok());
    }
}
