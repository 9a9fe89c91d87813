//! How long a drift takes on a board, from the instructions of its multiplications: before anything is flashed.

use super::board::named;

/// A processor core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Core {
    /// Cortex-M0 or M0+.
    M0,
    /// Cortex-M4 with DSP instructions.
    M4,
    /// Cortex-M7 with DSP instructions.
    M7,
    /// Cortex-M33 with DSP instructions.
    M33,
    /// RISC-V with RV32IMC, as that of an ESP32-C3.
    Rv32,
}

impl Core {
    /// Instructions a multiplication of a whole drift in integer arithmetic, everything included: those of the table of costs in
    /// the firmware's README, where the digits' drift has half a million multiplications and the garments' ten. Small layers cost
    /// more, so a small network is taken for one like the digits'.
    const fn instructions_a_multiplication(self, multiplications: u64) -> f64 {
        let small = multiplications < 2_000_000;
        match self {
            Core::M0 => 5.3,
            Core::M4 | Core::M7 | Core::M33 if small => 1.8,
            Core::M4 | Core::M7 | Core::M33 => 1.3,
            Core::Rv32 if small => 4.3,
            Core::Rv32 => 3.6,
        }
    }

    /// Cycles an instruction: on a Cortex-M0 those that `firmware/cycles` counts. Those of the others are estimates, as nobody has
    /// timed a chip: most instructions take one cycle, loads two, and a Cortex-M7 issues two at once.
    const fn cycles_an_instruction(self) -> f64 {
        match self {
            Core::M0 => 1.35,
            Core::M4 | Core::M33 | Core::Rv32 => 1.2,
            Core::M7 => 0.7,
        }
    }
}

/// What a drift of integer arithmetic costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    /// Instructions.
    pub(super) instructions: f64,
    /// Milliseconds.
    pub(super) milliseconds: f64,
}

/// The cost, on a board, of a drift of so many multiplications; none for what is no board.
pub(super) fn cost(board: &str, multiplications: u64) -> Option<Cost> {
    let (core, megahertz) = named(board)?.core;
    let instructions = multiplications as f64 * core.instructions_a_multiplication(multiplications);
    Some(Cost { instructions, milliseconds: instructions * core.cycles_an_instruction() / (1000.0 * megahertz) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_cycles_over_the_clock() {
        let Cost { instructions, milliseconds } = cost("microbit", 16_000).unwrap();
        assert_eq!(instructions, 16_000.0 * Core::M0.instructions_a_multiplication(16_000));
        let expected = instructions * Core::M0.cycles_an_instruction() / 16e3;
        assert!((milliseconds / expected - 1.0).abs() < 1e-12);
        assert_eq!(cost("arduino", 1), None);
    }
}
