//! The program on ST's Nucleo-H743ZI: shows sample after sample to the debug probe.

#![no_std]
#![no_main]

use core::num::NonZeroU32;
use cortex_m_rt::entry;
use stm32h7::stm32h743 as chip;
use vapo_program::{Board, halt, rtt, standalone, systick};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// The clock that [`set_clock_up`] makes: the fastest that chips of every revision run at.
const HERTZ: NonZeroU32 = NonZeroU32::new(400_000_000).unwrap();

#[entry]
fn main() -> ! {
    static mut MEMORY: [f32; ELEMENTS] = [0.0; ELEMENTS];
    let (Some(mut core), Some(chip)) = (cortex_m::Peripherals::take(), chip::Peripherals::take()) else { halt() };
    set_clock_up(&chip.PWR, &chip.RCC, &chip.FLASH);
    // Not the cache of data: a probe reads what is shown from the RAM behind it.
    core.SCB.enable_icache();
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

/// Runs the core from the PLL: internal 64 MHz ÷ 4 × 50 ÷ 2 (RM0433, chapters 6 to 8).
fn set_clock_up(pwr: &chip::PWR, rcc: &chip::RCC, flash: &chip::FLASH) {
    // The chip's regulator alone, at the voltage for 400 MHz.
    pwr.cr3().modify(|_, w| w.bypass().clear_bit().ldoen().set_bit());
    while pwr.csr1().read().actvosrdy().bit_is_clear() {}
    // SAFETY: 3 is scale 1.
    pwr.d3cr().write(|w| unsafe { w.vos().bits(3) });
    while pwr.d3cr().read().vosrdy().bit_is_clear() {}

    // SAFETY: M = 4, and N = 50, P = 2 as one less, are values that the manual allows; 16 MHz is in the range 8 to 16, 800 in the wide one.
    unsafe {
        rcc.pllckselr().modify(|_, w| w.pllsrc().bits(0).divm1().bits(4));
        rcc.pllcfgr().modify(|_, w| w.pll1rge().bits(3).pll1vcosel().clear_bit().divp1en().set_bit());
        rcc.pll1divr().modify(|_, w| w.divn1().bits(49).divp1().bits(1));
    }
    rcc.cr().modify(|_, w| w.pll1on().set_bit());
    while rcc.cr().read().pll1rdy().bit_is_clear() {}

    // Flash is read in 3 cycles of the buses, which run at half the core's clock; peripherals at a quarter.
    // SAFETY: 2 wait states and delay 2 are those of 200 MHz; 8 and 4 divide by 2.
    unsafe {
        flash.acr().write(|w| w.latency().bits(2).wrhighfreq().bits(2));
        rcc.d1cfgr().write(|w| w.d1cpre().bits(0).hpre().bits(8).d1ppre().bits(4));
        rcc.d2cfgr().write(|w| w.d2ppre1().bits(4).d2ppre2().bits(4));
        rcc.d3cfgr().write(|w| w.d3ppre().bits(4));
        rcc.cfgr().modify(|_, w| w.sw().bits(3));
    }
    while rcc.cfgr().read().sws().bits() != 3 {}
}
