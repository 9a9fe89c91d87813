//! What a command answers on the standard output: text for people or, with `--json`, one JSON object for programs.

use super::{Code, Failure, team};
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether programs read the answer.
static FOR_PROGRAMS: AtomicBool = AtomicBool::new(false);
/// Whether the object was written.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Decides who reads the answer, before there is one.
pub(super) fn choose(for_programs: bool) {
    FOR_PROGRAMS.store(for_programs, Ordering::Relaxed);
}

/// Whether programs read the answer.
pub(super) fn is_for_programs() -> bool {
    FOR_PROGRAMS.load(Ordering::Relaxed)
}

/// Writes text for people. With `--json` there is none.
///
/// # Errors
/// The standard output cannot be written to.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    if is_for_programs() { Ok(()) } else { write(text) }
}

/// Writes the text of a command whose result is text: for programs within an object.
///
/// # Errors
/// The standard output cannot be written to.
pub(super) fn text(command: &str, text: &str) -> Result<(), Failure> {
    print(text)?;
    object(&json!({ "command": command, "text": text }))
}

/// Writes the object for programs, where `--json` asks for it. A command that writes the same card beside two results answers once.
///
/// # Errors
/// The standard output cannot be written to.
pub(super) fn object(answer: &impl Serialize) -> Result<(), Failure> {
    if !is_for_programs() || ANSWERED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let text = serde_json::to_string_pretty(answer).map_err(|cause| Failure::Other(cause.into()))?;
    write(&(text + "\n"))
}

/// Writes to the standard output. A reader that has seen enough, `head` for instance, is no failure.
fn write(text: &str) -> Result<(), Failure> {
    if !team::speaks() {
        return Ok(());
    }
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::told(Code::OutputAccess, format!("cannot write to the standard output: {cause}")))
        }
        _ => Ok(()),
    }
}
