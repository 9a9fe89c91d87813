//! The program on QEMU's micro:bit, a Cortex-M0 with 16 KB of RAM: answers the request of its command line, or shows
//! three samples.

#![no_std]
#![no_main]

mod timer;

use cortex_m_rt::entry;
use vapo_program::{Board, emulated, semihosting};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

#[entry]
fn main() -> ! {
    static mut MEMORY: [f32; ELEMENTS] = [0.0; ELEMENTS];
    let output = semihosting::Stdout::open();
    emulated::run(
        Board { output, clock: timer::start(), model: &MODEL.0, structure: &STRUCTURE, plan: &PLAN, memory: MEMORY },
        SOLVER,
    )
}
