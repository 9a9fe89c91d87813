//! `vapo-train`: see `vapo-train --help`.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Every operation allocates its output and its gradients anew. glibc gives their pages back to the system and fetches them
/// again, which takes a sixth of a step on small images.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    vapo_train::cli::run()
}
