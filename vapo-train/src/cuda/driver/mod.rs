//! NVIDIA's libraries, found when a CUDA device is asked for.
//!
//! On Linux a program with the feature `cuda` links none of them, so that it trains on the CPU of a machine that has none.
//! Elsewhere the libraries are linked, and [`open`] has nothing to do.

mod error;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod library;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod linux;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod trampolines;

pub use error::{DriverError, Version};
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub use linux::open;

/// The libraries are linked.
///
/// # Errors
/// None.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub fn open() -> Result<(), DriverError> {
    Ok(())
}
