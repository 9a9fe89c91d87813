//! `vapo-train demo`: a training to look on, and digits at its end.

mod digits;
mod live;

use super::{
    Code, Failure, answer, firmware, from_one_to, interrupt, note, parse_model, print, quoted, read_model, train,
};
use crate::run::folder::{CONFIG, MODEL};
use crate::terminal::mosaic::{Mosaic, fitting};
use crate::terminal::{Colours, redraws, size};
use crate::training::progress::Progress;
use console::Term;
use live::Live;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

/// Lines that digits take at the end, at most: they may move up the screen.
const LINES: usize = 40;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Optimiser steps to train [default: those of the default training]
    #[arg(long, value_name = "N", value_parser = from_one_to::<u64, { u32::MAX as u64 }>())]
    steps: Option<u64>,
    /// Seed of everything random [default: 0]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Threads to train on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
    /// Run folder
    #[arg(long, value_name = "DIR", default_value = "runs/demo")]
    out: PathBuf,
    /// Replace the run in the run folder
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { steps, seed, threads, out, force } = arguments;
    if out.join(CONFIG).exists() && !force {
        let (path, option) = (out.display(), quoted(out));
        return Err(Failure::Refused(
            Code::RunExists,
            format!(
                "{path} holds a run already: go on with it (vapo-train --resume --out {option}), replace it (--force) or give another \
                 folder (--out)"
            ),
        ));
    }
    let training = train::Arguments::of_digits(out, *steps, *seed, *threads, *force);
    let is_seen = redraws(&Term::stdout()) && live::fits(digits::SHAPE, Colours::of_output(), size());
    if is_seen && !answer::is_for_programs() {
        train::run_watched(&training, &mut Live::new())?;
    } else {
        train::run_watched(&training, &mut Progress::new())?;
    }
    // All is written: whoever has seen enough may leave.
    interrupt::at_once("interrupted: the run is whole");
    let model = out.join(MODEL);
    print(&format!("\n{}\nmodel  {}\n", drawn(&model)?, model.display()))?;
    offer_board(&model)
}

/// Digits of each class, as a board draws them: by the file that is flashed, in as many steps.
fn drawn(path: &Path) -> Result<String, Failure> {
    let bytes = read_model(path)?;
    let model = parse_model(path, &bytes)?;
    let (shape, colours) = (model.signal(), Colours::of_output());
    let (columns, rows) = fitting(shape, colours, digits::MOST, (size().0, LINES));
    let images = digits::draw(&model, columns * rows, 0)?;
    Ok(Mosaic { images: &images, shape, columns }.lines(colours).join("\n"))
}

/// Asks a person whether the board shall draw too; tells all others how.
fn offer_board(model: &Path) -> Result<(), Failure> {
    let board = firmware::usual_board().name;
    let told = format!("to draw on an emulated {board}: vapo-train board run {}\n", quoted(model));
    let is_asked = io::stdin().is_terminal() && io::stdout().is_terminal() && firmware::find(None).is_ok();
    if !is_asked {
        return print(&told);
    }
    print(&format!("\nDraw on an emulated {board} too, a Cortex-M0 with 16 KB of RAM? [y/N] "))?;
    let mut answer = String::new();
    // What cannot be read is no.
    let _ = io::stdin().read_line(&mut answer);
    if !is_yes(&answer) {
        return print(&told);
    }
    firmware::emulated(model).inspect_err(|_| note(told.trim_end()))
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(["y\n", "Y", " yes \r\n"].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "yesterday", "no"].into_iter().any(is_yes));
    }
}
