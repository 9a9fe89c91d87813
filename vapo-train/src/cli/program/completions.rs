//! `vapo-train completions`: what a shell has to know to complete the options.

use crate::cli::{CommandLine, Failure, answer};
use clap::CommandFactory;
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The shell that is to complete
    #[arg(value_enum)]
    shell: Shell,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), env!("CARGO_PKG_NAME"), &mut script);
    answer::text("completions", &String::from_utf8_lossy(&script))
}
