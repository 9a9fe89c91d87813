//! Starts the program and reads what it leaves.

pub(crate) use crate::outcome::Outcome;
use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Options of a run that takes a fraction of a second.
pub(crate) const TINY: &str = "--preset tiny --batch 8 --threads 1 --no-classes";

/// Every file of a finished run.
pub(crate) const RUN_FILES: [&str; 10] = [
    "checkpoint.safetensors",
    "config.json",
    "loss.png",
    "metrics.jsonl",
    "model-float32.vapo",
    "model-int8.vapo",
    "model.json",
    "model.vapo",
    "samples-integer.png",
    "samples.png",
];

/// The program in a folder, with the options of `line`, separated by spaces.
pub(crate) fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vapo-train"));
    command.current_dir(folder).args(line.split_whitespace()).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn vapo_train(folder: &Path, line: &str) -> Outcome {
    outcome(command(folder, line).output().unwrap())
}

pub(crate) fn outcome(ended: std::process::Output) -> Outcome {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: ended.status.code(), output: text(ended.stdout), errors: text(ended.stderr) }
}

/// Every file below a folder, by its path from there. Nothing for a folder that is not there.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Names of the files in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    contents(folder).into_keys().map(|path| path.into_os_string().into_string().unwrap()).collect()
}

/// Width and height of a PNG file, all of which is decoded.
pub(crate) fn png_extent(path: &Path) -> (u32, u32) {
    let mut reader = png::Decoder::new(Cursor::new(fs::read(path).unwrap())).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height)
}
