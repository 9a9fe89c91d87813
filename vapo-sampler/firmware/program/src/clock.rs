//! Time, as a board counts it.

use core::num::NonZeroU32;

#[cfg(all(feature = "mcycle", target_arch = "riscv32"))]
pub mod mcycle;
#[cfg(all(feature = "systick", not(target_arch = "riscv32")))]
pub mod systick;

/// A counter of constant frequency.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The counter's present value, which wraps at 2³².
    pub ticks: fn() -> u32,
    /// Ticks a second.
    pub hertz: NonZeroU32,
}

/// Times one thing after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    clock: Clock,
    start: u32,
}

impl Clock {
    pub(crate) fn stopwatch(self) -> Stopwatch {
        Stopwatch { clock: self, start: (self.ticks)() }
    }
}

impl Stopwatch {
    pub(crate) fn restart(&mut self) {
        self.start = (self.clock.ticks)();
    }

    /// Nanoseconds since the start, of which the counter must not have gone round.
    ///
    /// Emulated by QEMU with `-icount shift=0` one instruction takes one nanosecond.
    pub(crate) fn nanoseconds(&self) -> u64 {
        let ticks = (self.clock.ticks)().wrapping_sub(self.start);
        nanoseconds(ticks, self.clock.hertz)
    }
}

/// Ticks · 10⁹ ÷ hertz, rounded down, digit by digit: a division of 64 bits takes 1 KB of flash. Of a frequency below 429 MHz.
fn nanoseconds(ticks: u32, hertz: NonZeroU32) -> u64 {
    let (seconds, mut rest, mut fraction) = (ticks / hertz, ticks % hertz, 0);
    for _ in 0..9 {
        rest = rest.wrapping_mul(10);
        fraction = 10 * fraction + rest / hertz;
        rest %= hertz;
    }
    u64::from(seconds) * 1_000_000_000 + u64::from(fraction)
}

#[cfg(test)]
mod tests {
    use super::{Clock, nanoseconds};
    use core::num::NonZeroU32;
    use core::sync::atomic::{AtomicU32, Ordering};

    static TICKS: AtomicU32 = AtomicU32::new(0);

    #[test]
    fn a_counter_may_wrap_while_it_is_read() {
        let clock = Clock { ticks: || TICKS.load(Ordering::Relaxed), hertz: NonZeroU32::new(25_000_000).unwrap() };
        TICKS.store(u32::MAX - 9, Ordering::Relaxed);
        let watch = clock.stopwatch();
        TICKS.store(15, Ordering::Relaxed);
        assert_eq!(watch.nanoseconds(), 25 * 40);
        TICKS.store(u32::MAX - 10, Ordering::Relaxed);
        assert_eq!(watch.nanoseconds(), u64::from(u32::MAX) * 40);
    }

    #[test]
    fn ticks_of_any_frequency_are_whole_nanoseconds() {
        for hertz in [1, 32_768, 16_000_000, 25_000_000, 64_000_000, 84_000_000, 150_000_000, 429_000_000] {
            for ticks in [0, 1, 7, 999_999, 16_777_215, 84_000_001, u32::MAX - 1, u32::MAX] {
                let expected = u64::from(ticks) * 1_000_000_000 / u64::from(hertz);
                assert_eq!(nanoseconds(ticks, NonZeroU32::new(hertz).unwrap()), expected, "{ticks} at {hertz}");
            }
        }
    }
}
