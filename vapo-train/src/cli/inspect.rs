//! `vapo-train inspect`: what is in a model file, what a device needs for it, and whether a device has that.

use super::board::{self, BOARDS};
use super::options::solvers;
use super::{Failure, parse_model, print, read_model, smaller};
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;
use vapo_format::matrix::Part;
use vapo_format::{Layer, MatrixShape, Model, Threshold};
use vapo_sampler::Solver;
use vapo_sampler::fit::{Demand, Device, Memory, PIECES, Placed, Program};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Model file
    #[arg(value_name = "F.vapo")]
    model: PathBuf,
    /// Board that the model shall fit
    #[arg(long, value_name = "NAME", conflicts_with_all = ["flash", "ram", "stack", "solver"],
        value_parser = PossibleValuesParser::new(BOARDS.map(|board| board.name)))]
    board: Option<String>,
    /// Flash of the device that the model shall fit, for instance 256K or 1M
    #[arg(long, value_name = "BYTES", requires = "ram", value_parser = board::bytes)]
    flash: Option<usize>,
    /// RAM of the device that the model shall fit; if it has several pieces, all of them, for instance 512K,128K
    #[arg(long, value_name = "BYTES", requires = "flash", value_parser = board::pieces)]
    ram: Option<[usize; PIECES]>,
    /// What of the RAM is reserved for the stack
    #[arg(long, value_name = "BYTES", requires = "ram", default_value = board::STACK, value_parser = board::bytes)]
    stack: usize,
    /// The only solver that the device uses [default: each, as the firmware may]
    #[arg(long, value_parser = solvers(), requires = "ram")]
    solver: Option<Solver>,
}

impl Arguments {
    /// The device that the model shall fit, and what to call it.
    fn device(&self) -> Option<(String, Device)> {
        if let Some(board) = self.board.as_deref().and_then(board::named) {
            return Some((
                board.name.to_owned(),
                Device { memory: board.memory, program: board.program, solver: None },
            ));
        }
        let memory = Memory { flash: self.flash?, ram: self.ram?, stack: self.stack };
        let program = board::largest_program();
        Some(("the device".to_owned(), Device { memory, program, solver: self.solver }))
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let bytes = read_model(&arguments.model)?;
    let model = parse_model(&arguments.model, &bytes)?;
    let mut text = describe(&model)?;
    let mut refusal = None;
    if let Some((name, device)) = arguments.device() {
        text += &format!("\n{}", verdict(&model, &name, device)?);
        let lack = device.lack(Demand::new(model.architecture(), model.encoding(), device.solver)?);
        if !lack.fits() {
            refusal = Some(Failure::Other(format!("the model does not fit: {name} {lack}").into()));
        }
    }
    print(&text)?;
    refusal.map_or(Ok(()), Err)
}

/// The tables: layers, totals, memory.
fn describe(model: &Model<'_>) -> Result<String, vapo_format::Error> {
    let (architecture, encoding) = (model.architecture(), model.encoding());
    let mut text = layers(model);
    let image = architecture.image;
    text += &format!("\nimage            {image}, homotopy {}, weights {encoding}\n", architecture.homotopy);
    text += &format!("parameters       {}\n", architecture.parameters());
    text += &format!("multiplications  {} a drift\n", 2 * architecture.multiply_accumulates());
    if let Some(Threshold { energy, time, false_positive_rate: rate }) = model.threshold() {
        text += &format!("threshold        energy {energy} at time {time}, for a false-positive rate of {rate}\n");
    }
    let all = Demand::new(architecture, encoding, None)?;
    let Program { flash, ram } = board::largest_program();
    text += &format!("flash            {} bytes of model; the program takes at most {flash} more\n", all.model);
    for solver in Solver::ALL {
        let Demand { arena, image, .. } = Demand::new(architecture, encoding, Some(solver))?;
        let both = arena + image;
        let name = solver.name();
        text += &format!(
            "RAM, {name:5}       {both} bytes: arena {arena}, image {image}; the program takes at most {ram} more, and a stack\n"
        );
    }
    Ok(text)
}

/// A row for each layer, in the order of computation.
fn layers(model: &Model<'_>) -> String {
    let (architecture, encoding) = (model.architecture(), model.encoding());
    let row = |name: &str, output: String, of: &dyn Fn(&MatrixShape) -> bool| {
        let (parameters, bytes) = architecture.matrices().filter(of).fold((0, 0), |(parameters, bytes), matrix| {
            (parameters + (matrix.rows + 1) * matrix.columns, bytes + matrix.bytes(encoding))
        });
        format!("{name:16} {output:>12} {parameters:>12} {bytes:>12}\n")
    };
    let mut text = format!("{:16} {:>12} {:>12} {:>12}\n", "layer", "output", "parameters", "bytes");
    text += &row("embedding", architecture.embedding.to_string(), &|matrix| {
        matches!(matrix.name.part, Part::Embedding0 | Part::Embedding1)
    });
    for (index, (layer, _, output)) in architecture.walk().enumerate() {
        text += &row(name(layer), output.to_string(), &|matrix| matrix.name.layer == Some(index as u8));
    }
    text + &row("readout", "1".to_owned(), &|matrix| matrix.name.part == Part::Readout)
}

fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::SpaceToDepth => "space to depth",
        Layer::Conv { .. } => "conv",
        Layer::Residual => "residual",
        Layer::Down { .. } => "down",
        Layer::Head { .. } => "head",
    }
}

