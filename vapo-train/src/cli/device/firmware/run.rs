//! `vapo-train board run`: samples that a board draws.

use super::build::{self, Input};
use super::reply::Reply;
use super::{checkout, tools};
use crate::cli::card::{Card, ModelCard};
use crate::cli::device::board::{BOARDS, Board, named};
use crate::cli::options::plan::Outputs;
use crate::cli::options::{Plan, output, solvers};
use crate::cli::{
    Code, Failure, answer, expect_pictures, from_one_to, is_series, note, parse_any_model, print, quoted, read_model,
};
use crate::export::Format;
use crate::export::writer::Writer;
use crate::files::temporary::TemporaryFile;
use crate::sampling::asked::{Asked, Classes};
use crate::sampling::{Settings, sample};
use crate::terminal::Colours;
use crate::terminal::mosaic::Mosaic;
use clap::builder::PossibleValuesParser;
use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use vapo_format::Model;
use vapo_sampler::{Schedule, Solver};

/// Samples that are drawn unless said otherwise, and the steps of each: as the firmware has them.
const COUNT: u64 = 3;
const STEPS: u16 = 10;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Model file
    #[arg(value_name = "F.vapo")]
    model: PathBuf,
    /// Board that draws; one that is not emulated is flashed, and draws without end
    #[arg(long, value_name = "NAME", default_value = usual_board().name,
        value_parser = PossibleValuesParser::new(BOARDS.map(|board| board.name)))]
    board: String,
    /// Class that samples are asked for, by its number [default: each in turn]
    #[arg(long, value_name = "C")]
    class: Option<u16>,
    /// Seed of the first sample; those that follow take the next ones
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Number of samples
    #[arg(long, value_name = "N", default_value_t = COUNT, value_parser = from_one_to::<u64, 10_000>())]
    count: u64,
    /// Steps of a sample
    #[arg(long, value_name = "N", default_value_t = STEPS, value_parser = from_one_to::<u16, { u16::MAX as u64 }>())]
    steps: u16,
    /// How a step is taken
    #[arg(long, value_parser = solvers(), default_value = Solver::default().name(), hide_possible_values = true)]
    solver: Solver,
    /// The folder vapo-sampler/firmware of this program's repository [default: that of the working folder's checkout, or of this program's]
    #[arg(long, value_name = "DIR")]
    firmware: Option<PathBuf>,
    /// Write the samples too: a name that ends in .png, .npy or .npz, or that of a folder
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Replace what --out names if it exists
    #[arg(long)]
    force: bool,
}

/// The board that draws unless said otherwise.
pub(in crate::cli) fn usual_board() -> &'static Board {
    &BOARDS[0]
}

/// Draws samples of a model on the usual board, with all the usual settings, and shows them.
///
/// # Errors
/// As `vapo-train board run`.
pub(in crate::cli) fn emulated(model: &Path) -> Result<(), Failure> {
    run(&Arguments {
        model: model.to_owned(),
        board: usual_board().name.to_owned(),
        class: None,
        seed: 0,
        count: COUNT,
        steps: STEPS,
        solver: Solver::default(),
        firmware: None,
        out: None,
        force: false,
    })
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let board = named(&arguments.board).ok_or_else(|| Failure::Usage(format!("no board {}", arguments.board)))?;
    arguments.expect_of(board)?;
    let format = arguments.out.as_deref().map(output::image_format).transpose()?;
    let plan = Plan::new(arguments.force).reads("the model", [&arguments.model]);
    let outputs = match (format, &arguments.out) {
        (Some(Format::Folder), Some(out)) => plan.writes_pictures("--out", out),
        _ => plan.writes_with_card("--out", &arguments.out),
    }
    .check()?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_any_model(&arguments.model, &bytes)?;
    if is_series(&model) {
        return Err(Failure::Usage(format!(
            "{}: a board watches a model of a series, in place of drawing samples: see vapo-sampler/docs/monitor.md",
            arguments.model.display()
        )));
    }
    expect_pictures(&arguments.model, &model)?;
    arguments.expect_class(&model)?;
    if let (Some(format), Some(out)) = (format, &arguments.out) {
        output::expect_images(out, format, arguments.count as usize, model.signal(), None)?;
    }
    fits(&model, board)?;
    let firmware = checkout::find(arguments.firmware.as_deref())?;
    tools::check(board, &firmware)?;
    let path = std::path::absolute(&arguments.model)?;
    let input = Input { path: &path, bytes: &bytes, model: &model };
    if !board.is_emulated() {
        return flash(board, &firmware, input, arguments.solver);
    }
    let image = build::image(board, &firmware, input)?;
    let drawn = arguments.draw(board, &firmware, &image, &model)?;
    let Some((format, out)) = format.zip(arguments.out.as_deref()) else {
        return answer::object(&arguments.card(&bytes, &model));
    };
    arguments.write(&drawn, (out, format), &outputs, (&bytes, &model))
}

