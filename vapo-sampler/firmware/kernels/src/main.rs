//! Counts the instructions of convolutions and of SiLU, forward and in reverse, and compares each with its definition.
//!
//! From this folder, for a Cortex-M4, a Cortex-M33, a Cortex-M0 and a core of RV32IMC:
//!
//! ```text
//! ../cargo run --release --features dsp
//! ../cargo run --release --features dsp --target thumbv8m.main-none-eabihf
//! ../cargo run --release --features armv6m --target thumbv6m-none-eabi
//! ../cargo run --release --target riscv32imc-unknown-none-elf
//! ```
//!
//! A multiplication-accumulation (MAC) is counted for every tap, those over the border too. Everything that a call takes is
//! counted with it.

#![no_std]
#![no_main]

mod clock;
mod layers;
mod shapes;
mod silu;

use clock::INSTRUCTIONS;
use core::hint::black_box;
#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use layers::{LAYERS, Layer};
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use vapo_format::{Bits, Packed};
use vapo_program::{Clock, Print, halt, semihosting};
use vapo_sampler::kernel::convolution::{Buffers, Direction, Geometry, Weights, convolve, reference};

/// Values, words of weights and of scratch memory, and channels of the largest layer.
const VALUES: usize = 14 * 14 * 32;
const WORDS: usize = 9 * 32 * 32 / 4;
const CHANNELS: usize = 64;
const SCRATCH: usize = 4096;

/// The shifts of the layers in the table.
const SHIFTS: [u8; 3] = [8, 14, 12];

/// A linear congruential generator.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte = (self.next() >> 8) as u8);
    }
}

/// What a layer works in.
struct Memory {
    words: &'static mut [[u8; 4]; WORDS],
    factors: &'static mut [[u8; 2]; CHANNELS],
    biases: &'static mut [[u8; 4]; CHANNELS],
    source: &'static mut [i16; VALUES],
    result: &'static mut [i16; VALUES],
    expected: &'static mut [i16; VALUES],
    scratch: &'static mut [u32; SCRATCH],
}

/// All of it, to be called once.
fn memory() -> Memory {
    static mut WORDS_OF_WEIGHTS: [[u8; 4]; WORDS] = [[0; 4]; WORDS];
    static mut FACTORS: [[u8; 2]; CHANNELS] = [[0; 2]; CHANNELS];
    static mut BIASES: [[u8; 4]; CHANNELS] = [[0; 4]; CHANNELS];
    static mut SOURCE: [i16; VALUES] = [0; VALUES];
    static mut RESULT: [i16; VALUES] = [0; VALUES];
    static mut EXPECTED: [i16; VALUES] = [0; VALUES];
    static mut SCRATCH_WORDS: [u32; SCRATCH] = [0; SCRATCH];
    // SAFETY: nothing else names them, and `main` alone calls this, once.
    unsafe {
        Memory {
            words: &mut *(&raw mut WORDS_OF_WEIGHTS),
            factors: &mut *(&raw mut FACTORS),
            biases: &mut *(&raw mut BIASES),
            source: &mut *(&raw mut SOURCE),
            result: &mut *(&raw mut RESULT),
            expected: &mut *(&raw mut EXPECTED),
            scratch: &mut *(&raw mut SCRATCH_WORDS),
        }
    }
}

