//! A board's image: built, changed and run as a person would.

use super::answer::Answer;
use super::firmware;
use object::elf::FileHeader32;
use object::read::elf::ElfFile;
use object::{LittleEndian, Object, ObjectSection, ObjectSegment, ObjectSymbol};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, str};
use tempfile::{NamedTempFile, TempPath};
use vapo_format::{Encoding, Model};
use vapo_request::Request;

/// One folder holds the images of all models: an image is copied before the next is built.
static BUILDING: Mutex<()> = Mutex::new(());

/// An image in a file of its own.
#[derive(Debug)]
pub struct Image {
    board: String,
    elf: Vec<u8>,
    path: TempPath,
    stated: String,
}

impl Image {
    /// Builds a board's release image of a model, which computes in what the model needs. A board is named by its folder.
    ///
    /// # Errors
    /// What the build printed: that the tool-chain is missing, or why the model does not fit.
    pub fn build(board: &str, model: &Path) -> Result<Self, String> {
        // What is no model the build itself refuses.
        let file = fs::read(model).unwrap_or_default();
        let encoding = Model::parse(&file).map_or(Encoding::Integer, |model| model.encoding());
        Image::build_with(board, model, vapo_fit::build_arguments(encoding))
    }

    /// As [`Image::build`], of a model of integer arithmetic, without any processor's own instructions.
    ///
    /// # Errors
    /// As [`Image::build`].
    pub fn build_portable(board: &str, model: &Path) -> Result<Self, String> {
        Image::build_with(board, model, &["--no-default-features", "--features", "integer,few-bits"])
    }

    /// As [`Image::build`], with these features.
    ///
    /// # Errors
    /// As [`Image::build`]; that the features lack the model's arithmetic.
    pub fn build_with(board: &str, model: &Path, features: &[&str]) -> Result<Self, String> {
        Image::built(cargo(board, model), board, features)
    }

    /// Builds the release image of an example, which has a folder of its own and runs on a board.
    ///
    /// # Errors
    /// What the build printed.
    pub fn build_example(folder: &str, board: &str, features: &[&str]) -> Result<Self, String> {
        Image::built(cargo_in(folder), board, features)
    }

    /// Keeps others from building until what is returned is dropped: for whoever has another program build.
    pub fn building() -> MutexGuard<'static, ()> {
        BUILDING.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn built(mut cargo: Command, board: &str, features: &[&str]) -> Result<Self, String> {
        let _building = Image::building();
        let built = succeed(cargo.args(["build", "--release", "--message-format=json"]).args(features))?;
        let path = str::from_utf8(&built.stdout).ok().and_then(executable).ok_or("the build names no image")?;
        let elf = fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Image::new(board, elf, String::from_utf8_lossy(&built.stderr).into_owned())
    }

    /// What the build of a board's image without optimisation prints, where it fails.
    ///
    /// # Errors
    /// The tool-chain is missing.
    pub fn refused_without_release(board: &str, model: &Path) -> Result<Option<String>, String> {
        let _building = Image::building();
        let built = run(cargo(board, model).arg("build"))?;
        Ok((!built.status.success()).then(|| messages(&built)))
    }

    fn new(board: &str, elf: Vec<u8>, stated: String) -> Result<Self, String> {
        let failed = |error| format!("cannot write an image: {error}");
        let mut file = NamedTempFile::new().map_err(failed)?;
        file.write_all(&elf).map_err(failed)?;
        Ok(Image { board: board.to_owned(), elf, path: file.into_temp_path(), stated })
    }

