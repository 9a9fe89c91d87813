//! The boards of the firmware, and the memory of each.

use super::core::Core::{self, M0, M4, M7, M33, Rv32};
use vapo_format::{Arithmetic, Model};
use vapo_sampler::fit::{Demand, Device, Lack, Memory, PIECES, Program, one_piece};

/// A board that the firmware runs on.
#[derive(Debug, PartialEq)]
pub(in crate::cli) struct Board {
    pub(in crate::cli) name: &'static str,
    /// Its folder in `vapo-sampler/firmware`, whose `memory.x` has the same numbers.
    pub(in crate::cli) folder: &'static str,
    /// Its core, and the clock in MHz that the firmware sets.
    pub(in crate::cli) core: (Core, f64),
    pub(in crate::cli) memory: Memory,
    /// Flash of the program that computes in integers, and of the one that computes in floats.
    program_flash: [usize; 2],
    program_ram: usize,
}

impl Board {
    /// The program that computes in this arithmetic.
    pub(in crate::cli) fn program(&self, arithmetic: Arithmetic) -> Program {
        let [integer, float] = self.program_flash;
        let flash = match arithmetic {
            Arithmetic::Integer => integer,
            Arithmetic::Float => float,
        };
        Program { flash, ram: self.program_ram }
    }

    /// Whether the firmware runs it in QEMU.
    pub(in crate::cli) fn is_emulated(&self) -> bool {
        EMULATED.contains(&self.name)
    }

    /// What the board lacks for the firmware's program, which lends the sampler arena and image in one piece of RAM.
    ///
    /// # Errors
    /// The architecture is none that validates.
    pub(in crate::cli) fn lack(&self, model: &Model<'_>) -> Result<Lack, vapo_format::Error> {
        let demand = Demand::of(model, None)?;
        let lent = Demand { arena: demand.arena + demand.image, image: 0, ..demand };
        let device = Device { memory: self.memory, program: self.program(model.arithmetic()), solver: None };
        Ok(device.lack(lent))
    }
}

/// Bytes of stack that are reserved unless said otherwise: as on the smallest board.
pub(in crate::cli) const STACK: &str = "6K";

/// Small to large: name and folder; core and MHz; KiB of flash, RAM and stack; then the program's flash, in integers and in floats, and RAM
/// in bytes.
pub(in crate::cli) const BOARDS: [Board; 12] = [
    board("microbit", "microbit", (M0, 16.0), 256, one_piece(16), 6, [53_248, 46_336, 0]),
    board("microbit-v2", "microbit-v2", (M4, 64.0), 512, one_piece(128), 8, [48_320, 38_144, 2_108]),
    board("stm32f411", "stm32f4", (M4, 84.0), 512, one_piece(128), 8, [46_016, 35_840, 2_104]),
    board("stm32f407", "stm32f4", (M4, 84.0), 512, one_piece(128), 8, [46_016, 35_840, 2_104]),
    board("nrf52840-dk", "nrf52840-dk", (M4, 64.0), 1024, one_piece(256), 8, [46_592, 36_416, 2_108]),
    board("pico", "pico", (M0, 125.0), 2048, one_piece(264), 8, [48_320, 41_408, 2_108]),
    board("esp32-c3", "esp32-c3", (Rv32, 160.0), 3968, one_piece(313), 8, [56_512, 56_640, 4_080]),
    // AXI SRAM; SRAM1 to SRAM3, which follow each other; DTCM, with the stack; SRAM4. The folder's program lends the first.
    board("stm32h743", "stm32h7", (M7, 400.0), 2048, [512, 288, 128, 64], 8, [46_464, 36_288, 2_108]),
    board("pico-2", "pico-2", (M33, 150.0), 4096, one_piece(512), 8, [47_616, 37_504, 2_108]),
    // An instruction a nanosecond.
    board("riscv32-virt", "riscv32-virt", (Rv32, 1000.0), 4096, one_piece(4096), 8, [58_176, 58_176, 32]),
    board("mps2-an386", "mps2-an386", (M4, 25.0), 4096, one_piece(4096), 8, [51_968, 41_920, 8]),
    board("mps2-an505", "mps2-an505", (M33, 20.0), 4096, one_piece(4096), 8, [52_800, 42_752, 8]),
];

/// Boards that the firmware runs in QEMU.
const EMULATED: [&str; 4] = ["microbit", "riscv32-virt", "mps2-an386", "mps2-an505"];

