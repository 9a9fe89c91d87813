//! The program on ST's Nucleo-F411RE, and on its boards with an F407: shows sample after sample to the debug probe.

#![no_std]
#![no_main]

use core::num::NonZeroU32;
use cortex_m_rt::entry;
use stm32f4::stm32f411 as chip;
use vapo_program::{Board, halt, rtt, standalone, systick};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// The clock that [`set_clock_up`] makes: the fastest that both chips run at with their regulator as it starts.
const HERTZ: NonZeroU32 = NonZeroU32::new(84_000_000).unwrap();

#[entry]
fn main() -> ! {
    static mut MEMORY: [f32; ELEMENTS] = [0.0; ELEMENTS];
    let (Some(core), Some(chip)) = (cortex_m::Peripherals::take(), chip::Peripherals::take()) else { halt() };
    set_clock_up(&chip.RCC, &chip.FLASH);
    let clock = systick::start(core.SYST, HERTZ);
    let board = Board {
        output: rtt::Terminal::start(),
        clock,
        model: &MODEL.0,
        structure: &STRUCTURE,
        plan: &PLAN,
        memory: MEMORY,
    };
    #[cfg(not(feature = "monitor"))]
    standalone::run(board, SOLVER, |_, _| ());
    #[cfg(feature = "monitor")]
    standalone::watch(board, &vapo_program::Watch::LEARNING, vapo_program::recorded(SERIES), |_| ())
}

/// Runs the core from the PLL: internal 16 MHz ÷ 16 × 336 ÷ 4.
fn set_clock_up(rcc: &chip::RCC, flash: &chip::FLASH) {
    // SAFETY: M = 16, N = 336 and Q = 7 are values that the reference manuals allow (RM0383 and RM0090, RCC_PLLCFGR).
    rcc.pllcfgr().write(|w| unsafe { w.pllsrc().hsi().pllm().bits(16).plln().bits(336).pllp().div4().pllq().bits(7) });
    rcc.cr().modify(|_, w| w.pllon().on());
    while rcc.cr().read().pllrdy().is_not_ready() {}
    // Flash is read in 3 cycles above 60 MHz; its caches make up for them.
    flash.acr().write(|w| w.latency().ws2().prften().enabled().icen().enabled().dcen().enabled());
    // The slower of the two peripheral buses runs at 42 MHz at most.
    rcc.cfgr().write(|w| w.ppre1().div2().sw().pll());
    while !rcc.cfgr().read().sws().is_pll() {}
}
