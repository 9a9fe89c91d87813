//! NVIDIA's libraries, found when a CUDA device is asked for.
//!
//! A program with the feature `cuda` links none of them, so that it is built, and trains on the CPU, on a machine that has none.

mod error;
mod library;
mod linux;
mod trampolines;

pub use error::{DriverError, Version};
pub use linux::open;

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!("the feature `cuda` is for Linux on x86-64 and AArch64: build without it, and train with --device cpu");
