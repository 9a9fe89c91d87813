//! The program on QEMU's MPS2 board with a Cortex-M4F: answers the request of its command line, or shows three samples.

#![no_std]
#![no_main]

use core::num::NonZeroU32;
use cortex_m_rt::entry;
use vapo_program::{Board, emulated, halt, semihosting, systick};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// The board's clock, 25 MHz.
const HERTZ: NonZeroU32 = NonZeroU32::new(25_000_000).unwrap();

#[entry]
fn main() -> ! {
    static mut MEMORY: [f32; ELEMENTS] = [0.0; ELEMENTS];
    let Some(core) = cortex_m::Peripherals::take() else { halt() };
    let clock = systick::start(core.SYST, HERTZ);
    emulated::run(
        Board {
            output: semihosting::Stdout::open(),
            clock,
            model: &MODEL.0,
            structure: &STRUCTURE,
            plan: &PLAN,
            memory: MEMORY,
        },
        SOLVER,
    )
}
