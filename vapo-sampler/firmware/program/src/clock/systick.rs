//! The core's own timer, which counts 24 bits down; an interrupt counts the rounds.

use super::Clock;
use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU32, Ordering};
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

/// Value that a round starts from.
const RELOAD: u32 = 0x00FF_FFFF;

/// Rounds that are over. Only the interrupt writes it.
static ROUNDS: AtomicU32 = AtomicU32::new(0);

/// Starts the timer, whose core runs at `hertz`.
pub fn start(mut timer: SYST, hertz: NonZeroU32) -> Clock {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(RELOAD);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
    Clock { ticks, hertz }
}

fn ticks() -> u32 {
    loop {
        let rounds = ROUNDS.load(Ordering::Relaxed);
        let left = SYST::get_current();
        // The interrupt comes with zero, the last value of a round, at which it is unclear whether the round counts.
        if left != 0 && rounds == ROUNDS.load(Ordering::Relaxed) {
            return (rounds << 24) | (RELOAD - left);
        }
    }
}

#[exception]
fn SysTick() {
    // Without compare-and-swap, which an Armv6-M core lacks.
    ROUNDS.store(ROUNDS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}
