//! The buttons A and B beside the lamps.

use cortex_m::asm::delay;

/// Address of the port that both buttons are on (nRF52833 Product Specification, 6.8).
const PORT: usize = 0x5000_0000;
/// Offset of what its pins read.
const IN: usize = 0x510;
/// Offset of the first pin's configuration; a word a pin.
const CONFIGURATION: usize = 0x700;
/// An input that is read, not pulled: the board pulls both up (schematic of the micro:bit V2.2).
const INPUT: u32 = 0;

/// Pins; they are low while a button is held.
const A: u32 = 14;
const B: u32 = 23;

/// Cycles in which contacts come to rest, 20 ms at 64 MHz.
const BOUNCE: u32 = 64_000_000 / 50;

/// A button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Button {
    A,
    B,
}

/// Makes the pins inputs.
pub(crate) fn start() {
    for pin in [A, B] {
        // SAFETY: the port's registers are always there. They move pins, not memory, and only those of the buttons.
        unsafe { ((PORT + CONFIGURATION + 4 * pin as usize) as *mut u32).write_volatile(INPUT) }
    }
}

/// Waits until a button is pressed, and let go if it was held before.
pub(crate) fn wait() -> Button {
    while held().is_some() {
        delay(BOUNCE);
    }
    loop {
        if let Some(button) = held() {
            delay(BOUNCE);
            if held() == Some(button) {
                return button;
            }
        }
    }
}

/// The button that is held: A where both are.
fn held() -> Option<Button> {
    // SAFETY: as above; reading changes nothing.
    let pins = unsafe { ((PORT + IN) as *const u32).read_volatile() };
    let is_low = |pin: u32| pins & (1 << pin) == 0;
    match (is_low(A), is_low(B)) {
        (true, _) => Some(Button::A),
        (_, true) => Some(Button::B),
        _ => None,
    }
}
