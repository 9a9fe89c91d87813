//! What a person is likely to do next: all of these hints, one home.
//!
//! They go to the standard error stream, each on a line that begins with `next: `. The standard output is for results, which
//! programs read. A hint is a line that works as it stands, where what it needs is known.

use super::options::DataOptions;
use super::{Command, MAX_MODEL, is_series, note, quoted};
use crate::cli::device::board::BOARDS;
use crate::dataset::Source;
use crate::export::c::Name;
use crate::files::bounded;
use crate::run::RunFolder;
use crate::run::config::Config;
use crate::run::distillation::way;
use crate::run::folder::{MODEL, MODEL_FLOAT32};
use std::path::Path;
use vapo_format::Model;
use vapo_sampler::Solver;
use vapo_sampler::fit::{Demand, Device};

/// Says what may come after a command that went well.
pub(super) fn after(command: &Command) {
    if let Some(hint) = hint(command) {
        say(&hint);
    }
}

/// Says what may come after a training that is done.
pub(super) fn after_training(config: &Config, folder: &RunFolder<'_>) {
    // A network that is computed in floats alone leaves no model of integers.
    let model = [MODEL, MODEL_FLOAT32].map(|name| folder.file(name)).into_iter().find(|file| file.exists());
    if let Some(model) = model {
        trained(config, &model).iter().for_each(|hint| say(hint));
    }
}

fn say(hint: &str) {
    note(&format!("next: {hint}"));
}

fn hint(command: &Command) -> Option<String> {
    let hint = match command {
        // What these print is read by programs, or is an answer that asks for nothing.
        // `demo` and `board` say themselves what comes next.
        Command::Completions(_) | Command::Explain(_) | Command::Demo(_) | Command::Board(_) => return None,
        Command::Plan(arguments) => format!("vapo-train {}", arguments.typed()?).trim_end().to_owned(),
        Command::Sample(arguments) => on(&arguments.model, "inspect", ""),
        Command::Eval(arguments) => match &arguments.model {
            Some(model) if is_held_out(&arguments.data) => {
                with_data(model, "neighbours", &arguments.data, "neighbours.png")
            }
            Some(model) => on(model, "paths", "--out paths.png"),
            None => "vapo-train neighbours --help".to_owned(),
        },
        Command::FidRef(arguments) => {
            let model = Path::new("runs").join(arguments.data.source()).join(MODEL);
            match model.exists() {
                true => on(&model, "sample", "--count 1000 --out samples/"),
                false => "vapo-train sample --help".to_owned(),
            }
        }
        Command::Neighbours(arguments) => on(&arguments.model, "paths", "--out paths.png"),
        Command::Paths(arguments) => on(&arguments.model, "sample", "--steps 5 --out few.png"),
        Command::Interpolate(arguments) => on(&arguments.model, "paths", "--out paths.png"),
        Command::Inspect(arguments) => c(&arguments.model),
        Command::Score(arguments) => c(arguments.write_threshold.as_ref().unwrap_or(&arguments.model)),
        Command::Likelihood(arguments) => with_data(&arguments.model, "score", &arguments.data, "energies.json"),
        Command::Classify(arguments) => on(&arguments.model, "sample", "--class all --out classes.png"),
        Command::Inpaint(arguments) => match &arguments.data {
            Some(data) => with_data(&arguments.model, "score", data, "energies.json"),
            None => on(&arguments.model, "inspect", ""),
        },
        Command::Restore(arguments) => on(&arguments.model, "inspect", ""),
        Command::Compose(arguments) => on(arguments.model.first()?, "interpolate", "--out interpolate.png"),
        Command::Calibrate(arguments) => inspect(&arguments.out),
        Command::Export(arguments) => {
            format!("compile the .c file in {} with the library of vapo-sampler/bindings/c", quoted(&arguments.out))
        }
        Command::Fetch(arguments) => format!("vapo-train {}", arguments.typed()),
        Command::Man(arguments) => format!("man {}", quoted(&arguments.folder.as_ref()?.join("vapo-train.1"))),
    };
    Some(hint)
}

