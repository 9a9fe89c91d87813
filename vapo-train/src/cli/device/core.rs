//! Processor cores, and what arithmetic costs on them.

/// A processor core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Core {
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
    /// What people call it.
    pub(in crate::cli) const fn name(self) -> &'static str {
        match self {
            Core::M0 => "Cortex-M0",
            Core::M4 => "Cortex-M4",
            Core::M7 => "Cortex-M7",
            Core::M33 => "Cortex-M33",
            Core::Rv32 => "RV32IMC",
        }
    }

    /// Instructions a multiplication of a whole drift in integer arithmetic, everything included: those of the table of costs in
    /// the firmware's README, where the digits' drift has half a million multiplications and the garments' ten. Small layers cost
    /// more, so a small network is taken for one like the digits'.
    pub(in crate::cli) const fn instructions_a_multiplication(self, multiplications: u64) -> f64 {
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
    pub(in crate::cli) const fn cycles_an_instruction(self) -> f64 {
        match self {
            Core::M0 => 1.35,
            Core::M4 | Core::M33 | Core::Rv32 => 1.2,
            Core::M7 => 0.7,
        }
    }
}