/// The most that a program takes which computes in this arithmetic: for a device that is none of the boards. It is taken for a Cortex-M;
/// programs for RISC-V are larger.
pub(in crate::cli) fn largest_program(arithmetic: Arithmetic) -> Program {
    let programs = || BOARDS.iter().filter(|board| board.core.0 != Rv32).map(|board| board.program(arithmetic));
    let most = |part: fn(Program) -> usize| programs().map(part).max().unwrap_or_default();
    Program { flash: most(|program| program.flash), ram: most(|program| program.ram) }
}

const fn board(
    name: &'static str,
    folder: &'static str,
    core: (Core, f64),
    flash: usize,
    [first, second, third, fourth]: [usize; PIECES],
    stack: usize,
    [integer, float, program_ram]: [usize; 3],
) -> Board {
    let ram = [1024 * first, 1024 * second, 1024 * third, 1024 * fourth];
    Board {
        name,
        folder,
        core,
        memory: Memory { flash: 1024 * flash, ram, stack: 1024 * stack },
        program_flash: [integer, float],
        program_ram,
    }
}

/// The board of a name.
pub(in crate::cli) fn named(name: &str) -> Option<&'static Board> {
    BOARDS.iter().find(|board| board.name == name)
}

/// Pieces of RAM, parted by commas, in any order: `512K,128K`.
pub(in crate::cli) fn pieces(text: &str) -> Result<[usize; PIECES], String> {
    let found: Vec<usize> = text.split(',').map(bytes).collect::<Result<_, _>>()?;
    if found.len() > PIECES {
        return Err(format!("expected at most {PIECES} pieces of RAM, found {}: name the largest", found.len()));
    }
    let mut pieces = [0; PIECES];
    pieces.iter_mut().zip(found).for_each(|(piece, found)| *piece = found);
    pieces.sort_unstable_by(|a, b| b.cmp(a));
    Ok(pieces)
}

