//! The program on an ESP32-C3: shows sample after sample over USB.

#![no_std]
#![no_main]

mod descriptor;

use core::num::NonZeroU32;
use esp_hal::clock::CpuClock;
use esp_hal::time::Instant;
use esp_println::Printer;
use vapo_program::{Board, Clock, Output, stack, standalone};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// The chip's own USB port, which a computer sees as a serial one.
struct Usb;

impl Output for Usb {
    fn write(&mut self, bytes: &[u8]) {
        // Gives up after a while where nobody listens.
        Printer::write_bytes(bytes);
    }
}

/// Microseconds of the chip's own timer.
const CLOCK: Clock = Clock {
    ticks: || Instant::now().duration_since_epoch().as_micros() as u32,
    hertz: NonZeroU32::new(1_000_000).unwrap(),
};

#[esp_hal::main]
fn main() -> ! {
    static mut MEMORY: [f32; ELEMENTS] = [0.0; ELEMENTS];
    stack::paint();
    // The chip's fastest.
    esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::_160MHz));
    let board = Board {
        output: Usb,
        clock: CLOCK,
        model: &MODEL.0,
        structure: &STRUCTURE,
        plan: &PLAN,
        // SAFETY: nothing else names it, and this function runs once.
        memory: unsafe { &mut *(&raw mut MEMORY) },
    };
    #[cfg(not(feature = "monitor"))]
    standalone::run(board, SOLVER, |_, _| ());
    #[cfg(feature = "monitor")]
    standalone::watch(board, &vapo_program::Watch::LEARNING, vapo_program::recorded(SERIES), |_| ())
}
