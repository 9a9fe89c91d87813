//! Why a program does not run on a device.

use crate::cuda::driver::DriverError;
use cudarc::driver::result;

/// Why a program does not run on a device.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is no device, or none that can be used.
    #[error(transparent)]
    Library(#[from] DriverError),
    /// The device cannot be opened.
    #[error("the CUDA device cannot be used: {0}")]
    Open(String),
    /// A call of the driver failed.
    #[error("the CUDA device fails in {what}: {cause}")]
    Driver {
        /// What was asked for.
        what: &'static str,
        /// What the driver says.
        cause: String,
    },
    /// A kernel was not compiled.
    #[error("NVRTC does not compile the kernels of {file}: {cause}")]
    Compile {
        /// Which.
        file: &'static str,
        /// What NVRTC says.
        cause: String,
    },
    /// Kernels count the pixels of an activation in 32 bits.
    #[error(
        "a part of a batch has {pixels} pixels in one activation, and a CUDA device takes 4294967295 at most: give a smaller \
         --batch, or --accumulate N"
    )]
    Pixels {
        /// How many there are.
        pixels: u64,
    },
    /// There is too little memory.
    #[error(
        "training takes {} of the device's memory, and {} are free: a smaller --batch, --accumulate N or --recompute may take \
         less (vapo-train plan says how much)",
        told(*needed), told(*free)
    )]
    Memory {
        /// Bytes that the program takes.
        needed: usize,
        /// Bytes that are free.
        free: usize,
    },
}

/// Bytes, for people.
fn told(bytes: usize) -> String {
    format!("{:.1} MiB ({bytes} bytes)", bytes as f64 / f64::from(1 << 20))
}

/// Why a call of the driver failed.
pub(super) fn failed(what: &'static str) -> impl Fn(result::DriverError) -> DeviceError {
    move |error| {
        let text = error.error_string().ok().map(|text| text.to_string_lossy().into_owned());
        DeviceError::Driver { what, cause: text.unwrap_or_else(|| format!("{:?}", error.0)) }
    }
}