/// A command that takes a model by an option, or by its place.
fn on(model: &Path, command: &str, rest: &str) -> String {
    let option = if command == "inspect" { "" } else { "--model " };
    format!("vapo-train {command} {option}{} {rest}", quoted(model)).trim_end().to_owned()
}

/// A command that takes a model and a data set.
fn with_data(model: &Path, command: &str, data: &DataOptions, out: &str) -> String {
    on(model, command, &format!("{} --out {out}", data.typed()))
}

/// Whether training never saw the images, which `neighbours` needs.
fn is_held_out(data: &DataOptions) -> bool {
    data.split() != crate::dataset::Split::Train
}

fn c(model: &Path) -> String {
    // A file's name that is none of C gives way.
    let stem = model.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let name = if Name::of_file(stem).is_some() { "" } else { " --name model" };
    format!("vapo-train export --c {}{name} --out c", quoted(model))
}

/// A look at a model, for the first board that it fits.
fn inspect(model: &Path) -> String {
    let board = board(model).map_or_else(String::new, |name| format!("--board {name}"));
    on(model, "inspect", &board)
}

/// The first board that a model fits, small to large. None where the file cannot be read, which whoever is asked says.
fn board(path: &Path) -> Option<&'static str> {
    let bytes = bounded::read_file_of(path, &vapo_format::model::MAGIC, MAX_MODEL).ok()?;
    let model = Model::parse(&bytes).ok()?;
    // What `inspect` asks of a board, where it is told nothing else.
    let series = is_series(&model);
    let demand = if series { Demand::of_monitor(&model, false) } else { Demand::of(&model, None) }.ok()?;
    let fits = |board: &&crate::cli::device::board::Board| {
        let program = board.program(model.arithmetic());
        Device { memory: board.memory, program, solver: None }.lack(demand).fits()
    };
    BOARDS.iter().find(fits).map(|board| board.name)
}

