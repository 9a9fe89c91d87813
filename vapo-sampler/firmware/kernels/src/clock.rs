//! The board's clock, and the instructions that the emulator takes for one of its ticks: one a nanosecond.

use vapo_program::Clock;

#[cfg(target_arch = "arm")]
const MEGAHERTZ: u32 = if cfg!(armv8m) { 20 } else { 25 };
#[cfg(target_arch = "arm")]
pub(crate) const INSTRUCTIONS: u32 = 1000 / MEGAHERTZ;
#[cfg(target_arch = "riscv32")]
pub(crate) const INSTRUCTIONS: u32 = 4;

#[cfg(target_arch = "arm")]
pub(crate) fn start() -> Clock {
    const HERTZ: core::num::NonZeroU32 = core::num::NonZeroU32::new(1_000_000 * MEGAHERTZ).unwrap();
    let Some(core) = cortex_m::Peripherals::take() else { vapo_program::halt() };
    vapo_program::systick::start(core.SYST, HERTZ)
}

#[cfg(target_arch = "riscv32")]
pub(crate) fn start() -> Clock {
    vapo_program::mcycle::start()
}