/// A number of bytes: `3072`, `16K` or `1M`, in units of 1024 and 1024². No device has more than 32 bits address.
pub(in crate::cli) fn bytes(text: &str) -> Result<usize, String> {
    let (digits, unit) = if let Some(digits) = text.strip_suffix(['K', 'k']) {
        (digits, 1024)
    } else {
        text.strip_suffix(['M', 'm']).map_or((text, 1), |digits| (digits, 1024 * 1024))
    };
    let number = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    number
        .and_then(|digits| digits.parse::<u32>().ok()?.checked_mul(unit))
        .map(|bytes| bytes as usize)
        .ok_or_else(|| "expected a number of bytes, below 4096M, as 3072, 16K or 1M".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    /// In the order of their folders' names, as the linker scripts are.
    fn with_folders() -> Vec<(&'static str, &'static Board)> {
        let mut boards: Vec<_> = BOARDS.iter().map(|board| (board.folder, board)).collect();
        boards.sort_by_key(|(folder, _)| *folder);
        boards
    }

    #[test]
    fn the_boards_are_those_of_the_firmware_with_the_memory_of_their_linker_scripts() {
        let scripts = vapo_fit::Board::all().unwrap();
        let mut listed: Vec<&str> = with_folders().iter().map(|(folder, _)| *folder).collect();
        listed.dedup();
        assert_eq!(scripts.iter().map(|script| &*script.name).collect::<Vec<_>>(), listed);
        for (folder, board) in with_folders() {
            let script = &scripts.iter().find(|script| script.name == folder).unwrap().memory;
            let others: u64 = script.others.iter().map(|(_, bytes)| bytes).sum();
            let [flash, ram, stack] =
                [script.flash, script.ram + script.stack + others, script.stack].map(|bytes| bytes as usize);
            let found = Memory { flash, ram: if others == 0 { one_piece(ram) } else { board.memory.ram }, stack };
            assert_eq!((board.memory, board.memory.ram()), (found, ram), "{}", board.name);
            for arithmetic in [Arithmetic::Integer, Arithmetic::Float] {
                let [flash, ram] = [script.program_flash(arithmetic), script.program_ram].map(|bytes| bytes as usize);
                assert_eq!(board.program(arithmetic), Program { flash, ram }, "{}", board.name);
            }
        }
    }

    #[test]
    fn the_emulated_boards_are_those_whose_folder_calls_the_emulator() {
        for board in &BOARDS {
            let settings = ["../vapo-sampler/firmware", board.folder, ".cargo/config.toml"].join("/");
            let settings = std::fs::read_to_string(settings).unwrap();
            assert_eq!(settings.contains("runner = \"../emulate "), board.is_emulated(), "{}", board.name);
        }
    }

    /// The largest piece of an STM32H743 has 524,288 bytes. Its stack lies in another.
    #[test]
    fn the_firmware_lends_one_piece_of_ram() {
        use crate::quantise::model_file;
        use crate::run::preset::Preset;
        use vapo_format::{Encoding, Homotopy, Shape};
        let file = |side| {
            let image = Shape { channels: 3, height: side, width: side };
            let architecture = Preset::named("celeba-device").unwrap().architecture(image, Homotopy::Linear);
            model_file(&architecture, &vec![0.5; architecture.parameters()], Encoding::Int8).unwrap()
        };
        let board = named("stm32h743").unwrap();
        let lack = |file: &[u8]| board.lack(&Model::parse(file).unwrap()).unwrap();
        assert!(lack(&file(32)).fits());
        // Arena and image take 524,544 bytes.
        assert_eq!(lack(&file(64)), Lack { flash: 0, ram: 256 });
    }

    #[test]
    fn the_table_of_the_firmware_says_the_same() {
        let readme = include_str!("../../../../vapo-sampler/firmware/README.md");
        let size = |kibibytes: usize| {
            if kibibytes.is_multiple_of(1024) {
                format!("{} MiB", kibibytes / 1024)
            } else {
                format!("{kibibytes} KiB")
            }
        };
        for (folder, board) in with_folders() {
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{folder}` |")));
            let row = row.unwrap_or_else(|| panic!("the table in the firmware's README has no row of `{folder}`"));
            let expected = format!("| {} | {} |", size(board.memory.flash / 1024), size(board.memory.ram() / 1024));
            assert!(row.contains(&expected), "{}: {row}", board.name);
        }
    }

    #[test]
    fn bytes_are_numbers_with_a_unit_or_none() {
        assert_eq!([bytes("3072"), bytes("16K"), bytes("2M"), bytes("0")], [3072, 16_384, 2_097_152, 0].map(Ok));
        assert_eq!([bytes("16k"), bytes("2m")], [16_384, 2_097_152].map(Ok));
        for wrong in
            ["", "K", "1G", "-1", "+1K", "1.5K", "16 K", "0x10", "99999999999999999999", "18446744073709551615K"]
        {
            assert!(bytes(wrong).unwrap_err().starts_with("expected a number of bytes"), "{wrong}");
        }
    }

    #[test]
    fn pieces_are_numbers_of_bytes_the_largest_first() {
        assert_eq!(pieces("16K"), Ok(one_piece(16_384)));
        assert_eq!(pieces("128K,512k,1"), Ok([524_288, 131_072, 1, 0]));
        assert!(pieces("1,2,3,4,5").unwrap_err().starts_with("expected at most 4 pieces of RAM, found 5"));
        for wrong in ["", ",", "1K,", "1K;2K"] {
            assert!(pieces(wrong).unwrap_err().starts_with("expected a number of bytes"), "{wrong}");
        }
    }

    /// What the presets for such a device take, in pieces: the arena of one fills the largest, so that its image goes
    /// into another.
    #[test]
    fn the_presets_for_devices_fit_a_cortex_m7() {
        use crate::run::preset::Preset;
        use vapo_format::{Encoding, Homotopy, Shape};
        use vapo_sampler::fit::{Demand, Device};
        let board = named("stm32h743").unwrap();
        let (memory, program) = (board.memory, board.program(Arithmetic::Float));
        let device = Device { memory, program, solver: None };
        let lack = |name: &str, side: u16, device: Device| {
            let image = Shape { channels: 3, height: side, width: side };
            let architecture = Preset::named(name).unwrap().architecture(image, Homotopy::Linear);
            let demand = Demand::new(&architecture, Encoding::Int8, None).unwrap();
            (device.lack(demand), demand)
        };
        for (name, side) in [("cifar10-device", 32), ("celeba-device", 64)] {
            let (lack, demand) = lack(name, side, device);
            assert!(lack.fits(), "{name}: {lack} of {demand:?}");
        }
        // 524,544 bytes in one piece are more than the largest has.
        let (of_one, demand) =
            lack("celeba-device", 64, Device { memory: Memory { ram: one_piece(512 << 10), ..memory }, ..device });
        assert_eq!(demand.arena + demand.image, 524_544);
        assert_eq!(of_one.ram, 524_544 + program.ram + memory.stack - (512 << 10));
    }
}
