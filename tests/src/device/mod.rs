//! The boards: what the emulated ones compute, and what the host computes for the same request.
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

/// A board, by the name of its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Board {
    /// Emulated: Cortex-M4F, 4 MiB of flash, 4 MiB of RAM.
    Mps2An386,
    /// Emulated: Cortex-M0 without floating point, 256 KiB of flash, 16 KiB of RAM.
    Microbit,
    /// nRF52833, Cortex-M4F.
    MicrobitV2,
    /// nRF52840, Cortex-M4F.
    Nrf52840Dk,
    /// STM32F411 or F407, Cortex-M4F.
    Stm32F4,
    /// RP2350, Cortex-M33.
    Pico2,
}

impl Board {
    /// Every board, the emulated ones first.
    pub const ALL: [Board; 6] =
        [Board::Mps2An386, Board::Microbit, Board::MicrobitV2, Board::Nrf52840Dk, Board::Stm32F4, Board::Pico2];

    /// The folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Board::Mps2An386 => "mps2-an386",
            Board::Microbit => "microbit",
            Board::MicrobitV2 => "microbit-v2",
            Board::Nrf52840Dk => "nrf52840-dk",
            Board::Stm32F4 => "stm32f4",
            Board::Pico2 => "pico-2",
        }
    }

    /// The board's linker script.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn linker_script(self) -> Result<String, String> {
        let path = firmware().join(self.name()).join("memory.x");
        std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    }
}
