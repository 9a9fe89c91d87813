//! `vapo-train`: see `vapo-train --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    vapo_train::cli::run()
}
