//! A board's firmware, built with a model in it as a person would by hand: `VAPO_MODEL=… ../cargo build --release` in the board's folder.

use crate::cli::device::board::Board;
use crate::cli::{Code, Failure, note};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use vapo_format::model::VERSION;
use vapo_format::{Arithmetic, Bits, Encoding, Model};

/// Arguments of a build whose program has what a model needs: `vapo_fit::build_arguments`, which published packages cannot depend on.
fn features(encoding: Encoding) -> &'static [&'static str] {
    let few_bits = encoding.bits().is_some_and(|bits| bits != Bits::Eight);
    match (encoding.arithmetic(), few_bits) {
        (Arithmetic::Integer, false) => &[],
        (Arithmetic::Integer, true) => &["--features", "few-bits"],
        (Arithmetic::Float, false) => &["--no-default-features", "--features", "float"],
        (Arithmetic::Float, true) => &["--no-default-features", "--features", "float,few-bits"],
    }
}

/// The model of a build.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    /// Absolute: a build runs elsewhere.
    pub(super) path: &'a Path,
    /// The file.
    pub(super) bytes: &'a [u8],
    pub(super) model: &'a Model<'a>,
}

/// Cargo in a board's folder, free of what the Cargo that may run this program sets. `verb` is `build` or `run`.
pub(super) fn cargo(verb: &str, board: &Board, firmware: &Path, input: Input<'_>) -> Command {
    let mut command = Command::new(firmware.join("cargo"));
    command.current_dir(firmware.join(board.folder)).env("VAPO_MODEL", input.path);
    for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "VAPO_SOLVER", "VAPO_SERIES"] {
        command.env_remove(variable);
    }
    command.args([verb, "--release", "--locked"]).args(features(input.model.encoding()));
    command
}

/// The image of a board with a model in it. What the compiler says goes to the standard error stream.
///
/// # Errors
/// The build fails, or another build's image is in its place.
pub(super) fn image(board: &Board, firmware: &Path, input: Input<'_>) -> Result<Vec<u8>, Failure> {
    note(&format!(
        "building the firmware of {} with {} (the first time takes a minute)",
        board.name,
        input.path.display()
    ));
    let mut cargo = cargo("build", board, firmware, input);
    cargo.args(["--quiet", "--message-format=json-render-diagnostics"]).stdin(Stdio::null()).stderr(Stdio::inherit());
    let built = cargo.output().map_err(|cause| {
        Failure::told(Code::BoardFails, format!("cannot run {}: {cause}", firmware.join("cargo").display()))
    })?;
    if !built.status.success() {
        return Err(Failure::told(
            Code::BoardFails,
            format!("the firmware of {} was not built ({}): what it lacks is said above", board.name, built.status),
        ));
    }
    let path = executable(&String::from_utf8_lossy(&built.stdout))
        .ok_or_else(|| Failure::told(Code::BoardFails, "the build of the firmware names no image"))?;
    let image = fs::read(&path)
        .map_err(|cause| Failure::told(Code::BoardFails, format!("cannot read {}: {cause}", path.display())))?;
    if !holds(&image, input) {
        return Err(Failure::told(
            Code::BoardFails,
            format!("{} holds another model: another build replaced it meanwhile; start again", path.display()),
        ));
    }
    Ok(image)
}

/// Whether an image holds a model's file. One of an earlier version of the format is renewed as it is built, and not looked for.
fn holds(image: &[u8], Input { bytes, model, .. }: Input<'_>) -> bool {
    model.version() != VERSION || image.windows(bytes.len()).any(|found| found == bytes)
}

/// The path of the binary in Cargo's messages, one JSON object a line.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &[u8] = include_bytes!("../../../../../vapo-sampler/firmware/models/digits.vapo");

    #[test]
    fn the_build_has_what_the_model_needs() {
        use Encoding::{Float32, Int4, Int6, Int8, Integer, Integer4, Integer6};
        for encoding in [Float32, Int8, Int6, Int4, Integer, Integer6, Integer4] {
            assert_eq!(features(encoding), vapo_fit::build_arguments(encoding), "{encoding:?}");
        }
    }

    #[test]
    fn the_image_is_the_last_binary_that_cargo_names() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\nno JSON\n{\"executable\":\"/a/b\"}\n{\"executable\":\"/a/c\"}\n{\"reason\":\"build-finished\"}\n";
        assert_eq!(executable(messages), Some(PathBuf::from("/a/c")));
        assert_eq!(executable("{}"), None);
    }

    #[test]
    fn an_image_of_another_model_is_noticed() {
        let model = Model::parse(DIGITS).unwrap();
        let input = Input { path: Path::new("/digits.vapo"), bytes: DIGITS, model: &model };
        let mut image = [&[1; 100], DIGITS, &[2; 50]].concat();
        assert!(holds(&image, input));
        image[100 + DIGITS.len() / 2] ^= 1;
        assert!(!holds(&image, input) && !holds(&[], input));
    }
}