    /// The same image with another model of the same length in its flash.
    ///
    /// # Errors
    /// `model` does not occur exactly once, or `other` has another length.
    pub fn with_model(&self, model: &[u8], other: &[u8]) -> Result<Self, String> {
        if model.len() != other.len() {
            return Err(format!("the models have {} and {} bytes", model.len(), other.len()));
        }
        let places: Vec<usize> =
            self.elf.windows(model.len()).enumerate().filter(|(_, bytes)| *bytes == model).map(|(at, _)| at).collect();
        let [place] = places[..] else {
            return Err(format!("the image holds the model {} times", places.len()));
        };
        let mut elf = self.elf.clone();
        elf[place..place + other.len()].copy_from_slice(other);
        Image::new(&self.board, elf, self.stated.clone())
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// What the board or the emulator printed.
    pub fn answer(&self, request: &Request) -> Result<Answer, String> {
        Answer::parse(&self.run(&request.to_string())?)
    }

    /// What the board prints, given arguments parted by spaces.
    ///
    /// # Errors
    /// The same, with the emulator's own messages, where it ends with another status than 0.
    pub fn run(&self, arguments: &str) -> Result<String, String> {
        let emulate = firmware().join("emulate");
        let output = Command::new(&emulate)
            .arg(&self.board)
            .arg(&*self.path)
            .args(arguments.split(' '))
            .output()
            .map_err(|error| format!("cannot run {}: {error}", emulate.display()))?;
        if output.status.success() {
            String::from_utf8(output.stdout).map_err(|error| error.to_string())
        } else {
            Err(messages(&output))
        }
    }

    /// What the build said.
    pub fn stated(&self) -> &str {
        &self.stated
    }

    /// Bytes of flash: program, model and the first values of what lies in RAM.
    ///
    /// # Errors
    /// The image is no ELF file.
    pub fn flash(&self) -> Result<u64, String> {
        Ok(self.parsed()?.segments().map(|segment| segment.file_range().1).sum())
    }

    /// Bytes of RAM at fixed addresses: all but the stack.
    ///
    /// # Errors
    /// The image is no ELF file; the board has no `memory.x` that can be read.
    pub fn ram(&self) -> Result<u64, String> {
        let elf = self.parsed()?;
        let board = vapo_fit::Board::all()?.into_iter().find(|board| board.name == self.board);
        let memory = board.ok_or_else(|| format!("no board {}", self.board))?.memory;
        let ram = memory.ram_start..memory.ram_start + memory.ram;
        Ok(elf.segments().filter(|segment| ram.contains(&segment.address())).map(|segment| segment.size()).sum())
    }

    /// Names of the functions and constants that the image links, as the linker knows them.
    ///
    /// # Errors
    /// The image is no ELF file.
    pub fn symbols(&self) -> Result<Vec<String>, String> {
        let elf = self.parsed()?;
        Ok(elf.symbols().filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect())
    }

    /// The compiler's name and version, as it left them in the image.
    ///
    /// # Errors
    /// The image is no ELF file or names no compiler.
    pub fn compiler(&self) -> Result<String, String> {
        let elf = self.parsed()?;
        let comment = elf.section_by_name(".comment").and_then(|section| section.data().ok()).unwrap_or_default();
        let mut notes = comment.split(|&byte| byte == 0).filter_map(|note| str::from_utf8(note).ok());
        notes.find(|note| note.starts_with("rustc")).map(str::to_owned).ok_or("the image names no compiler".into())
    }

    fn parsed(&self) -> Result<ElfFile<'_, FileHeader32<LittleEndian>>, String> {
        ElfFile::parse(&*self.elf).map_err(|error| format!("the image is no ELF file: {error}"))
    }
}

/// Cargo for a board and its model.
fn cargo(board: &str, model: &Path) -> Command {
    let mut command = cargo_in(board);
    command.env("VAPO_MODEL", model);
    command
}

/// Cargo in a folder of the firmware, free of what the Cargo that runs this sets.
pub(super) fn cargo_in(folder: &str) -> Command {
    let mut command = Command::new(firmware().join("cargo"));
    command.current_dir(firmware().join(folder));
    for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC"] {
        command.env_remove(variable);
    }
    command
}

/// What Cargo prints, whether it succeeds or not.
fn run(cargo: &mut Command) -> Result<Output, String> {
    cargo.output().map_err(|error| format!("cannot run {}: {error}", firmware().join("cargo").display()))
}

/// What Cargo prints; its messages where it fails.
pub(super) fn succeed(cargo: &mut Command) -> Result<Output, String> {
    let output = run(cargo)?;
    if output.status.success() { Ok(output) } else { Err(messages(&output)) }
}

/// The path of the binary in Cargo's messages, one JSON object a line.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back()
}

fn messages(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}{}", text(&output.stdout), text(&output.stderr), output.status)
}
