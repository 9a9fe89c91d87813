//! The trainer, as a program that tests can start.

fn main() -> std::process::ExitCode {
    vapo_train::cli::run()
}
