//! A RISC-V core's counter of cycles, as QEMU counts them: one a nanosecond, and with `-icount shift=0` one an instruction.

use super::Clock;
use core::num::NonZeroU32;
use riscv::register::mcycle;

/// Cycles that are one tick: a counter of 32 bits then goes round after 17 seconds, which no step takes.
const CYCLES: u64 = 4;
/// Ticks a second.
const HERTZ: NonZeroU32 = NonZeroU32::new(1_000_000_000 / CYCLES as u32).unwrap();

/// The counter, which the core starts by itself.
pub fn start() -> Clock {
    Clock { ticks: || (mcycle::read64() / CYCLES) as u32, hertz: HERTZ }
}
