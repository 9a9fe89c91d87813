//! What a board's `memory.x` says about its memory.

/// Lengths of a linker script's regions, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Holds the program and the model.
    pub(crate) flash: u64,
    /// Holds all that has a fixed address, the arena foremost.
    pub(crate) ram: u64,
    /// Lies below `ram`, so that an overflow leaves memory and faults instead of overwriting the arena.
    pub(crate) stack: u64,
    /// Part of `flash` that the program takes.
    pub(crate) program_flash: u64,
    /// Part of `ram` that the program takes.
    pub(crate) program_ram: u64,
}

impl Memory {
    /// Reads the regions `FLASH`, `RAM` and `STACK` of a linker script, and the symbols `_program_flash` and
    /// `_program_ram`.
    pub(crate) fn parse(script: &str) -> Result<Self, String> {
        Ok(Memory {
            flash: length(script, "FLASH")?,
            ram: length(script, "RAM")?,
            stack: length(script, "STACK")?,
            program_flash: symbol(script, "_program_flash")?,
            program_ram: symbol(script, "_program_ram")?,
        })
    }
}

/// Value of a symbol, from a line like `_program_flash = 65536;`.
fn symbol(script: &str, name: &str) -> Result<u64, String> {
    let value = script.lines().find_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix('='));
    value
        .and_then(|value| value.trim().strip_suffix(';')?.trim_end().parse().ok())
        .ok_or_else(|| format!("memory.x: expected a line `{name} = number of bytes;`"))
}

/// Length of one region, from a line like `RAM : ORIGIN = 0x20000000, LENGTH = 16K`.
fn length(script: &str, region: &str) -> Result<u64, String> {
    let expected = || format!("memory.x: expected a line `{region} : ORIGIN = address, LENGTH = number of bytes or K`");
    let line = script
        .lines()
        .find_map(|line| line.trim().strip_prefix(region)?.trim_start().strip_prefix(':'))
        .ok_or_else(expected)?;
    let (_, value) = line.split_once("LENGTH").ok_or_else(expected)?;
    let value = value.trim_start().strip_prefix('=').ok_or_else(expected)?.trim();
    let (digits, unit) = match value.strip_suffix('K') {
        Some(digits) => (digits, 1024),
        None => (value, 1),
    };
    let number: u64 = digits.parse().map_err(|_| expected())?;
    number.checked_mul(unit).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn lengths_are_read_in_bytes_and_in_kibibytes() {
        let script = "/* FLASH and RAM */\nMEMORY {\n  FLASH : ORIGIN = 0x0, LENGTH = 256K\n  STACK: ORIGIN = 0x20000000, \
                      LENGTH = 3072\n  RAM : ORIGIN = 0x20000C00, LENGTH=13K\n}\n_stack_end = ORIGIN(STACK);\n_program_flash = 65536;\n_program_ram=8;";
        let expected = Memory { flash: 262_144, ram: 13_312, stack: 3_072, program_flash: 65_536, program_ram: 8 };
        assert_eq!(Memory::parse(script), Ok(expected));
    }

    #[test]
    fn a_missing_region_is_named() {
        let error = Memory::parse("FLASH : ORIGIN = 0, LENGTH = 1K\nRAM : ORIGIN = 0, LENGTH = 1K").unwrap_err();
        assert!(error.contains("`STACK :"), "{error}");
    }

    #[test]
    fn a_missing_symbol_is_named() {
        let regions = ["FLASH", "RAM", "STACK"].map(|region| format!("{region} : ORIGIN = 0, LENGTH = 1K\n")).concat();
        for program in ["", "_program_flash = 1K;", "_program_flash = 1", "_program_flash : 1;"] {
            let error = Memory::parse(&format!("{regions}{program}\n_program_ram = 0;")).unwrap_err();
            assert!(error.contains("`_program_flash = number of bytes;`"), "{program}: {error}");
        }
    }

    #[test]
    fn a_length_that_is_no_number_is_refused() {
        for length in ["1M", "K", "0x100", "99999999999999999999", "18446744073709551615K"] {
            let script = format!("FLASH : ORIGIN = 0, LENGTH = {length}");
            assert!(Memory::parse(&script).unwrap_err().contains("`FLASH :"), "{length}");
        }
    }
}