/// Checks that a board has the memory that a model takes there.
///
/// # Errors
/// What it lacks, and the boards that have it.
fn fits(model: &Model<'_>, board: &Board) -> Result<(), Failure> {
    let lack = board.lack(model)?;
    if lack.fits() {
        return Ok(());
    }
    let mut others = Vec::new();
    for other in &BOARDS {
        if other.lack(model)?.fits() {
            others.push(if other.is_emulated() { format!("{} (emulated)", other.name) } else { other.name.to_owned() });
        }
    }
    let advice = match others.is_empty() {
        true => format!("it fits none of the boards; vapo-train inspect --board {} says what would fit", board.name),
        false => format!("give another with --board, it fits {}", others.join(", ")),
    };
    Err(Failure::told(Code::BoardRoom, format!("the model does not fit {}, which {lack}: {advice}", board.name)))
}

/// Builds, flashes and runs, by what the board's folder says: this program becomes Cargo, which becomes the board's runner.
fn flash(board: &Board, firmware: &Path, input: Input<'_>, solver: Solver) -> Result<(), Failure> {
    note(&format!(
        "flashing {}, which then draws without end; Ctrl-C ends the watching, and not the board",
        board.name
    ));
    let mut cargo = build::cargo("run", board, firmware, input);
    cargo.arg("--quiet").env("VAPO_SOLVER", solver.name());
    // The folder of two chips names one.
    const RUNNER: &str = "CARGO_TARGET_THUMBV7EM_NONE_EABIHF_RUNNER";
    if board.name == "stm32f407" && env::var_os(RUNNER).is_none() {
        cargo.env(RUNNER, "probe-rs run --chip STM32F407VGTx");
    }
    let cause = become_process(&mut cargo);
    Err(Failure::told(Code::BoardFails, format!("cannot run {}: {cause}", firmware.join("cargo").display())))
}

/// Signals then reach whatever runs.
#[cfg(unix)]
fn become_process(command: &mut Command) -> std::io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

/// There is no such thing: its end is this program's.
#[cfg(not(unix))]
fn become_process(command: &mut Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(cause) => cause,
    }
}

