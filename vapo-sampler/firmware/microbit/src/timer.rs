//! The chip's TIMER0: an nRF51 lacks the core's own timer.

use core::num::NonZeroU32;
use vapo_program::Clock;

/// Address of TIMER0.
const TIMER0: usize = 0x4000_8000;
/// Offsets of its registers (nRF51 Series Reference Manual, 18.2).
const START: usize = 0x000;
const CAPTURE0: usize = 0x040;
const BIT_MODE: usize = 0x508;
const PRESCALER: usize = 0x510;
const CC0: usize = 0x540;
/// Value of `BIT_MODE` for a counter of 32 bits.
const BITS_32: u32 = 3;
/// The timer's frequency without prescaler, 16 MHz.
const HERTZ: NonZeroU32 = NonZeroU32::new(16_000_000).unwrap();

/// Starts the timer.
pub(crate) fn start() -> Clock {
    write(BIT_MODE, BITS_32);
    write(PRESCALER, 0);
    write(START, 1);
    Clock { ticks, hertz: HERTZ }
}

fn ticks() -> u32 {
    write(CAPTURE0, 1);
    // SAFETY: the timer's registers are always there. Reading this one has no effect.
    unsafe { ((TIMER0 + CC0) as *const u32).read_volatile() }
}

/// Writes one of the timer's registers.
fn write(register: usize, value: u32) {
    // SAFETY: the timer's registers are always there, and it neither touches memory nor interrupts.
    unsafe { ((TIMER0 + register) as *mut u32).write_volatile(value) }
}
