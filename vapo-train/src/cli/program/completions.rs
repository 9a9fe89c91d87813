//! `vapo-train completions`: what a shell has to know to complete the options.

use crate::cli::{CommandLine, Failure, answer};
use clap::CommandFactory;
use clap_complete::Shell;

/// What `clap_complete` looks for in the states of bash's script, and what it enters.
const STATE: [&str; 2] = ["vapo__subcmd__train", "vapo__train"];
/// How bash's script completes names of files, and how it does where they have blanks. Outside of a completion `compopt` fails.
const FILES: [&str; 2] = [
    r#"COMPREPLY=($(compgen -f "${cur}"))"#,
    r#"compopt -o filenames 2> /dev/null; local IFS=$'\n'; COMPREPLY=($(compgen -f "${cur}"))"#,
];

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The shell that is to complete
    #[arg(value_enum)]
    shell: Shell,
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), env!("CARGO_PKG_NAME"), &mut script);
    let script = String::from_utf8_lossy(&script);
    answer::text("completions", &if arguments.shell == Shell::Bash { of_bash(&script) } else { script.into_owned() })
}

/// The script for bash with one name for each state. `clap_complete` enters `vapo__train__subcmd__sample` and looks for
/// `vapo__subcmd__train__subcmd__sample`: the hyphen of the program's name is taken for a command.
///
/// Names of files are taken whole, with blanks in them, and get a slash or a blank as bash's own completion gives them.
fn of_bash(script: &str) -> String {
    script.replace(STATE[0], STATE[1]).replace(FILES[0], FILES[1])
}
