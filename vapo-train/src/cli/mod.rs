//! The command line: what is asked for, done, and said about it.

mod answer;
mod card;
mod demo;
mod device;
mod distilled;
mod draw;
mod evaluate;
mod failure;
mod interrupt;
mod judge;
mod memory;
mod next;
mod options;
#[cfg(test)]
mod pages;
mod prepare;
mod program;
mod progress;
mod rewritten;
mod team;
mod train;
mod unparsed;

use crate::files::bounded;
use crate::run::config::Budget;
use answer::print;
use clap::builder::RangedU64ValueParser;
use clap::{Parser, Subcommand};
use device::{calibrate, export, firmware, inspect};
use draw::{compose, inpaint, interpolate, restore, sample};
use evaluate::{eval, fid_ref, likelihood, neighbours, paths};
use failure::{Code, Failure};
use judge::{classify, score};
use prepare::{fetch, plan};
use program::{completions, explain, man, version};
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use vapo_format::Scaling;

/// Trains a variational potential flow and writes the model file that a microcontroller samples.
///
/// Without a command it trains: on the built-in digits, if not told otherwise.
#[derive(Debug, Parser)]
#[command(version, disable_version_flag = true, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_help = EXIT_CODES)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    train: train::Arguments,
    /// Print one JSON object in place of text, for programs
    #[arg(long, global = true)]
    json: bool,
    /// Print the version
    #[arg(short = 'V', long)]
    version: bool,
    /// Say too what this program was built with and what it runs on: reports of faults should hold it
    #[arg(short, long, requires = "version")]
    verbose: bool,
}

/// What ends a help page.
const EXIT_CODES: &str = "Exit codes: 0 it is done, 1 it went wrong, 2 what was asked for cannot be, 130 it was interrupted.\n\
    An error has a code too, as V0203: vapo-train explain V0203 says what to do.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch a training: its loss and its digits, as they become better
    Demo(demo::Arguments),
    /// Compute what a training takes: memory, operations, time
    Plan(plan::Arguments),
    /// Draw samples from a model file, with the same code as a device
    Sample(sample::Arguments),
    /// Measure how far samples are from a data set: Fréchet and kernel distance
    Eval(eval::Arguments),
    /// Write the images of a data set for other evaluators
    FidRef(fid_ref::Arguments),
    /// Show the training images nearest to samples, and test whether samples are copies
    Neighbours(neighbours::Arguments),
    /// Draw the images between one sample and another
    Interpolate(interpolate::Arguments),
    /// Measure how straight the paths from noise to samples are, and draw them
    Paths(paths::Arguments),
    /// Show a model file's layers, and the flash and RAM that it needs
    Inspect(inspect::Arguments),
    /// Score images by the model's energy, measure how well it tells anomalies, and set the threshold for a device
    Score(score::Arguments),
    /// Measure the log-densities of images under the model's flow, in bits a dimension
    Likelihood(likelihood::Arguments),
    /// Find the class of images by the model's energies, and say how often it is right
    Classify(classify::Arguments),
    /// Restore masked images
    Inpaint(inpaint::Arguments),
    /// Fill the gaps of a series
    Restore(restore::Arguments),
    /// Draw samples from the weighted sum of two models
    Compose(compose::Arguments),
    /// Make a model of integer arithmetic, for a device, from a float model
    Calibrate(calibrate::Arguments),
    /// Write a model as C sources, with the memory that it takes
    Export(export::Arguments),
    /// List the boards of the firmware, and have one of them draw samples
    Board(firmware::Arguments),
    /// Download a data set from its publisher
    Fetch(fetch::Arguments),
    /// Say what the code of an error means, and what to do
    Explain(explain::Arguments),
    /// Print what a shell needs to complete commands and options
    Completions(completions::Arguments),
    /// Write pages for man, one a command
    Man(man::Arguments),
}

