//! The program on QEMU's `virt` machine with a core of RV32IMC, an ESP32-C3's instructions: answers the request of its command line, or
//! shows three samples.

#![no_std]
#![no_main]

mod flash;

use riscv_rt::entry;
use vapo_program::{Board, emulated, mcycle, semihosting, stack};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// The program.
#[entry]
fn main() -> ! {
    static mut MEMORY: [f32; ELEMENTS] = [0.0; ELEMENTS];
    stack::paint();
    flash::protect();
    emulated::run(
        Board {
            output: semihosting::Stdout::open(),
            clock: mcycle::start(),
            model: &MODEL.0,
            structure: &STRUCTURE,
            plan: &PLAN,
            // SAFETY: nothing else names it, and this function runs once.
            memory: unsafe { &mut *(&raw mut MEMORY) },
        },
        SOLVER,
    )
}
