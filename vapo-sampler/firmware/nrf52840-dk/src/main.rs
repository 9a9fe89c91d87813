//! The program on Nordic's nRF52840 development kit: shows sample after sample to the debug probe.

#![no_std]
#![no_main]

use core::num::NonZeroU32;
use cortex_m_rt::entry;
use vapo_program::{Board, halt, rtt, standalone, systick};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// The clock that an nRF52840 starts with, and its fastest.
const HERTZ: NonZeroU32 = NonZeroU32::new(64_000_000).unwrap();

#[entry]
fn main() -> ! {
    static mut MEMORY: [f32; ELEMENTS] = [0.0; ELEMENTS];
    let Some(core) = cortex_m::Peripherals::take() else { halt() };
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