/// Runs the program on the process's arguments.
pub fn run() -> ExitCode {
    let words = match words() {
        Ok(words) => words,
        Err(failure) => {
            say(&failure.report());
            return ExitCode::from(failure.exit());
        }
    };
    let line = match CommandLine::try_parse_from(words) {
        Ok(line) => line,
        Err(cause) => return unparsed::tell(&cause),
    };
    let result = carry_out(&line);
    let team = team::team();
    match result {
        Ok(()) => {
            team.finish();
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let code = failure.exit();
            match (&failure, team.rank()) {
                // All ranks stopped after the same step.
                (Failure::Interrupted(message), _) => {
                    note(message);
                    team.finish();
                }
                (_, 0) => {
                    note(&failure.report());
                    team.abort(code);
                }
                (_, rank) => {
                    // Most often rank 0 fails alike. It says so, and ends this rank meanwhile.
                    std::thread::sleep(Duration::from_secs(2));
                    say(&format!("rank {rank}: {}", failure.report()));
                    team.abort(code);
                }
            }
            ExitCode::from(code)
        }
    }
}

/// The words of the command line. `--json` before a command is of that command.
///
/// # Errors
/// A word that is not UTF-8: cards, `config.json` and the answer to `--json` hold names as text.
fn words() -> Result<Vec<String>, Failure> {
    let word = |word: std::ffi::OsString| {
        word.into_string().map_err(|word| {
            let shown = word.to_string_lossy().escape_debug().to_string();
            Failure::Usage(format!("{shown}: expected a name in UTF-8, found other bytes: rename the file or folder"))
        })
    };
    let mut words = std::env::args_os().map(word).collect::<Result<Vec<_>, _>>()?;
    if words.len() > 2 && words[1] == "--json" && !words[2].starts_with('-') && words[2] != "help" {
        words.swap(1, 2);
    }
    Ok(words)
}

fn carry_out(line: &CommandLine) -> Result<(), Failure> {
    answer::choose(line.json);
    team::join(line.command.as_ref())?;
    interrupt::at_once("interrupted: no file is left half-written");
    interrupt::watch()
        .map_err(|cause| Failure::told(Code::Unexpected, format!("cannot watch for signals: {cause}")))?;
    match &line.command {
        None if line.version => version::run(line.verbose),
        None => train::run(&line.train),
        Some(Command::Demo(arguments)) => demo::run(arguments),
        Some(Command::Plan(arguments)) => plan::run(arguments),
        Some(Command::Sample(arguments)) => sample::run(arguments),
        Some(Command::Eval(arguments)) => eval::run(arguments),
        Some(Command::FidRef(arguments)) => fid_ref::run(arguments),
        Some(Command::Neighbours(arguments)) => neighbours::run(arguments),
        Some(Command::Interpolate(arguments)) => interpolate::run(arguments),
        Some(Command::Paths(arguments)) => paths::run(arguments),
        Some(Command::Inspect(arguments)) => inspect::run(arguments),
        Some(Command::Score(arguments)) => score::run(arguments),
        Some(Command::Likelihood(arguments)) => likelihood::run(arguments),
        Some(Command::Classify(arguments)) => classify::run(arguments),
        Some(Command::Inpaint(arguments)) => inpaint::run(arguments),
        Some(Command::Restore(arguments)) => restore::run(arguments),
        Some(Command::Compose(arguments)) => compose::run(arguments),
        Some(Command::Calibrate(arguments)) => calibrate::run(arguments),
        Some(Command::Export(arguments)) => export::run(arguments),
        Some(Command::Board(arguments)) => firmware::run(arguments),
        Some(Command::Fetch(arguments)) => fetch::run(arguments),
        Some(Command::Explain(arguments)) => explain::run(arguments),
        Some(Command::Completions(arguments)) => completions::run(arguments),
        Some(Command::Man(arguments)) => man::run(arguments),
    }?;
    line.command.iter().for_each(next::after);
    Ok(())
}

/// Tells the person, who may have closed the terminal: what is done goes on.
fn note(line: &str) {
    if team::speaks() {
        say(line);
    }
}

/// Tells the person, whichever rank this is.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A path as it can be pasted into a shell, for printed commands.
fn quoted(path: &Path) -> String {
    let mut text = path.to_string_lossy().into_owned();
    if text.starts_with('-') {
        // It would be taken for an option.
        text.insert_str(0, "./");
    }
    shlex::try_quote(&text).map(Cow::into_owned).unwrap_or(text)
}

