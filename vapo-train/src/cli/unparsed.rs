//! What a person is told whose command line does not parse, or asks for help.

use super::failure::{self, Code};
use clap::Error;
use std::error::Error as _;
use std::io::Write;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};
use std::process::ExitCode;

/// Tells a person why their command line does not parse, in the words of the parser and with a code, or shows the help that
/// they asked for.
pub(super) fn tell(cause: &Error) -> ExitCode {
    let text = with_expected(cause, cause.render().ansi().to_string());
    match cause.use_stderr() {
        true => {
            let text = text.replacen("error:", &format!("{}:", failure::prefix(Code::CommandLine)), 1);
            let text = format!("{}\n{}\n", text.trim_end(), failure::more(Code::CommandLine));
            // Colours are for terminals: elsewhere they are left out.
            let _ = anstream::stderr().write_all(text.as_bytes());
        }
        false => _ = anstream::stdout().write_all(text.as_bytes()),
    }
    ExitCode::from(u8::try_from(cause.exit_code()).unwrap_or(2))
}

/// The text with what was expected in place of the library's words, which say only what is wrong with a number.
fn with_expected(cause: &Error, mut text: String) -> String {
    let Some(source) = cause.source() else { return text };
    let words = source.to_string();
    if let (Some(expected), Some(start)) = (expected(source), text.rfind(&words)) {
        text.replace_range(start..start + words.len(), expected);
    }
    text
}

/// What a number that does not parse should have been.
fn expected(source: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    if source.is::<ParseFloatError>() {
        return Some("expected a number, as 0.5");
    }
    Some(match source.downcast_ref::<ParseIntError>()?.kind() {
        IntErrorKind::PosOverflow => "expected a smaller number",
        IntErrorKind::NegOverflow => "expected a larger number",
        _ => "expected a whole number, as 8, without a sign",
    })
}
