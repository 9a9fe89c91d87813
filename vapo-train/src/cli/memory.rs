//! Memory that the machine has left.

use super::note;
use crate::dataset::Dataset;
use crate::run::config::{Config, Device};
use crate::training::Plan;
use crate::training::plan::Request;

/// What helps where memory does not suffice.
pub(super) const REMEDY: &str =
    "it does not fit: a smaller --batch takes less, --accumulate and --recompute, or fewer --threads";

/// What helps where a CUDA device's memory does not suffice.
pub(super) const CUDA_REMEDY: &str = "it does not fit: a smaller --batch takes less, or --accumulate and --recompute";

/// Bytes that are free on the first CUDA device, or why that is not known.
pub(super) fn available_on_cuda() -> Result<u64, String> {
    #[cfg(feature = "cuda")]
    return crate::cuda::free_memory().map_err(|error| error.to_string());
    #[cfg(not(feature = "cuda"))]
    Err(crate::training::NotBuilt.to_string())
}

/// Bytes that programs can take without others being written to disk. None where the system does not say.
pub(super) fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

/// Warns where a training on the processor takes more than there is. It is not refused: the system may write to disk what
/// other programs do not need.
pub(super) fn warn(config: &Config, dataset: &Dataset) {
    if config.device != Device::Cpu {
        return;
    }
    let needed = Plan::cpu(&Request::of(config, dataset)).bytes();
    if let Some(available) = available().filter(|&available| needed > available) {
        let mebibytes = |bytes| bytes >> 20;
        note(&format!(
            "note: this takes about {} MiB of memory, and {} MiB are left: {REMEDY}",
            mebibytes(needed),
            mebibytes(available)
        ));
    }
}
