//! Why a command fails: what is said, the exit code, and the code by which `vapo-train explain` knows more.

mod code;
mod of;
mod of_data;

pub(super) use code::Code;

use super::interrupt;
use code::Told;
use std::error::Error;
use std::fmt;

/// Why a command failed, and the exit code that says so.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was asked for cannot be: exit code 2, as for options that do not parse. Its code is [`Code::Settings`].
    Usage(String),
    /// The same, with another code.
    Refused(Code, String),
    /// It was interrupted, and what there is was saved: exit code 130, as shells have it.
    Interrupted(String),
    /// It went wrong: exit code 1, or 2 where other options would do. Its code is that of the error's type, see [`of`].
    Other(Box<dyn Error>),
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Other(Box::new(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Refused(_, message) | Failure::Interrupted(message) => {
                f.write_str(message)
            }
            Failure::Other(cause) => cause.fmt(f),
        }
    }
}

impl Failure {
    /// What went wrong has no type: it is said, and its code is this.
    pub(super) fn told(code: Code, message: impl Into<String>) -> Self {
        Failure::Other(Box::new(Told { code, message: message.into() }))
    }

    /// It went wrong because of `cause`, whose code it has. `message` is all that is said.
    pub(super) fn because(cause: &(dyn Error + 'static), message: String) -> Self {
        Failure::told(of::of(cause), message)
    }

    /// It cannot be because of `cause`, whose code it has. `message` is all that is said.
    pub(super) fn refused(cause: &(dyn Error + 'static), message: String) -> Self {
        Failure::Refused(of::of(cause), message)
    }

    /// The process's exit code.
    pub(super) fn exit(&self) -> u8 {
        match self {
            // Where something is there already, or data are not the model's, nothing went wrong: other options are needed.
            Failure::Other(cause) => match of::of(&**cause) {
                Code::RunExists | Code::OutputExists | Code::DataUnlike => 2,
                _ => 1,
            },
            Failure::Usage(_) | Failure::Refused(..) => 2,
            Failure::Interrupted(_) => interrupt::CODE,
        }
    }

    /// The code under which there is more about it. None for an interruption, which is no mistake.
    pub(super) fn code(&self) -> Option<Code> {
        match self {
            Failure::Usage(_) => Some(Code::Settings),
            Failure::Refused(code, _) => Some(*code),
            Failure::Interrupted(_) => None,
            Failure::Other(cause) => Some(of::of(&**cause)),
        }
    }

    /// What a person is told: the code, what went wrong, and where there is more.
    pub(super) fn report(&self) -> String {
        self.code().map_or_else(|| self.to_string(), |code| format!("{}: {self}\n{}", prefix(code), more(code)))
    }
}

/// What a message with a code begins with.
pub(super) fn prefix(code: Code) -> String {
    format!("error[{code}]")
}

/// Where there is more about a code.
pub(super) fn more(code: Code) -> String {
    format!("for more: vapo-train explain {code}")
}

/// The code of an error that is of type `E`.
fn typed<E: Error + 'static>(error: &(dyn Error + 'static), code: impl FnOnce(&E) -> Code) -> Option<Code> {
    error.downcast_ref().map(code)
}