/// The program.
#[entry]
fn main() -> ! {
    let clock = clock::start();
    let mut output = semihosting::Stdout::open();
    let mut print = Print(&mut output);
    let mut memory = memory();
    print.text("instructions a MAC: apart, in place; bytes of scratch; values that differ\n");
    let mut wrong = 0;
    for layer in LAYERS {
        for (direction, name) in [(Direction::Forward, " forward "), (Direction::Reverse, " reverse ")] {
            let Some(measured) = memory.measure(clock, &layer.geometry, (direction, layer.bits), SHIFTS, Random(7))
            else {
                halt()
            };
            print.text(layer.name).text(name).decimal(per_mac(layer, measured.apart)).text(", ");
            if let Some(instructions) = measured.in_place {
                print.decimal(per_mac(layer, instructions));
            } else {
                print.text("-");
            }
            print.text("; ").number(4 * layer.geometry.scratch_words(direction) as u64).text("; ");
            print.number(measured.wrong as u64).text("\n");
            wrong += measured.wrong;
        }
    }
    let (mut random, mut differ) = (Random(1), 0);
    for seed in 0..shapes::LAYERS {
        let (geometry, shifts) = shapes::layer(&mut random);
        for direction in [Direction::Forward, Direction::Reverse] {
            for bits in [Bits::Eight, Bits::Six, Bits::Four] {
                let random = Random(seed as u32);
                let Some(measured) = memory.measure(clock, &geometry, (direction, bits), shifts, random) else {
                    halt()
                };
                differ += measured.wrong;
            }
        }
    }
    print.number(shapes::LAYERS as u64).text(" random layers; ").number(differ as u64).text("\n");
    print.text("SiLU, instructions a value: forward, with FiLM, reverse, with FiLM\nSiLU");
    let Some(counts) = silu::count(clock, memory.source) else { halt() };
    counts.into_iter().for_each(|count| {
        print.text(" ").decimal(count);
    });
    print.text("\n");
    let silu = silu::differ();
    print.text("SiLU of all values; ").number(silu as u64).text("\n");
    semihosting::exit(wrong + differ + silu == 0)
}

fn per_mac(layer: &Layer, instructions: u32) -> f32 {
    instructions as f32 / layer.macs() as f32
}

/// Instructions of a call, and values that differ from the definition.
struct Measured {
    apart: u32,
    in_place: Option<u32>,
    wrong: usize,
}

impl Memory {
    /// None where the memory is too small.
    fn measure(
        &mut self,
        clock: Clock,
        geometry: &Geometry,
        (direction, bits): (Direction, Bits),
        shifts: [u8; 3],
        mut random: Random,
    ) -> Option<Measured> {
        random.fill(self.words.as_flattened_mut());
        random.fill(self.factors.as_flattened_mut());
        random.fill(self.biases.as_flattened_mut());
        for bias in self.biases.iter_mut() {
            // 15 bits and a sign.
            *bias = (i32::from_le_bytes(*bias) >> 16).to_le_bytes();
        }
        self.source.iter_mut().for_each(|value| *value = random.next() as i16);
        let weights = Weights {
            // Any bytes are weights, of however many bits.
            words: Packed { bytes: self.words.as_flattened(), bits },
            forward: self.factors.as_flattened(),
            reverse: self.factors.as_flattened(),
            biases: self.biases.as_flattened(),
            shifts,
        };
        let (from, to) = match direction {
            Direction::Forward => (geometry.input, geometry.output),
            Direction::Reverse => (geometry.output, geometry.input),
        };
        let source = self.source.get_mut(..from.elements())?;
        let result = self.result.get_mut(..to.elements())?;
        let expected = self.expected.get_mut(..to.elements())?;
        match direction {
            Direction::Forward => reference::forward(geometry, &weights, source, expected),
            Direction::Reverse => reference::reverse(geometry, &weights, source, expected),
        }
        let differ =
            |result: &[i16]| result.iter().zip(&*expected).filter(|(result, expected)| result != expected).count();

        let scratch = self.scratch.get_mut(..geometry.scratch_words(direction))?;
        let start = (clock.ticks)();
        convolve(direction, black_box(geometry), &weights, Buffers::Apart(source, result), scratch);
        let apart = (clock.ticks)().wrapping_sub(start) * INSTRUCTIONS;
        let mut wrong = differ(result);

        let in_place = if from == to {
            let scratch = self.scratch.get_mut(..geometry.scratch_words(direction))?;
            let start = (clock.ticks)();
            convolve(direction, black_box(geometry), &weights, Buffers::InPlace(source), scratch);
            let in_place = (clock.ticks)().wrapping_sub(start) * INSTRUCTIONS;
            wrong += differ(source);
            Some(in_place)
        } else {
            None
        };
        Some(Measured { apart, in_place, wrong })
    }
}
