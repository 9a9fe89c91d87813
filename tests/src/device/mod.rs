//! The emulated boards: what they compute, and what the host computes for the same request.
//!
//! A [`Request`] goes to an [`Image`], which answers with the bits of everything it computed and with what that took
//! ([`Answer`]). [`on_host`] makes the same bits with `vapo-sampler` alone, without the firmware's program.
//!
//! Building and running take what `vapo-sampler/firmware/toolchain` installs. Where it is missing, the error says so.

mod host;
mod image;
mod measure;
pub mod models;
mod request;

pub use host::on_host;
pub use image::Image;
pub use measure::{Measurement, baseline_path, measure_all, read_baseline};
pub use request::{Answer, Bits, Cost, Request, Step};

use std::path::{Path, PathBuf};

/// The folder of the firmware's workspace.
pub fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vapo-sampler/firmware")
}

/// An emulated board, by the name of its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Board {
    /// Cortex-M4F, 4 MiB of flash, 4 MiB of RAM.
    Mps2An386,
    /// Cortex-M0 without floating point, 256 KiB of flash, 16 KiB of RAM.
    Microbit,
}

impl Board {
    /// The folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Board::Mps2An386 => "mps2-an386",
            Board::Microbit => "microbit",
        }
    }
}
