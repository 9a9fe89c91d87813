//! The program on the micro:bit v2: shows samples on its lamps and to the debug probe. Button A asks for the class before, button B
//! for the next, and both draw.

#![no_std]
#![no_main]

#[cfg(not(feature = "monitor"))]
mod buttons;
mod lamps;

#[cfg(not(feature = "monitor"))]
use buttons::Button;
use core::num::NonZeroU32;
use cortex_m_rt::entry;
use vapo_program::{Board, halt, lamp_matrix, rtt, standalone, systick};

#[cfg(not(feature = "monitor"))]
use vapo_program::{Asked, Request};

include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// The clock that an nRF52833 starts with, and its fastest.
const HERTZ: NonZeroU32 = NonZeroU32::new(64_000_000).unwrap();
/// Hundredths of a second that the lamps show a sample.
const SHOWN: u32 = 200;

#[entry]
fn main() -> ! {
    static mut MEMORY: [f32; ELEMENTS] = [0.0; ELEMENTS];
    let Some(core) = cortex_m::Peripherals::take() else { halt() };
    let clock = systick::start(core.SYST, HERTZ);
    lamps::start();
    #[cfg(not(feature = "monitor"))]
    buttons::start();
    let board = Board {
        output: rtt::Terminal::start(),
        clock,
        model: &MODEL.0,
        structure: &STRUCTURE,
        plan: &PLAN,
        memory: MEMORY,
    };
    #[cfg(not(feature = "monitor"))]
    standalone::run_on(board, chosen(), |image, shape| lamps::show(&lamp_matrix::levels(image, shape), SHOWN));
    #[cfg(feature = "monitor")]
    standalone::watch(board, &vapo_program::Watch::LEARNING, vapo_program::recorded(SERIES), |verdict| {
        lamps::show(&[[u8::from(verdict.anomalous) * lamp_matrix::BRIGHTEST; 5]; 5], SHOWN / 10);
    })
}

/// The first class at once, then a sample whenever a button is pressed.
#[cfg(not(feature = "monitor"))]
fn chosen() -> impl Iterator<Item = Request> {
    let mut asked = Asked::new(SOLVER, STRUCTURE.classes);
    let first = asked.again();
    let others = core::iter::repeat_with(move || {
        match buttons::wait() {
            Button::A => asked.less(),
            Button::B => asked.more(),
        }
        asked.again()
    });
    core::iter::once(first).chain(others)
}
