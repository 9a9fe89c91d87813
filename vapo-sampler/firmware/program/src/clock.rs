//! Time, as a board counts it.

use core::num::{NonZeroU32, NonZeroU64};

#[cfg(feature = "systick")]
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
        // 2³² · 10⁹ fits 64 bits.
        u64::from(ticks) * 1_000_000_000 / NonZeroU64::from(self.clock.hertz)
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
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
}
