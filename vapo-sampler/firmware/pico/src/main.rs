//! The program on the Raspberry Pi Pico: shows sample after sample to the debug probe.

#![no_std]
#![no_main]

mod clock;

use cortex_m_rt::entry;
use vapo_program::{Board, halt, rtt, standalone, systick};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// What the chip's boot program runs first, from the first 256 bytes: it makes the flash, a W25Q080 or one like it, readable in place.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

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
