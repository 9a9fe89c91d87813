//! `vapo-train board`: the firmware's boards, and samples that one of them draws.

mod build;
mod checkout;
mod list;
mod reply;
mod run;
mod tools;

use crate::cli::Failure;
use clap::Subcommand;

pub(in crate::cli) use checkout::find;
pub(in crate::cli) use run::{emulated, usual_board};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the boards: core, clock, flash, RAM, and which are emulated
    List,
    /// Build a board's firmware with a model, and show the samples that the board draws
    Run(run::Arguments),
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.action {
        Action::List => list::run(),
        Action::Run(arguments) => run::run(arguments),
    }
}
