//! What a board's `memory.x` says about its memory.

use crate::script::{Script, Unreadable};
use vapo_format::Arithmetic;

/// Lengths of a linker script's regions, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Holds the program and the model, and what a chip starts it with.
    pub flash: u64,
    /// Where `ram` begins.
    pub ram_start: u64,
    /// Holds all that has a fixed address, the arena foremost.
    pub ram: u64,
    /// Lies below `ram`, so that an overflow leaves memory and faults instead of overwriting the arena.
    pub stack: u64,
    /// Other pieces of RAM, by their names. The program lends the sampler one piece, and uses none of these.
    pub others: Vec<(String, u64)>,
    /// Part of `flash` that the program takes which computes in integers.
    pub program_flash: u64,
    /// Part of `flash` that the program takes which computes in floats.
    pub program_flash_float: u64,
    /// Part of `ram` that the program takes.
    pub program_ram: u64,
}

impl Memory {
    /// Reads the regions `FLASH`, `RAM` and `STACK` of a linker script, `BOOT` before `FLASH` where there is one, those beside them that
    /// have `RAM` in their name, but for other names of `RAM`, and the symbols `_program_flash`, `_program_flash_float` and `_program_ram`.
    ///
    /// # Errors
    /// Which of these is missing, or has no number of bytes; `RAM` and `STACK` that share bytes.
    pub fn parse(script: &str) -> Result<Self, Unreadable> {
        let script = Script::parse(script);
        let boot = if script.names().any(|name| name == "BOOT") { script.length("BOOT")? } else { 0 };
        let others = script.names().filter(|name| *name != "RAM" && name.to_ascii_uppercase().contains("RAM"));
        let [ram, stack] =
            ["RAM", "STACK"].map(|name| script.length(name).and_then(|length| Ok((script.origin(name)?, length))));
        let (flash, (ram_start, ram), (stack_start, stack)) = (script.length("FLASH")?, ram?, stack?);
        let flash = flash.saturating_add(boot);
        let others = others.filter(|name| script.origin(name) != Ok(ram_start));
        if ram_start < stack_start.saturating_add(stack) && stack_start < ram_start.saturating_add(ram) {
            return Err(Unreadable::overlap(["STACK", "RAM"]));
        }
        Ok(Memory {
            flash,
            ram_start,
            ram,
            stack,
            others: others.map(|name| Ok((name.to_owned(), script.length(name)?))).collect::<Result<_, _>>()?,
            program_flash: script.symbol("_program_flash")?,
            program_flash_float: script.symbol("_program_flash_float")?,
            program_ram: script.symbol("_program_ram")?,
        })
    }

    /// Part of `flash` that the program takes which computes in this arithmetic.
    pub fn program_flash(&self, arithmetic: Arithmetic) -> u64 {
        match arithmetic {
            Arithmetic::Integer => self.program_flash,
            Arithmetic::Float => self.program_flash_float,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn every_region_and_symbol_is_read() {
        let script = "/* FLASH and RAM */\nMEMORY {\n  FLASH (rx) : ORIGIN = 0x0, LENGTH = 256K - 16K\n  STACK: ORIGIN = \
                      0x20000000, LENGTH = 3072\n  RAM : ORIGIN = 0x20000C00, LENGTH=13K\n  SRAM2 : ORIGIN = 0x30000000, \
                      LENGTH = 0x8000\n}\n_stack_end = ORIGIN(STACK);\n_program_flash = 64K;\n_program_flash_float = 80K;\n\
                      _program_ram=8;";
        let expected = Memory {
            flash: 245_760,
            ram_start: 0x2000_0c00,
            ram: 13_312,
            stack: 3_072,
            others: vec![("SRAM2".to_owned(), 32_768)],
            program_flash: 65_536,
            program_flash_float: 81_920,
            program_ram: 8,
        };
        assert_eq!(Memory::parse(script), Ok(expected));
    }

    /// A stack that grows into the arena overwrites it.
    #[test]
    fn stack_and_ram_share_no_byte() {
        let parsed = |stack: &str, ram: &str| {
            let regions = format!("FLASH : ORIGIN = 0, LENGTH = 1K\nSTACK : {stack}\nRAM : {ram}");
            Memory::parse(&format!(
                "MEMORY {{ {regions} }}\n_program_flash = 0;\n_program_flash_float = 0;\n_program_ram = 0;"
            ))
        };
        let stack = "ORIGIN = 0x20000000, LENGTH = 6K";
        assert!(parsed(stack, "ORIGIN = 0x20000000 + 6K, LENGTH = 10K").is_ok());
        assert!(parsed("ORIGIN = 0x20002000, LENGTH = 6K", "ORIGIN = 0x20000000, LENGTH = 8K").is_ok());
        for ram in ["ORIGIN = 0x20000000, LENGTH = 16K", "ORIGIN = 0x20000000 + 6K - 1, LENGTH = 10K"] {
            let error = parsed(stack, ram).unwrap_err().to_string();
            assert!(error.contains("STACK and RAM share bytes"), "{error}");
        }
    }

    #[test]
    fn a_missing_region_is_named() {
        let script = "MEMORY { FLASH : ORIGIN = 0, LENGTH = 1K\nRAM : ORIGIN = 0, LENGTH = 1K }";
        let error = Memory::parse(script).unwrap_err().to_string();
        assert!(error.contains("`STACK :") && error.contains("found no region STACK"), "{error}");
    }

    #[test]
    fn a_missing_symbol_is_named() {
        let line = |(at, region)| format!("{region} : ORIGIN = {at}K, LENGTH = 1K\n");
        let regions: String = ["FLASH", "RAM", "STACK"].iter().enumerate().map(line).collect();
        for program in ["", "_program_flash = 1G;", "_program_flash : 1;", "_program_flash = ;"] {
            let script = format!("MEMORY {{ {regions} }}\n{program}\n_program_ram = 0;");
            let error = Memory::parse(&script).unwrap_err().to_string();
            assert!(error.contains("`_program_flash = number of bytes;`"), "{program}: {error}");
        }
    }
}
