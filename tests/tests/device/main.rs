//! The emulated boards against the host, their memory, and what they do with bad input.
//!
//! Needs what `vapo-sampler/firmware/toolchain` installs.

mod cost;
mod energies;
mod equivalence;
mod memory;
mod refusal;

use std::sync::OnceLock;
use vapo_tests::device::{EMULATED, Image, MICROBIT, MPS2_AN386, MPS2_AN505, models};

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
    /// Large images, on each board that has room for them.
    fashion: [Case; 2],
    /// A small model of float32 weights, on every board.
    float32: [Case; 3],
    /// A small model whose activations skip a level, on every board.
    with_skip: [Case; 3],
}

impl Cases {
    /// The digits, on every board.
    fn digits(&self) -> [&Case; 3] {
        [&self.microbit, &self.mps2_an386, &self.mps2_an505]
    }

    /// Those that the table of costs has.
    fn all(&self) -> impl Iterator<Item = &Case> {
        self.digits().into_iter().chain(&self.fashion)
    }
}

fn cases() -> &'static Cases {
    static CASES: OnceLock<Cases> = OnceLock::new();
    CASES.get_or_init(|| {
        let (digits, fashion) = (models::digits(), models::fashion());
        // Last the digits: what a person runs next is built.
        let fashion = [MPS2_AN386, MPS2_AN505].map(|board| Case::new(board, "fashion", &fashion));
        let small = models::float32().unwrap();
        let float32 = EMULATED.map(|board| Case::new(board, "tiny in float32", &small));
        let skip = models::with_skip().unwrap();
        let with_skip = EMULATED.map(|board| Case::new(board, "tiny with a skip", &skip));
        Cases {
            microbit: Case::new(MICROBIT, "digits", &digits),
            mps2_an386: Case::new(MPS2_AN386, "digits", &digits),
            mps2_an505: Case::new(MPS2_AN505, "digits", &digits),
            fashion,
            float32,
            with_skip,
        }
    })
}
