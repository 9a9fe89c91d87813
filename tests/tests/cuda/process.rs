//! Programs that a test starts: the trainer's, and this one again for what ends with an abort.

use std::process::{Command, Output, Stdio};

/// The trainer.
pub(crate) fn vapo_train(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vapo-train-cuda"));
    command.args(line.split_whitespace()).stdin(Stdio::null());
    command
}

/// One ignored test of this program, in a process of its own.
pub(crate) fn apart(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]).stdin(Stdio::null());
    command
}

/// What a program wrote to its error stream.
pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
