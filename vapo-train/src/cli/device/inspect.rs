//! `vapo-train inspect`: what is in a model file, what a device needs for it, and whether a device has that.

mod facts;

use super::board::{self, BOARDS};
use super::report::{Report, hexadecimal};
use super::smaller;
use crate::cli::options::{Plan, output, solvers};
use crate::cli::{Code, Failure, answer, parse_any_model, print, read_model};
use crate::export::picture;
use clap::builder::PossibleValuesParser;
use serde_json::json;
use std::path::PathBuf;
use vapo_format::architecture::MAX_NODES;
use vapo_format::model::VERSION;
use vapo_format::{Architecture, Arithmetic, Encoding, Model, Scaling, Threshold};
use vapo_sampler::Solver;
use vapo_sampler::fit::{Demand, Device, Memory, PIECES, Placed, Program};
use vapo_sampler::plan::lifetimes::Lifetimes;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Model file
    #[arg(value_name = "F.vapo")]
    pub(in crate::cli) model: PathBuf,
    /// Board that the model has to fit
    #[arg(long, value_name = "NAME", conflicts_with_all = ["flash", "ram", "stack", "solver"],
        value_parser = PossibleValuesParser::new(BOARDS.map(|board| board.name)))]
    board: Option<String>,
    /// Flash of the device that the model has to fit, for instance 256K or 1M
    #[arg(long, value_name = "BYTES", requires = "ram", value_parser = board::bytes)]
    flash: Option<usize>,
    /// RAM of the device that the model has to fit; if it has several pieces, all of them, for instance 512K,128K
    #[arg(long, value_name = "BYTES", requires = "flash", value_parser = board::pieces)]
    ram: Option<[usize; PIECES]>,
    /// Part of the RAM that is reserved for the stack
    #[arg(long, value_name = "BYTES", requires = "ram", default_value = board::STACK, value_parser = board::bytes)]
    stack: usize,
    /// The only solver that the device uses [default: any of them]
    #[arg(long, value_parser = solvers(), requires = "ram")]
    solver: Option<Solver>,
    /// Picture of the potential's buffers in memory, over the time of one drift
    #[arg(long, value_name = "OUT.png")]
    plan: Option<PathBuf>,
    /// Report of integer arithmetic and of what the model takes on each board: ranges and exponents of activations, saturations,
    /// error of the drift by step, sums of weights, buffers, instructions and milliseconds
    #[arg(long, value_name = "OUT.json")]
    report: Option<PathBuf>,
    /// Replace the picture and the report if they exist
    #[arg(long)]
    force: bool,
}

impl Arguments {
    /// The device that the model shall fit, and what to call it.
    fn device(&self, arithmetic: Arithmetic) -> Option<(String, Device)> {
        if let Some(board) = self.board.as_deref().and_then(board::named) {
            return Some((
                board.name.to_owned(),
                Device { memory: board.memory, program: board.program(arithmetic), solver: None },
            ));
        }
        let memory = Memory { flash: self.flash?, ram: self.ram?, stack: self.stack };
        let program = board::largest_program(arithmetic);
        Some(("the device".to_owned(), Device { memory, program, solver: self.solver }))
    }
}