/// Parses a whole number from 1 to `MAX`.
fn from_one_to<T: TryFrom<u64>, const MAX: u64>() -> RangedU64ValueParser<T> {
    RangedU64ValueParser::new().range(1..=MAX)
}

/// Parses a finite number above zero.
fn positive<F: std::str::FromStr + PartialOrd + Default + Into<f64> + Copy>(text: &str) -> Result<F, String> {
    let number: Option<F> = text.parse().ok();
    number
        .filter(|&number| number > F::default() && number.into().is_finite())
        .ok_or_else(|| "expected a number above zero".to_owned())
}

/// Bytes of a model file at most: the format's own bound.
const MAX_MODEL: u64 = 1 << 31;

/// The bytes of a model file, or the first of a file that is none, which parsing refuses.
fn read_model(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed =
        |cause: io::Error| Failure::told(Code::ModelUnreadable, format!("cannot read {}: {cause}", path.display()));
    let bytes = bounded::read_file_of(path, &vapo_format::model::MAGIC, MAX_MODEL).map_err(failed)?;
    if let Some(warning) = distilled::warning(path) {
        note(&warning);
    }
    Ok(bytes)
}

/// The model in the bytes of a file.
fn parse_model<'a>(path: &Path, bytes: &'a [u8]) -> Result<vapo_format::Model<'a>, Failure> {
    let model = parse_any_model(path, bytes)?;
    expect_pictures(path, &model)?;
    Ok(model)
}

/// The raw numbers of a model that are none of a byte.
fn other_scaling(model: &vapo_format::Model<'_>) -> Option<Scaling> {
    (0..model.signal().channels.into()).map(|channel| model.scaling(channel)).find(|it| *it != Scaling::BYTES)
}

/// Whether a model is one of a series: readings along time alone, in units of their own.
fn is_series(model: &vapo_format::Model<'_>) -> bool {
    model.signal().height == 1 && other_scaling(model).is_some()
}

/// Refuses a model of other raw numbers than bytes.
fn expect_pictures(path: &Path, model: &vapo_format::Model<'_>) -> Result<(), Failure> {
    let Some(Scaling { offset, scale }) = other_scaling(model) else { return Ok(()) };
    let found = format!("{}: raw numbers are {offset} + {scale} · value", path.display());
    let expected = "expected a model of pictures, 127.5 + 127.5 · value";
    let advice = match is_series(model) {
        true => "a model of a series is for sample, score, restore, calibrate and inspect",
        false => "only calibrate and inspect take others",
    };
    Err(Failure::told(Code::DataKind, format!("{found}: {expected}; {advice}")))
}

/// A model of whatever raw numbers.
fn parse_any_model<'a>(path: &Path, bytes: &'a [u8]) -> Result<vapo_format::Model<'a>, Failure> {
    let failed =
        |cause: vapo_format::Error| Failure::because(&cause, format!("{} is no model: {cause}", path.display()));
    vapo_format::Model::parse(bytes).map_err(failed)
}

/// A budget as a person would type it.
fn budget_option(budget: Budget) -> String {
    match budget {
        Budget::Steps(steps) => option("steps", steps),
        Budget::Minutes(minutes) => option("minutes", minutes),
    }
}

/// An option as a person would type it.
fn option(name: &str, value: impl serde::Serialize) -> String {
    format!("--{name} {}", option_value(&value))
}

/// A value as a person would type it.
fn option_value(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_path_is_one_word_of_a_shell() {
        for path in ["runs/digits", "my runs/first", "it's", "a\"b", "$HOME/x", "a;b", "x*", "é", "~", "a\\b", "a\nb"]
        {
            assert_eq!(shlex::split(&quoted(Path::new(path))), Some(vec![path.to_owned()]), "{path}");
        }
        assert_eq!(quoted(Path::new("runs/digits")), "runs/digits");
        assert_eq!(quoted(Path::new("-x y")), "'./-x y'");
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }
}