/// What may come after a training: samples, a measure of them, a look at the model, its sources for a board.
fn trained(config: &Config, model: &Path) -> Vec<String> {
    // A distilled model draws as it was taught to.
    let taught = config.distillation.as_ref().map(|taught| (way(taught.evaluations).0, taught.evaluations));
    let way = taught.map_or_else(String::new, |(solver, steps): (Solver, u16)| {
        format!("--solver {} --steps {steps} ", solver.name())
    });
    let class = if config.architecture.classes > 0 { "--class all " } else { "" };
    let (out, pictures) = match (config.series.is_some(), config.architecture.signal.channels) {
        (true, _) => ("more.csv", false),
        (false, 1 | 3) => ("more.png", true),
        (false, _) => ("more.npy", false),
    };
    let mut hints = vec![on(model, "sample", &format!("{class}{way}--seed 1 --out {out}"))];
    let folder = config.data_dir.as_ref().map_or_else(String::new, |path| format!(" --data-dir {}", quoted(path)));
    match config.dataset {
        // Images with classes that are used as they are: nothing else has to be said of them.
        Source::Digits | Source::Mnist | Source::FashionMnist | Source::Cifar10 => {
            let data = format!("--dataset {}{folder}", config.dataset);
            hints.push(on(model, "eval", &format!("{data} {way}--out eval.json")));
        }
        // Energies of a distilled model mean nothing, nor do its ways.
        _ if taught.is_some() => {}
        _ if pictures => hints.push(on(model, "paths", "--out paths.png")),
        _ => {}
    }
    hints.push(inspect(model));
    hints.push(c(model));
    hints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::CommandLine;
    use clap::{CommandFactory, Parser};

    /// A line of every command, and the command that its hint begins with.
    const LINES: [(&str, &str); 22] = [
        ("plan", "vapo-train"),
        ("plan --dataset mnist --preset small", "vapo-train --dataset mnist --preset small"),
        (
            "plan --dataset digits --batch 32 --accumulate 2 --recompute --objective energy --optimiser adam --steps 7",
            "vapo-train --dataset digits --batch 32 --accumulate 2 --recompute --objective energy --optimiser adam --steps 7",
        ),
        ("inspect 7.vapo", "vapo-train export --c 7.vapo --name model --out c"),
        ("sample --model m.vapo --out a.png", "vapo-train inspect m.vapo"),
        (
            "eval --model m.vapo --dataset digits --out a.json",
            "vapo-train neighbours --model m.vapo --dataset digits --out neighbours.png",
        ),
        (
            "eval --model m.vapo --dataset digits --split train --out a.json",
            "vapo-train paths --model m.vapo --out paths.png",
        ),
        ("fid-ref --dataset mnist --out a.npz", "vapo-train sample --help"),
        ("neighbours --model m.vapo --dataset digits --out a.png", "vapo-train paths --model m.vapo --out paths.png"),
        ("paths --model m.vapo --out a.png", "vapo-train sample --model m.vapo --steps 5 --out few.png"),
        ("interpolate --model m.vapo --out a.png", "vapo-train paths --model m.vapo --out paths.png"),
        ("inspect m.vapo", "vapo-train export --c m.vapo --out c"),
        (
            "score --model m.vapo --dataset digits --write-threshold t.vapo --out a.json",
            "vapo-train export --c t.vapo --out c",
        ),
        (
            "likelihood --model m.vapo --dataset digits --out a.json",
            "vapo-train score --model m.vapo --dataset digits --out energies.json",
        ),
        (
            "classify --model m.vapo --dataset digits --out a.png",
            "vapo-train sample --model m.vapo --class all --out classes.png",
        ),
        ("inpaint --model m.vapo --images a.png --box 0,0,1,1 --out b.png", "vapo-train inspect m.vapo"),
        ("restore --model m.vapo --series a.csv --out b.csv", "vapo-train inspect m.vapo"),
        (
            "compose --model a.vapo --weight 1 --model b.vapo --weight 1 --out a.png",
            "vapo-train interpolate --model a.vapo --out interpolate.png",
        ),
        ("calibrate --model m.vapo --out it's.vapo", "vapo-train inspect \"it's.vapo\""),
        ("export --c m.vapo --out c", "compile the .c file in c with the library of vapo-sampler/bindings/c"),
        ("fetch mnist --data-dir files", "vapo-train --dataset mnist --data-dir files"),
        ("man pages", "man pages/vapo-train.1"),
    ];

    #[test]
    fn every_command_has_a_hint_that_parses() {
        for (line, expected) in LINES {
            let parsed = CommandLine::try_parse_from(["x"].into_iter().chain(line.split(' '))).unwrap();
            let found = hint(&parsed.command.unwrap()).unwrap();
            assert_eq!(found, expected, "{line}");
            if found.starts_with("vapo-train") && !found.ends_with("--help") {
                let words = shlex::split(&found).unwrap();
                CommandLine::try_parse_from(&words).unwrap_or_else(|cause| panic!("{line}: {found}: {cause}"));
            }
        }
        // Data of one's own have a place that is not known.
        for line in ["plan --size 32 --channels 1", "plan --preset celeba"] {
            let parsed = CommandLine::try_parse_from(["x"].into_iter().chain(line.split(' '))).unwrap();
            assert_eq!(hint(&parsed.command.unwrap()), None, "{line}");
        }
        let silent = ["board", "completions", "demo", "explain"];
        for command in CommandLine::command().get_subcommands() {
            let is_tested = LINES.iter().any(|(line, _)| line.split(' ').next() == Some(command.get_name()));
            assert!(is_tested || silent.contains(&command.get_name()), "{} has no line here", command.get_name());
        }
    }
}
