//! `vapo-train --version`: what this program is, and with `--verbose` what it runs on. Nothing of it names a person or a place.

use crate::cli::{Failure, answer};
use std::env::consts::{ARCH, OS};
use std::num::NonZeroUsize;

/// Prints the version.
pub(in crate::cli) fn run(verbose: bool) -> Result<(), Failure> {
    answer::text("version", &if verbose { long() } else { short() })
}

fn short() -> String {
    concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n").to_owned()
}

/// A line a fact.
fn long() -> String {
    let version = vapo_format::model::VERSION;
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let environment = match () {
        () if cfg!(target_env = "gnu") => ", gnu",
        () if cfg!(target_env = "musl") => ", musl",
        () if cfg!(target_env = "msvc") => ", msvc",
        () => "",
    };
    let threads = std::thread::available_parallelism()
        .map_or_else(|cause| cause.to_string(), |found: NonZeroUsize| found.to_string());
    let rows = [
        ("vapo-format", format!("{}, writes model files of version {version}", vapo_format::PACKAGE)),
        ("vapo-sampler", vapo_sampler::PACKAGE.to_owned()),
        ("target", format!("{ARCH}, {OS}{environment}, {} bits", usize::BITS)),
        ("build", build.to_owned()),
        ("features", features()),
        ("processor", processor()),
        ("threads", threads),
    ];
    let lines: String = rows.iter().map(|(name, value)| format!("{name:14} {value}\n")).collect();
    short() + &lines
}

/// What was built in, and what was left out.
fn features() -> String {
    let all = [("cuda", cfg!(feature = "cuda")), ("onnx", cfg!(feature = "onnx")), ("mpi", cfg!(feature = "mpi"))];
    all.map(|(name, built)| format!("{name} {}", if built { "yes" } else { "no" })).join(", ")
}

/// The vector instructions that this processor has, of those that the kernels can use.
fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    let found = [
        ("sse4.2", is_x86_feature_detected!("sse4.2")),
        ("avx", is_x86_feature_detected!("avx")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
        ("avx512dq", is_x86_feature_detected!("avx512dq")),
        ("avx512vl", is_x86_feature_detected!("avx512vl")),
    ];
    #[cfg(target_arch = "aarch64")]
    let found = [
        ("neon", std::arch::is_aarch64_feature_detected!("neon")),
        ("dotprod", std::arch::is_aarch64_feature_detected!("dotprod")),
    ];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let found: [(&str, bool); 0] = [];
    let names: Vec<&str> = found.into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
    if names.is_empty() { "no vector instructions that are used".to_owned() } else { names.join(", ") }
}
