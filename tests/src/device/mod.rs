//! The boards: what the emulated ones compute, and what the host computes for the same request.
//!
//! A [`Request`](vapo_request::Request) goes to an [`Image`], which answers with the bits of everything it computed and with what that took
//! ([`Answer`]). [`on_host`] makes the same bits with `vapo-sampler` alone, without the firmware's program. A series goes to an image
//! of its own with a [`Watch`](vapo_request::Watch), and is answered with verdicts ([`Watched`]); [`watched_on_host`] makes the same.
//!
//! Building and running take what `vapo-sampler/firmware/toolchain` installs. Where it is missing, the error says so.

mod answer;
mod host;
mod image;
mod kernels;
mod measure;
pub mod models;
mod pages;
mod watched;

pub use answer::{Answer, Bits, Cost, Step};
pub use host::on_host;
pub use image::Image;
pub use kernels::{Kernel, Steps, count_steps, measure_kernels};
pub use measure::{Ledger, MEASURED, Measurement, baseline_path, measure_all, read_baseline};
pub use pages::renew_page;
pub use watched::{Line, Watched, watched_on_host};

use std::path::{Path, PathBuf};

/// The folder of the firmware's workspace.
pub fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vapo-sampler/firmware")
}

/// The emulated board with a Cortex-M4F, by the name of its folder.
pub const MPS2_AN386: &str = "mps2-an386";
/// The emulated board with a Cortex-M33, by the name of its folder.
pub const MPS2_AN505: &str = "mps2-an505";
/// The emulated board with a Cortex-M0, which has no floating point, and with 16 KiB of RAM.
pub const MICROBIT: &str = "microbit";
/// The emulated machine with a core of RV32IMC, which has no floating point, by the name of its folder.
pub const RISCV32_VIRT: &str = "riscv32-virt";
/// Every emulated board.
pub const EMULATED: [&str; 4] = [MICROBIT, MPS2_AN386, MPS2_AN505, RISCV32_VIRT];