pub(in crate::cli) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(picture) = &arguments.plan {
        output::expect_png("--plan", picture)?;
    }
    if let Some(report) = arguments.report.as_ref().filter(|path| path.extension().is_none_or(|end| end != "json")) {
        return Err(Failure::Refused(
            Code::OutputName,
            format!("--report {}: expected a name that ends in .json", report.display()),
        ));
    }
    if arguments.force && arguments.plan.is_none() && arguments.report.is_none() {
        return Err(Failure::Usage("--force: nothing is written without --plan or --report".to_owned()));
    }
    let files = Plan::new(arguments.force).reads("the model", [&arguments.model]);
    let files = files.writes("--plan", &arguments.plan).writes("--report", &arguments.report).check()?;
    let bytes = read_model(&arguments.model)?;
    let model = parse_any_model(&arguments.model, &bytes)?;
    let mut text = describe(&model)?;
    let mut facts = facts::of(&bytes, &model)?;
    if let Some(picture) = &arguments.plan {
        // A model has no more nodes than there is room for.
        let lifetimes = Lifetimes::<MAX_NODES>::new(model.walk(), model.arithmetic())
            .map_err(|error| Failure::Other(error.into()))?;
        files.write(picture, &picture::plan(&lifetimes).png())?;
        text += &format!("plan             {}\n", picture.display());
        facts["plan"] = json!(picture);
    }
    if let Some(path) = &arguments.report {
        let report = Report::of_file(&bytes)?;
        files.write(path, report.json().as_bytes())?;
        text += &format!("drift            {}\n", report.drift());
        text += &format!("report           {}\n", path.display());
        facts["report"] = serde_json::to_value(&report)?;
    }
    let mut refusal = None;
    if let Some((name, device)) = arguments.device(model.arithmetic()) {
        text += &format!("\n{}", verdict(&model, &name, device)?);
        facts["device"] = facts::verdict(&model, &name, device)?;
        let mut lack = device.lack(Demand::of(&model, device.solver)?);
        if crate::cli::is_series(&model) {
            // What a series is for, and takes less.
            let samples = lack.fits();
            lack = device.lack(Demand::of_monitor(&model, false)?);
            let monitor = if lack.fits() { "fits" } else { "does not fit" };
            let but = if samples || !lack.fits() { "" } else { "; it has no room to draw samples" };
            text += &format!("\na monitor of such a series {monitor} {name}{but}\n");
            facts["device"]["monitor_fits"] = lack.fits().into();
        }
        if !lack.fits() {
            refusal = Some(Failure::told(Code::BoardRoom, format!("the model does not fit: {name} {lack}")));
        }
    }
    print(&text)?;
    answer::object(&facts)?;
    refusal.map_or(Ok(()), Err)
}

/// The tables: nodes, totals, memory.
fn describe(model: &Model<'_>) -> Result<String, vapo_format::Error> {
    let (architecture, encoding) = (&model.architecture(), model.encoding());
    let mut text = nodes(architecture, encoding);
    let newest = if model.version() == VERSION {
        ""
    } else {
        "; the flash below is that of the newest version, which boards take"
    };
    text += &format!("\nformat           version {}{newest}\n", model.version());
    let image = architecture.signal;
    let extent = match crate::cli::is_series(model) {
        true => format!("series           {} readings, channels {}", image.width, image.channels),
        false => format!("image            {image}"),
    };
    text += &format!("{extent}, homotopy {}, weights {encoding}\n", architecture.homotopy);
    let calibration = hexadecimal(model.calibration());
    let calibration = if calibration.is_empty() { calibration } else { format!(", calibration {calibration}") };
    text += &format!("arithmetic       {}{calibration}\n", model.arithmetic());
    if architecture.scaling.iter().any(|scaling| *scaling != Scaling::BYTES) {
        let scaling = |Scaling { offset, scale }: &Scaling| format!("{offset} + {scale}·value");
        let all: Vec<String> = architecture.scaling.iter().map(scaling).collect();
        text += &format!("raw numbers      {}\n", all.join(", "));
    }
    if architecture.classes > 0 {
        text += &format!("classes          {}\n", architecture.classes);
    }
    text += &format!("parameters       {}\n", architecture.parameters());
    text += &format!("multiplications  {} a drift\n", 2 * architecture.multiply_accumulates());
    if let Some(Threshold { energy, time, false_positive_rate: rate }) = model.threshold() {
        text += &format!("threshold        energy {energy} at time {time}, for a false-positive rate of {rate}\n");
    }
    let sample = sample(model);
    let all = Demand::of(model, None)?;
    let Program { flash, ram } = board::largest_program(encoding.arithmetic());
    let flash = flash + all.unpacking;
    text += &format!("flash            {} bytes of model; the program takes at most {flash} more\n", all.model);
    for solver in Solver::ALL {
        let Demand { arena, image, .. } = Demand::of(model, Some(solver))?;
        let both = arena + image;
        let name = solver.name();
        text += &format!(
            "RAM, {name:5}       {both} bytes: arena {arena}, {sample} {image}; the program takes at most {ram} more, and a stack\n"
        );
    }
    if architecture.signal.height == 1 {
        for (name, explains) in [("monitor", false), ("explain", true)] {
            let Demand { arena, image, .. } = Demand::of_monitor(model, explains)?;
            let both = arena + image;
            text += &format!("RAM, {name}     {both} bytes: arena {arena}, window {image}; beside that, as before\n");
        }
    }
    Ok(text)
}