impl Arguments {
    /// Refuses what only an emulated board is told.
    fn expect_of(&self, board: &Board) -> Result<(), Failure> {
        let given = [
            ("--class", self.class.is_some()),
            ("--seed", self.seed != 0),
            ("--count", self.count != COUNT),
            ("--steps", self.steps != STEPS),
            ("--out", self.out.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            _ if self.force && self.out.is_none() => {
                Err(Failure::Usage("--force: nothing is written without --out".to_owned()))
            }
            Some((option, _)) if !board.is_emulated() => Err(Failure::Usage(format!(
                "{option}: {} draws a sample of every seed and every class in turn, and takes no requests; leave the option out, or give \
                 an emulated board",
                board.name
            ))),
            _ => Ok(()),
        }
    }

    fn expect_class(&self, model: &Model<'_>) -> Result<(), Failure> {
        match (self.class, model.classes()) {
            (Some(class), 0) => Err(Failure::Refused(
                Code::Classes,
                format!("--class {class}: the model has no classes: leave the option out"),
            )),
            (Some(class), classes) if class >= classes => Err(Failure::Refused(
                Code::Classes,
                format!("--class {class}: the model has the classes 0 to {}", classes - 1),
            )),
            _ => Ok(()),
        }
    }

    /// The class that a sample is asked for.
    fn class_of(&self, index: u64, model: &Model<'_>) -> Option<u16> {
        let in_turn = index.checked_rem(model.classes().into()).and_then(|class| u16::try_from(class).ok());
        self.class.or(in_turn)
    }

    /// Draws and shows the samples, one after the other (N, H, W, C).
    ///
    /// # Errors
    /// The board refuses; its sample is not the host's.
    fn draw(&self, board: &Board, firmware: &Path, image: &[u8], model: &Model<'_>) -> Result<Vec<f32>, Failure> {
        let cannot = |cause| {
            Failure::told(
                Code::OutputAccess,
                format!("cannot write an image of the board into a temporary file: {cause}"),
            )
        };
        let mut file = TemporaryFile::create(&env::temp_dir(), "vapo-board-").map_err(cannot)?;
        file.write_all(image).and_then(|()| file.flush()).map_err(cannot)?;
        let (shape, colours) = (model.signal(), Colours::of_output());
        let mut drawn = Vec::new();
        for index in 0..self.count {
            let (seed, class) = (self.seed.wrapping_add(index), self.class_of(index, model));
            let mut request =
                vec![format!("seed={seed}"), format!("solver={}", self.solver.name()), format!("steps={}", self.steps)];
            request.extend(class.map(|class| format!("class={class}")));
            let reply = emulate(board, firmware, file.path(), &request)?;
            let host = self.on_host(seed, class, model)?;
            same(&reply.sample, &host).map_err(|what| {
                Failure::told(
                    Code::BoardFails,
                    format!("the sample of {} is not this machine's for seed {seed}: {what}", board.name),
                )
            })?;
            let picture = Mosaic { images: &reply.sample, shape, columns: 1 }.lines(colours).join("\n");
            print(&format!("{picture}\n{}\n\n", self.caption(seed, class, &reply)))?;
            drawn.extend(reply.sample);
        }
        let samples = if self.count == 1 { "1 sample".to_owned() } else { format!("{} samples", self.count) };
        print(&format!("{samples} of the emulated {}, each with the bits that this machine computes\n", board.name))?;
        Ok(drawn)
    }

    /// The same sample by this machine.
    fn on_host(&self, seed: u64, class: Option<u16>, model: &Model<'_>) -> Result<Vec<f32>, Failure> {
        let settings = Settings {
            count: 1,
            solver: self.solver,
            schedule: Schedule::usual(self.steps)?,
            temperature: self.solver.usual_temperature(),
            seed,
            asked: Asked { classes: class.map_or(Classes::Any, Classes::One), guidance: 0.0 },
        };
        Ok(sample(model, &settings)?)
    }

    /// What is said of a sample.
    fn caption(&self, seed: u64, class: Option<u16>, reply: &Reply) -> String {
        let asked = class.map_or_else(String::new, |class| format!(", class {class}"));
        let found = reply.class.map_or_else(String::new, |found| format!(", taken for a {found}"));
        let Reply { energy, instructions, stack, .. } = reply;
        let step = *instructions as f64 / (1e6 * f64::from(self.steps));
        format!(
            "seed {seed}{asked}{found}, energy {energy:.3}\n{step:.3} million instructions a step, {stack} bytes of stack"
        )
    }

    /// Writes the samples, and their card.
    fn write(
        &self,
        drawn: &[f32],
        (out, format): (&Path, Format),
        outputs: &Outputs,
        (bytes, model): (&[u8], &Model<'_>),
    ) -> Result<(), Failure> {
        let mut writer = Writer::begin(out, format, self.count as usize, model.signal(), None)?;
        writer.push(drawn)?;
        writer.finish(outputs.existing())?;
        outputs.write_card(out, &self.card(bytes, model))?;
        print(&format!("samples in {}\n", quoted(out)))
    }

    /// What was asked of the board.
    fn card(&self, bytes: &[u8], model: &Model<'_>) -> Card {
        let models = vec![ModelCard::new(&self.model, bytes, model)];
        let mut card = Card { models, ..Card::new("board run") };
        let class = self.class.map_or_else(|| "each in turn".into(), serde_json::Value::from);
        for (name, value) in [
            ("board", self.board.as_str().into()),
            ("count", self.count.into()),
            ("seed", self.seed.into()),
            ("steps", self.steps.into()),
            ("solver", self.solver.name().into()),
            ("class", class),
        ] {
            card.settings.insert(name.to_owned(), value);
        }
        card
    }
}

/// A board's answer to a request.
fn emulate(board: &Board, firmware: &Path, image: &Path, request: &[String]) -> Result<Reply, Failure> {
    let script = firmware.join("emulate");
    let output = Command::new(&script).arg(board.folder).arg(image).args(request).stdin(Stdio::null()).output();
    let output =
        output.map_err(|cause| Failure::told(Code::BoardFails, format!("cannot run {}: {cause}", script.display())))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (answer, errors) = (text(&output.stdout), text(&output.stderr));
    let failed =
        |what: String| Failure::told(Code::BoardFails, format!("{}: {what} {}", board.name, errors.trim()).trim_end());
    let answer = Reply::parse(&answer).map_err(failed)?;
    if !output.status.success() {
        return Err(failed(format!("the emulator ended with {}", output.status)));
    }
    Ok(answer)
}

/// Checks that two samples have the same bits.
///
/// # Errors
/// The first value that differs.
fn same(board: &[f32], host: &[f32]) -> Result<(), String> {
    if board.len() != host.len() {
        return Err(format!("it has {} values, expected {}", board.len(), host.len()));
    }
    let differing = board.iter().zip(host).position(|(board, host)| board.to_bits() != host.to_bits());
    match differing {
        None => Ok(()),
        Some(place) => Err(format!(
            "value {place} is {:08x}, expected {:08x}; the firmware has to be of this program's version",
            board[place].to_bits(),
            host[place].to_bits()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &[u8] = include_bytes!("../../../../../vapo-sampler/firmware/models/digits.vapo");
    const FASHION: &[u8] = include_bytes!("../../../../../vapo-sampler/firmware/models/fashion.vapo");

    fn refused(file: &[u8], board: &str) -> String {
        fits(&Model::parse(file).unwrap(), named(board).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn a_model_that_does_not_fit_is_told_the_boards_that_it_fits() {
        assert!(fits(&Model::parse(DIGITS).unwrap(), usual_board()).is_ok());
        let text = refused(FASHION, "microbit");
        let start = "the model does not fit microbit, which lacks 29664 bytes of RAM: give another with --board, it fits microbit-v2, ";
        assert!(text.starts_with(start) && text.contains("riscv32-virt (emulated), mps2-an386 (emulated)"), "{text}");
        assert!(!text.contains("fits microbit, "), "{text}");
    }

    #[test]
    fn the_usual_board_is_emulated() {
        assert!(usual_board().is_emulated());
    }

    #[test]
    fn the_least_difference_is_told() {
        assert_eq!(same(&[1.0, f32::NAN], &[1.0, f32::NAN]), Ok(()));
        assert!(same(&[0.0], &[-0.0]).unwrap_err().starts_with("value 0 is 00000000, expected 80000000"));
        assert!(same(&[0.0], &[]).unwrap_err().contains("1 values, expected 0"));
    }
}
