//! The trainer, as a program with the feature `cuda` that tests can start.

fn main() -> std::process::ExitCode {
    vapo_train::cli::run()
}
