//! The 5×5 lamps on the front.

use cortex_m::asm::delay;
use vapo_program::lamp_matrix::{BRIGHTEST, Levels};

/// Addresses of the two ports (nRF52833 Product Specification, 6.8).
const PORTS: [usize; 2] = [0x5000_0000, 0x5000_0300];
/// Offsets of their registers.
const SET: usize = 0x508;
const CLEAR: usize = 0x50C;
const MAKE_OUTPUT: usize = 0x518;

/// A port, and the bit of a pin of it.
type Pin = (usize, u32);
/// A lamp shines while its row is high and its column low (schematic of the micro:bit V2.2).
const ROWS: [Pin; 5] = [(0, 1 << 21), (0, 1 << 22), (0, 1 << 15), (0, 1 << 24), (0, 1 << 19)];
const COLUMNS: [Pin; 5] = [(0, 1 << 28), (0, 1 << 11), (0, 1 << 31), (1, 1 << 5), (0, 1 << 30)];

/// Cycles of one level of brightness: 5 rows of 9 levels, a hundred times a second, at 64 MHz.
const SLICE: u32 = 64_000_000 / (100 * 5 * BRIGHTEST as u32);

/// Makes the pins outputs, all lamps dark.
pub(crate) fn start() {
    for pin in ROWS.into_iter().chain(COLUMNS) {
        write(pin, MAKE_OUTPUT);
    }
    darken();
}

/// Lights the lamps for some hundredths of a second, row by row, each lamp for as long as it is bright.
pub(crate) fn show(levels: &Levels<5>, hundredths: u32) {
    for _ in 0..hundredths {
        for (row, levels) in ROWS.into_iter().zip(levels) {
            write(row, SET);
            for slice in 0..BRIGHTEST {
                for (column, &level) in COLUMNS.into_iter().zip(levels) {
                    write(column, if slice < level { CLEAR } else { SET });
                }
                delay(SLICE);
            }
            write(row, CLEAR);
        }
    }
    darken();
}

fn darken() {
    ROWS.into_iter().for_each(|row| write(row, CLEAR));
    COLUMNS.into_iter().for_each(|column| write(column, SET));
}

/// Writes a pin's bit to one of its port's registers, none of which heeds zeros.
fn write((port, bit): Pin, register: usize) {
    let [first, second] = PORTS;
    let port = if port == 0 { first } else { second };
    // SAFETY: the ports' registers are always there. They move pins, not memory, and only those of the lamps.
    unsafe { ((port + register) as *mut u32).write_volatile(bit) }
}