/// What a sample of a model is called.
fn sample(model: &Model<'_>) -> &'static str {
    if crate::cli::is_series(model) { "window" } else { "image" }
}

/// A row for each node: what it computes, from which nodes if not from the one before, and what that takes; multiplications
/// of a drift, forward and in reverse.
fn nodes(architecture: &Architecture, encoding: Encoding) -> String {
    let row = |cells: [String; 7]| {
        let [node, layer, inputs, output, parameters, bytes, multiplications] = cells;
        format!("{node:>4}  {layer:16} {inputs:12} {output:>12} {parameters:>12} {bytes:>12} {multiplications:>16}\n")
    };
    let heading = ["node", "layer", "reads", "output", "parameters", "bytes", "multiplications"].map(str::to_owned);
    let rows = facts::nodes(architecture, encoding).into_iter().map(|node| {
        let reads: Vec<String> = node.reads.iter().map(u16::to_string).collect();
        row([
            node.node.to_string(),
            node.layer,
            reads.join(", "),
            node.output.to_string(),
            node.parameters.to_string(),
            node.bytes.to_string(),
            node.multiplications.to_string(),
        ])
    });
    [row(heading)].into_iter().chain(rows).collect()
}

/// Whether the model fits a device and by how much, and what would fit where it does not.
fn verdict(model: &Model<'_>, name: &str, device: Device) -> Result<String, vapo_format::Error> {
    let (architecture, encoding) = (&model.architecture(), model.encoding());
    let demand = Demand::of(model, device.solver)?;
    let sample = sample(model);
    let Demand { model, arena, image, .. } = demand;
    let Memory { flash, stack, .. } = device.memory;
    let (ram, lack) = (device.memory.ram(), device.lack(demand));
    let row = |what, needed: usize, there: usize, parts: String| {
        let rest = if needed > there { "too few" } else { "to spare" };
        format!("  {what:14} needs {needed:>8} of {there:>8}, {:>8} {rest}: {parts}\n", needed.abs_diff(there))
    };
    let heading = if lack.fits() { "the model fits" } else { "the model does not fit" };
    let mut text = format!("{heading} {name}, in bytes:\n");
    let program = device.program_flash(demand);
    text += &row("flash", device.flash(demand), flash, format!("model {model}, program {program}"));
    let parts = format!("arena {arena}, {sample} {image}, stack {stack}, program {}", device.program.ram);
    text += &row("RAM", device.ram(demand), ram, parts);
    text += &pieces(demand, device);
    if !lack.fits() {
        let variants = smaller::variants(architecture, encoding, device);
        text += &format!("\n{}", smaller::describe(&variants, device));
    }
    Ok(text)
}

/// A line for each piece of RAM, where there are several: what lies in it.
fn pieces(demand: Demand, device: Device) -> String {
    let there = device.memory.ram.iter().filter(|&&bytes| bytes > 0).count();
    if there < 2 {
        return String::new();
    }
    let Placed { pieces, .. } = device.placed(demand);
    let parts = [
        ("arena", demand.arena),
        ("image", demand.image),
        ("stack", device.memory.stack),
        ("program", device.program.ram),
    ];
    // The stack lies with the program.
    let places = [pieces[0], pieces[1], pieces[2], pieces[2]];
    let lines = device.memory.ram.iter().take(there).enumerate().map(|(piece, bytes)| {
        let inside = parts.iter().zip(places).filter(|(_, place)| *place == piece).map(|(part, _)| part);
        let needed: usize = inside.clone().map(|(_, size)| size).sum();
        let list: Vec<String> = inside.map(|(name, size)| format!("{name} {size}")).collect();
        let rest = if needed > *bytes { "too few" } else { "to spare" };
        let list = if list.is_empty() { "empty".to_owned() } else { list.join(", ") };
        format!(
            "    {:12} needs {needed:>8} of {bytes:>8}, {:>8} {rest}: {list}\n",
            format!("piece {}", piece + 1),
            needed.abs_diff(*bytes)
        )
    });
    let apart = pieces[0] != pieces[1];
    let note = "    arena and image lie apart: lend them so in your own program, that of vapo-sampler/firmware lends one piece\n";
    lines.chain(apart.then(|| note.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantise::model_file;
    use crate::run::preset::Preset;
    use clap::Parser;
    use vapo_format::writer::replace_threshold;
    use vapo_format::{Homotopy, Shape, threshold};
    use vapo_sampler::{arena, fit::one_piece};

    #[derive(Debug, Parser)]
    struct CommandLine {
        #[command(flatten)]
        inspect: Arguments,
    }

    fn parse(line: &str) -> Result<Arguments, String> {
        let parsed = CommandLine::try_parse_from(["inspect"].into_iter().chain(line.split(' ')));
        parsed.map(|line| line.inspect).map_err(|error| error.to_string())
    }

    fn file(preset: &str, encoding: Encoding) -> Vec<u8> {
        let image = Shape { channels: 1, height: 8, width: 8 };
        let architecture = Preset::named(preset).unwrap().architecture(image, Homotopy::Linear);
        model_file(&architecture, &vec![0.5; architecture.parameters()], encoding).unwrap()
    }

    fn device(flash: usize, ram: usize) -> Device {
        let program = Program { flash: 57_344, ram: 64 };
        Device { memory: Memory { flash, ram: one_piece(ram), stack: 1024 }, program, solver: None }
    }

    #[test]
    fn the_model_counts_with_every_byte_of_its_file() {
        for encoding in [Encoding::Int8, Encoding::Float32] {
            let file = file("digits", encoding);
            let model = Model::parse(&file).unwrap();
            assert_eq!(Demand::of(&model, None).unwrap().model, file.len());
            let threshold = Threshold { energy: 1.0, time: 0.5, false_positive_rate: 0.05 };
            let mut judged = vec![0; file.len() + vapo_format::threshold::BYTES];
            vapo_format::writer::replace_threshold(&model, Some(threshold), &mut judged).unwrap();
            assert_eq!(Demand::of(&Model::parse(&judged).unwrap(), None).unwrap().model, judged.len());
        }
    }

    #[test]
    fn the_page_of_the_tiny_preset() {
        let file = file("tiny", Encoding::Int8);
        let expected = "\
node  layer            reads              output   parameters        bytes  multiplications
   0  signal                               8×8×1            0            0                0
   1  time 32                             1×1×32            0            0                0
   2  linear 8                             1×1×8          264          320              512
   3  silu                                 1×1×8            0            0                0
   4  linear 8                             1×1×8           72          128              128
   5  silu                                 1×1×8            0            0                0
   6  conv 3×3 4       0                   8×8×4           40           68             4608
   7  silu                                 8×8×4            0            0                0
   8  conv 3×3 4                           8×8×4          148          176            18432
   9  linear 8         5                   1×1×8           72          128              128
  10  silu             8, 9                8×8×4            0            0                0
  11  conv 3×3 4                           8×8×4          148          176            18432
  12  add              6, 11               8×8×4            0            0                0
  13  down 2×2 8                           4×4×8          136          192             4096
  14  silu                                 4×4×8            0            0                0
  15  linear 8                             4×4×8           72          128             2048
  16  linear 9         5                   1×1×9           81          144              144
  17  readout          15, 16, 0           1×1×1            0            0                0

format           version 2
image            8×8×1, homotopy linear, weights int8
arithmetic       float
parameters       1033
multiplications  48528 a drift
flash            1580 bytes of model; the program takes at most FLASH more
RAM, euler       4672 bytes: arena 4416, image 256; the program takes at most RAM more, and a stack
RAM, heun        4928 bytes: arena 4672, image 256; the program takes at most RAM more, and a stack
RAM, ab2         4928 bytes: arena 4672, image 256; the program takes at most RAM more, and a stack
RAM, etd2        4928 bytes: arena 4672, image 256; the program takes at most RAM more, and a stack
";
        let Program { flash, ram } = board::largest_program(Arithmetic::Float);
        let expected =
            expected.replace("most FLASH", &format!("most {flash}")).replace("most RAM", &format!("most {ram}"));
        assert_eq!(describe(&Model::parse(&file).unwrap()).unwrap(), expected);
    }

    /// By hand: a window of 64 readings of 3 channels is 768 bytes, of which a monitor that explains takes two.
    #[test]
    fn a_series_may_be_watched() {
        let window = Shape { channels: 3, height: 1, width: 64 };
        let architecture = Preset::named("series-tiny").unwrap().architecture(window, Homotopy::Linear);
        let file = model_file(&architecture, &vec![0.5; architecture.parameters()], Encoding::Float32).unwrap();
        let page = describe(&Model::parse(&file).unwrap()).unwrap();
        let memory = |explains| 4 * arena::monitor_elements(&architecture, Arithmetic::Float, explains) - 768;
        for (name, arena, window) in [("monitor", memory(false), 768), ("explain", memory(true), 1536)] {
            let line = format!("RAM, {name}     {} bytes: arena {arena}, window {window}; beside", arena + window);
            assert!(page.contains(&line), "no `{line}` in {page}");
        }
        assert!(memory(false) < memory(true));
        assert!(!describe(&Model::parse(&self::file("tiny", Encoding::Int8)).unwrap()).unwrap().contains("monitor"));
    }

    #[test]
    fn a_threshold_is_shown() {
        let judged = Threshold { energy: -1.5, time: 0.5, false_positive_rate: 0.05 };
        let file = file("tiny", Encoding::Int8);
        let mut judging = vec![0; file.len() + threshold::BYTES];
        replace_threshold(&Model::parse(&file).unwrap(), Some(judged), &mut judging).unwrap();
        let page = describe(&Model::parse(&judging).unwrap()).unwrap();
        assert!(
            page.contains("\nthreshold        energy -1.5 at time 0.5, for a false-positive rate of 0.05\n"),
            "{page}"
        );
        assert!(!describe(&Model::parse(&file).unwrap()).unwrap().contains("threshold"));
    }

    #[test]
    fn what_fits_has_bytes_to_spare() {
        let file = file("tiny", Encoding::Int8);
        let Program { flash, ram } = board::named("microbit").unwrap().program(Arithmetic::Float);
        let expected = format!(
            "\
the model fits microbit, in bytes:
  flash          needs {:>8} of   262144, {:>8} to spare: model 1580, program {flash}
  RAM            needs {:>8} of    16384, {:>8} to spare: arena 4672, image 256, stack 6144, program {ram}
",
            1580 + flash,
            262_144 - 1580 - flash,
            11_072 + ram,
            5312 - ram
        );
        let device = parse("m --board microbit").unwrap().device(Arithmetic::Float).unwrap();
        assert_eq!(verdict(&Model::parse(&file).unwrap(), &device.0, device.1).unwrap(), expected);
    }

    /// Arena and image together are more than the largest piece.
    #[test]
    fn arena_and_image_may_lie_in_pieces_apart() {
        let image = Shape { channels: 3, height: 64, width: 64 };
        let architecture = Preset::named("celeba-device").unwrap().architecture(image, Homotopy::Linear);
        let file = model_file(&architecture, &vec![0.5; architecture.parameters()], Encoding::Int8).unwrap();
        let model = Model::parse(&file).unwrap();
        let device = parse("m --board stm32h743").unwrap().device(Arithmetic::Float).unwrap();
        let page = verdict(&model, &device.0, device.1).unwrap();
        let expected = "
  RAM            needs   534844 of  1015808,   480964 to spare: arena 475392, image 49152, stack 8192, program 2108
    piece 1      needs   485692 of   524288,    38596 to spare: arena 475392, stack 8192, program 2108
    piece 2      needs    49152 of   294912,   245760 to spare: image 49152
    piece 3      needs        0 of   131072,   131072 to spare: empty
    piece 4      needs        0 of    65536,    65536 to spare: empty
    arena and image lie apart: lend them so in your own program, that of vapo-sampler/firmware lends one piece
";
        assert!(page.starts_with("the model fits stm32h743") && page.ends_with(expected), "{page}");
        // As many bytes in smaller pieces do not hold it.
        let device = parse("m --flash 2M --ram 256K,256K,256K,256K").unwrap().device(Arithmetic::Float).unwrap();
        let page = verdict(&model, &device.0, device.1).unwrap();
        assert!(page.contains("does not fit") && page.contains("213248 too few: arena 475392\n"), "{page}");
    }

    #[test]
    fn what_does_not_fit_is_told_what_would() {
        let file = file("tiny", Encoding::Float32);
        let expected = "\
the model does not fit the device, in bytes:
  flash          needs    61596 of    60000,     1596 too few: model 4252, program 57344
  RAM            needs     6016 of     4096,     1920 too few: arena 4672, image 256, stack 1024, program 64

smaller, in integers parameters      flash        RAM
integer arithmetic         1033      59048       3648  fits
space-to-depth stem         785      58556       2640  fits
one block less              665      58512       2768  fits
one level less              865      58808       4240  lacks 144 bytes of RAM
half the channels           569      58412       2760  fits

For integer arithmetic: vapo-train calibrate

Blocks of those that fit, for a preset to train:
space-to-depth stem: space-to-depth, conv 8, head 8
one block less: conv 4, down 8, head 8
half the channels: conv 2, residual, down 4, head 4
";
        let page = verdict(&Model::parse(&file).unwrap(), "the device", device(60_000, 4096)).unwrap();
        assert_eq!(page, expected);
    }

    #[test]
    fn devices_are_boards_or_numbers_of_bytes() {
        assert!(parse("m").unwrap().device(Arithmetic::Float).is_none());
        let device = |line| parse(line).unwrap().device(Arithmetic::Float).unwrap().1;
        let numbers = device("m --flash 1M --ram 16K");
        assert_eq!(numbers.memory, Memory { flash: 1 << 20, ram: one_piece(16_384), stack: 6144 });
        assert_eq!(numbers.solver, None);
        let solver = device("m --flash 1M --ram 16K --stack 100 --solver euler");
        assert_eq!((solver.memory.stack, solver.solver), (100, Some(vapo_sampler::Solver::Euler)));
        assert_eq!(device("m --board microbit").memory, Memory { flash: 1 << 18, ..numbers.memory });
    }

    #[test]
    fn options_that_need_or_exclude_each_other_are_refused() {
        for (line, expected) in [
            ("m --board arduino", "possible values: microbit, "),
            ("m --flash 1M", "--ram <BYTES>"),
            ("m --ram 1M", "--flash <BYTES>"),
            ("m --stack 1K", "--ram <BYTES>"),
            ("m --solver heun", "--ram <BYTES>"),
            ("m --ram 16q --flash 1M", "expected a number of bytes, below 4096M, as 3072, 16K or 1M"),
            ("m --board microbit --ram 1M --flash 1M", "cannot be used with"),
            ("m --board microbit --solver heun", "cannot be used with"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }

    #[test]
    fn a_model_that_does_not_fit_is_a_failure_of_code_1() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("m.vapo");
        std::fs::write(&path, file("digits", Encoding::Float32)).unwrap();
        let arguments = |line: &str| Arguments { model: path.clone(), ..parse(line).unwrap() };
        assert!(run(&arguments("m --board microbit")).is_ok());
        let failure = run(&arguments("m --flash 64K --ram 12K")).unwrap_err();
        assert_eq!(failure.exit(), 1);
        let Failure::Other(cause) = failure else { panic!("{failure:?}") };
        let text = cause.to_string();
        let Program { flash, ram } = board::largest_program(Arithmetic::Float);
        let lack = [file("digits", Encoding::Float32).len() + flash - (64 << 10), 9536 + 6144 + ram - (12 << 10)];
        let [flash, ram] = lack;
        assert_eq!(text, format!("the model does not fit: the device lacks {flash} bytes of flash, {ram} of RAM"));
    }
}
