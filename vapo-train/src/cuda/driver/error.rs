//! Why CUDA cannot be used.

use std::fmt::{Display, Formatter};

/// A version as CUDA counts: 1,000 times the major and 10 times the minor one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub i32);

impl Display for Version {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{}", self.0 / 1000, self.0 % 1000 / 10)
    }
}

/// Why CUDA cannot be used on this machine.
#[non_exhaustive]
#[derive(Clone, Debug, thiserror::Error)]
pub enum DriverError {
    /// The driver's library is not there.
    #[error("no CUDA driver: {cause}; install NVIDIA's driver, or train with --device cpu")]
    NoDriver {
        /// What the loader says.
        cause: String,
    },
    /// The compiler of kernels is not there.
    #[error(
        "no NVRTC, which compiles the kernels: {cause}; install CUDA's toolkit, or `pip install nvidia-cuda-nvrtc` and \
             name its folder in LD_LIBRARY_PATH"
    )]
    NoCompiler {
        /// What the loader says.
        cause: String,
    },
    /// No device that this program may see.
    #[error("no CUDA device: {cause}; see what `nvidia-smi` lists and what CUDA_VISIBLE_DEVICES allows")]
    NoDevice {
        /// What the driver says.
        cause: String,
    },
    /// The device has no memory pools, without which dfdx's device cannot be made.
    #[error(
        "this CUDA device has no memory pools, which training needs: train with --device cpu, or on another device"
    )]
    NoPools,
    /// The driver cannot load what the compiler makes.
    #[error(
        "the driver is for CUDA {driver}, older than NVRTC {compiler}: renew the driver, or install NVRTC {driver}"
    )]
    OldDriver {
        /// The newest CUDA that the driver knows.
        driver: Version,
        /// The oldest compiler that was found.
        compiler: Version,
    },
}
