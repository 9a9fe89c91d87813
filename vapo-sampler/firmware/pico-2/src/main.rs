//! The program on the Raspberry Pi Pico 2: shows sample after sample to the debug probe.

#![no_std]
#![no_main]

mod clock;

use cortex_m_rt::entry;
use vapo_program::{Board, halt, rtt, standalone, systick};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// Tells the chip's boot program that the flash holds a program for its Arm cores (RP2350 datasheet, 5.9.5.1).
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE: [u32; 5] = [0xffff_ded3, 0x1021_0142, 0x0000_01ff, 0x0000_0000, 0xab12_3579];

#[entry]
fn main() -> ! {
    static mut MEMORY: [f32; ELEMENTS] = [0.0; ELEMENTS];
    let Some(core) = cortex_m::Peripherals::take() else { halt() };
    clock::set_up();
    let clock = systick::start(core.SYST, clock::HERTZ);
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