/// Whether the model fits a device and by how much, and what would fit where it does not.
fn verdict(model: &Model<'_>, name: &str, device: Device) -> Result<String, vapo_format::Error> {
    let (architecture, encoding) = (model.architecture(), model.encoding());
    let demand = Demand::new(architecture, encoding, device.solver)?;
    let Demand { model, arena, image } = demand;
    let Memory { flash, stack, .. } = device.memory;
    let (ram, lack) = (device.memory.ram(), device.lack(demand));
    let row = |what, needed: usize, there: usize, parts: String| {
        let rest = if needed > there { "too few" } else { "to spare" };
        format!("  {what:14} needs {needed:>8} of {there:>8}, {:>8} {rest}: {parts}\n", needed.abs_diff(there))
    };
    let heading = if lack.fits() { "the model fits" } else { "the model does not fit" };
    let mut text = format!("{heading} {name}, in bytes:\n");
    let program = device.program;
    text += &row("flash", device.flash(demand), flash, format!("model {model}, program {}", program.flash));
    let parts = format!("arena {arena}, image {image}, stack {stack}, program {}", program.ram);
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
    use vapo_format::{Encoding, Homotopy, Shape, threshold};
    use vapo_sampler::fit::one_piece;

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
            let architecture = Model::parse(&file).unwrap().architecture().clone();
            assert_eq!(Demand::new(&architecture, encoding, None).unwrap().model, file.len());
        }
    }

    #[test]
    fn the_page_of_the_tiny_preset() {
        let file = file("tiny", Encoding::Int8);
        let expected = "\
layer                  output   parameters        bytes
embedding                   8          336          448
conv                    8×8×4           40           68
residual                8×8×4          368          480
down                    4×4×8          136          192
head                    4×4×8           72          128
readout                     1           81          144

image            8×8×1, homotopy linear, weights int8
parameters       1033
multiplications  48528 a drift
flash            1488 bytes of model; the program takes at most FLASH more
RAM, euler       4676 bytes: arena 4420, image 256; the program takes at most RAM more, and a stack
RAM, heun        4932 bytes: arena 4676, image 256; the program takes at most RAM more, and a stack
RAM, ab2         4932 bytes: arena 4676, image 256; the program takes at most RAM more, and a stack
RAM, etd2        4932 bytes: arena 4676, image 256; the program takes at most RAM more, and a stack
";
        let Program { flash, ram } = board::largest_program();
        let expected =
            expected.replace("most FLASH", &format!("most {flash}")).replace("most RAM", &format!("most {ram}"));
        assert_eq!(describe(&Model::parse(&file).unwrap()).unwrap(), expected);
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
        let Program { flash, ram } = board::named("microbit").unwrap().program;
        let expected = format!(
            "\
the model fits microbit, in bytes:
  flash          needs {:>8} of   262144, {:>8} to spare: model 1488, program {flash}
  RAM            needs {:>8} of    16384, {:>8} to spare: arena 4676, image 256, stack 6144, program {ram}
",
            1488 + flash,
            262_144 - 1488 - flash,
            11_076 + ram,
            5308 - ram
        );
        let device = parse("m --board microbit").unwrap().device().unwrap();
        assert_eq!(verdict(&Model::parse(&file).unwrap(), &device.0, device.1).unwrap(), expected);
    }

    /// Arena and image together are more than the largest piece.
    #[test]
    fn arena_and_image_may_lie_in_pieces_apart() {
        let image = Shape { channels: 3, height: 64, width: 64 };
        let architecture = Preset::named("celeba-device").unwrap().architecture(image, Homotopy::Linear);
        let file = model_file(&architecture, &vec![0.5; architecture.parameters()], Encoding::Int8).unwrap();
        let model = Model::parse(&file).unwrap();
        let device = parse("m --board stm32h743").unwrap().device().unwrap();
        let page = verdict(&model, &device.0, device.1).unwrap();
        let expected = "
  RAM            needs   535356 of  1015808,   480452 to spare: arena 475904, image 49152, stack 8192, program 2108
    piece 1      needs   486204 of   524288,    38084 to spare: arena 475904, stack 8192, program 2108
    piece 2      needs    49152 of   294912,   245760 to spare: image 49152
    piece 3      needs        0 of   131072,   131072 to spare: empty
    piece 4      needs        0 of    65536,    65536 to spare: empty
    arena and image lie apart: lend them so in your own program, that of vapo-sampler/firmware lends one piece
";
        assert!(page.starts_with("the model fits stm32h743") && page.ends_with(expected), "{page}");
        // As many bytes in smaller pieces do not hold it.
        let device = parse("m --flash 2M --ram 256K,256K,256K,256K").unwrap().device().unwrap();
        let page = verdict(&model, &device.0, device.1).unwrap();
        assert!(page.contains("does not fit") && page.contains("213760 too few: arena 475904\n"), "{page}");
    }

    #[test]
    fn what_does_not_fit_is_told_what_would() {
        let file = file("tiny", Encoding::Float32);
        let expected = "\
the model does not fit the device, in bytes:
  flash          needs    61504 of    60000,     1504 too few: model 4160, program 57344
  RAM            needs     6020 of     4096,     1924 too few: arena 4676, image 256, stack 1024, program 64

smaller, in int8     parameters      flash        RAM
int8 weights               1033      58832       6020  lacks 1924 bytes of RAM
space-to-depth stem         785      58440       3460  fits
one block less              665      58352       3460  fits
one level less              865      58604       8068  lacks 3972 bytes of RAM
half the channels           569      58216       3956  fits

Layers of those that fit, for a preset to train:
space-to-depth stem: space-to-depth, conv 8, head 8
one block less: conv 4, down 8, head 8
half the channels: conv 2, residual, down 4, head 4
";
        let page = verdict(&Model::parse(&file).unwrap(), "the device", device(60_000, 4096)).unwrap();
        assert_eq!(page, expected);
    }

    #[test]
    fn devices_are_boards_or_numbers_of_bytes() {
        assert!(parse("m").unwrap().device().is_none());
        let device = |line| parse(line).unwrap().device().unwrap().1;
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
        assert_eq!(failure.code(), 1);
        let Failure::Other(cause) = failure else { panic!("{failure:?}") };
        let text = cause.to_string();
        let Program { flash, ram } = board::largest_program();
        let lack = [file("digits", Encoding::Float32).len() + flash - (64 << 10), 9792 + 6144 + ram - (12 << 10)];
        let [flash, ram] = lack;
        assert_eq!(text, format!("the model does not fit: the device lacks {flash} bytes of flash, {ram} of RAM"));
    }
}
