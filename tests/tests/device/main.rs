//! The emulated boards against the host, their memory, and what they do with bad input.
//!
//! Needs what `vapo-sampler/firmware/toolchain` installs.

mod command_line;
mod cost;
mod embassy;
mod energies;
mod equivalence;
mod few_bits;
mod memory;
mod monitor;
mod refusal;

use std::sync::OnceLock;
use vapo_format::Shape;
use vapo_tests::device::{EMULATED, Image, MICROBIT, MPS2_AN386, MPS2_AN505, RISCV32_VIRT, models};

/// An image and the file of its model.
struct Case {
    board: &'static str,
    model: &'static str,
    image: Image,
    file: Vec<u8>,
}

impl Case {
    fn new(board: &'static str, model: &'static str, file: &models::File) -> Self {
        let image = Image::build(board, file.path()).unwrap_or_else(|error| panic!("{error}"));
        Case { board, model, image, file: file.read().unwrap() }
    }
}

/// The images that all tests share.
struct Cases {
    microbit: Case,
    mps2_an386: Case,
    mps2_an505: Case,
    riscv32_virt: Case,
    /// Large images, on each board that has room for them.
    fashion: [Case; 3],
    /// A small model whose activations skip a level, on every board.
    with_skip: [Case; 4],
    /// A small model of every layer kind, on every board.
    every_kind: [Case; 4],
    /// The same without any processor's own instructions, for two instruction sets.
    portable: [Case; 2],
    /// A series of every layer kind, on every board.
    series: [Case; 4],
    /// The same without any processor's own instructions, for two instruction sets.
    portable_series: [Case; 2],
    /// In floats, a series of every layer kind, on two boards.
    float_series: [Case; 2],
    /// Windows of the smallest preset for series, on the smallest board.
    series_tiny: Case,
    /// In floats, the digits on every board.
    float_digits: [Case; 4],
    /// In floats, large images on one board.
    float_fashion: Case,
    /// In floats, a small model of float32 weights, on every board.
    float32: [Case; 4],
    /// In floats, a small model whose activations skip a level, on the smallest board.
    float_with_skip: Case,
}

impl Cases {
    /// The digits, on every board.
    fn digits(&self) -> [&Case; 4] {
        [&self.microbit, &self.mps2_an386, &self.mps2_an505, &self.riscv32_virt]
    }

    /// Those that the table of costs has.
    fn all(&self) -> impl Iterator<Item = &Case> {
        self.digits().into_iter().chain(&self.fashion).chain(&self.float_digits).chain([&self.float_fashion])
    }
}

fn cases() -> &'static Cases {
    static CASES: OnceLock<Cases> = OnceLock::new();
    CASES.get_or_init(|| {
        let float_digits = models::float_digits();
        let float32 = models::float32().unwrap();
        let float_skip = models::with_skip().unwrap();
        let (digits, fashion) = (models::digits(), models::fashion());
        let skip = models::integer_with_skip().unwrap();
        let every = models::integer_of_every_kind().unwrap();
        let (series, float_series) =
            (models::integer_series_of_every_kind().unwrap(), models::series_of_every_kind().unwrap());
        let window = Shape { channels: 1, height: 1, width: 64 };
        let series_tiny = models::series_tiny(window).unwrap();
        let portable = |board, model, file: &models::File| Case {
            board,
            model,
            image: Image::build_portable(board, file.path()).unwrap_or_else(|error| panic!("{error}")),
            file: file.read().unwrap(),
        };
        // Last the digits: what a person runs next is built.
        Cases {
            float_digits: EMULATED.map(|board| Case::new(board, "digits-int8", &float_digits)),
            float_fashion: Case::new(MPS2_AN386, "fashion-int8", &models::float_fashion()),
            float32: EMULATED.map(|board| Case::new(board, "tiny in float32", &float32)),
            float_with_skip: Case::new(MICROBIT, "tiny with a skip in floats", &float_skip),
            portable: [MICROBIT, MPS2_AN386].map(|board| portable(board, "every layer, portable", &every)),
            series: EMULATED.map(|board| Case::new(board, "a series", &series)),
            portable_series: [MICROBIT, MPS2_AN386].map(|board| portable(board, "a series, portable", &series)),
            float_series: [MICROBIT, MPS2_AN386].map(|board| Case::new(board, "a series in floats", &float_series)),
            series_tiny: Case::new(MICROBIT, "series-tiny", &series_tiny),
            every_kind: EMULATED.map(|board| Case::new(board, "every layer", &every)),
            with_skip: EMULATED.map(|board| Case::new(board, "tiny with a skip", &skip)),
            fashion: [MPS2_AN386, MPS2_AN505, RISCV32_VIRT].map(|board| Case::new(board, "fashion", &fashion)),
            microbit: Case::new(MICROBIT, "digits", &digits),
            mps2_an386: Case::new(MPS2_AN386, "digits", &digits),
            mps2_an505: Case::new(MPS2_AN505, "digits", &digits),
            riscv32_virt: Case::new(RISCV32_VIRT, "digits", &digits),
        }
    })
}
