//! A RISC-V core's counter of cycles, as QEMU counts them: one a nanosecond, and with `-icount shift=0` one an instruction.

use super::Clock;
use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU32, Ordering};
use riscv::register::mcycle;

/// Cycles that are one tick: a counter of 32 bits then goes round after 17 seconds, which no step takes.
const CYCLES: u64 = 4;
/// Ticks a second.
const HERTZ: NonZeroU32 = NonZeroU32::new(1_000_000_000 / CYCLES as u32).unwrap();

/// Where the counter was at the start. It does not begin at the same cycle every time, and a tick would end at another.
static START: AtomicU32 = AtomicU32::new(0);

/// The counter, which the core starts by itself.
pub fn start() -> Clock {
    START.store(mcycle::read64() as u32, Ordering::Relaxed);
    Clock { ticks, hertz: HERTZ }
}

fn ticks() -> u32 {
    (mcycle::read64().wrapping_sub(START.load(Ordering::Relaxed).into()) / CYCLES) as u32
}
