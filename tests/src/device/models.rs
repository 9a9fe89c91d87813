//! The models that the boards are tested with.

use super::firmware;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempPath};
use vapo_format::layer::{self, Conv, Layer};
use vapo_format::matrix::Weights;
use vapo_format::writer::replace_threshold;
use vapo_format::{
    Architecture, ArchitectureError, Block, Encoding, Homotopy, Model, Scaling, Shape, Threshold, encoder, threshold,
};
use vapo_train::arithmetic::random::uniform;
use vapo_train::calibration::inputs::Images;
use vapo_train::calibration::{CalibrationError, Settings, integer_model};
use vapo_train::potential::parameters::Layout;
use vapo_train::quantise::model_file;
use vapo_train::run::preset::Preset;

/// A model's file, removed at the end if it was made here.
#[derive(Debug)]
pub enum File {
    /// Part of the repository.
    Committed(PathBuf),
    /// Made for a test.
    Temporary(TempPath),
}

impl File {
    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            File::Committed(path) => path,
            File::Temporary(path) => path,
        }
    }

    /// Its contents.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self) -> Result<Vec<u8>, String> {
        std::fs::read(self.path()).map_err(|error| format!("cannot read {}: {error}", self.path().display()))
    }
}

/// A committed model, by its name without an ending. In the table of costs it has the same name.
pub fn committed(name: &str) -> File {
    File::Committed(firmware().join(format!("models/{name}.vapo")))
}

/// The trained model of 8×8 digits that every board's image holds if nothing else is asked for: in integer arithmetic.
pub fn digits() -> File {
    committed("digits")
}

/// The trained model of 28×28 garments, in integer arithmetic.
pub fn fashion() -> File {
    committed("fashion")
}

/// The digits' weights in float arithmetic.
pub fn float_digits() -> File {
    committed("digits-int8")
}

/// The garments' weights in float arithmetic.
pub fn float_fashion() -> File {
    committed("fashion-int8")
}

/// Quick ranges: equality of bits needs no good ones.
const QUICK: Settings = Settings { headroom: 2.0, trajectories: 1, images: 2, seed: 28, evaluations: None };

/// The file of a model of int8 weights, in integer arithmetic.
fn in_integers(file: &File) -> Result<File, String> {
    let refused = |error: CalibrationError| error.to_string();
    let bytes = file.read()?;
    let model = Model::parse(&bytes).map_err(|error| error.to_string())?;
    let images = Images::new(&model, None, &QUICK).map_err(refused)?;
    temporary(&integer_model(&model, &images, &QUICK, || ()).map_err(refused)?.file)
}

/// A model of a preset for 28×28 images, with int8 weights from a fixed seed.
///
/// # Errors
/// There is no such preset, or no room for a file.
pub fn random(preset: &str) -> Result<File, String> {
    made(preset, Shape { channels: 1, height: 28, width: 28 }, Encoding::Int8)
}

/// A model of 8×8 images with float32 weights from a fixed seed, small enough for every board.
///
/// # Errors
/// There is no room for a file.
pub fn float32() -> Result<File, String> {
    made("tiny", Shape { channels: 1, height: 8, width: 8 }, Encoding::Float32)
}

/// A model of 4×4 images with weights of few bits from a fixed seed. Odd channels, and more of them than a pair of channels is
/// unpacked of at once.
///
/// # Errors
/// There is no room for a file.
pub fn of_few_bits(encoding: Encoding) -> Result<File, String> {
    let blocks = [
        Block::Conv { channels: 21 },
        Block::Residual,
        Block::Down { channels: 67 },
        Block::Residual,
        Block::Head { channels: 9 },
    ];
    let signal = Shape { channels: 1, height: 4, width: 4 };
    let architecture =
        encoder::architecture(signal, Homotopy::Linear, 18, &blocks).map_err(|error| error.to_string())?;
    with_weights(&architecture, encoding)
}

/// The same in integer arithmetic.
///
/// # Errors
/// As [`of_few_bits`], and those of the calibration.
pub fn integer_of_few_bits(encoding: Encoding) -> Result<File, String> {
    in_integers(&of_few_bits(encoding)?)
}

/// A model with a skip around a level of half the extent, with int8 weights from a fixed seed.
///
/// # Errors
/// There is no room for a file.
pub fn with_skip() -> Result<File, String> {
    with_weights(&skip()?, Encoding::Int8)
}

/// The same in integer arithmetic.
///
/// # Errors
/// As [`with_skip`], and those of the calibration.
pub fn integer_with_skip() -> Result<File, String> {
    in_integers(&with_skip()?)
}

/// A model of every layer kind, odd channels and windows of several extents in integer arithmetic, with weights from a fixed
/// seed.
///
/// # Errors
/// There is no room for a file, and those of the calibration.
pub fn integer_of_every_kind() -> Result<File, String> {
    in_integers(&with_weights(&every_kind()?, Encoding::Int8)?)
}

/// A model of a series of two channels that has every layer kind, and windows along time of several widths, with int8 weights
/// from a fixed seed.
///
/// # Errors
/// There is no room for a file.
pub fn series_of_every_kind() -> Result<File, String> {
    with_weights(&every_kind_along_time()?, Encoding::Int8)
}

/// The same in integer arithmetic.
///
/// # Errors
/// As [`series_of_every_kind`], and those of the calibration.
pub fn integer_series_of_every_kind() -> Result<File, String> {
    in_integers(&series_of_every_kind()?)
}

/// A model of the preset `series-tiny` for windows of an extent, in integer arithmetic, with weights from a fixed seed.
///
/// # Errors
/// There is no room for a file, and those of the calibration.
pub fn series_tiny(window: Shape) -> Result<File, String> {
    in_integers(&made("series-tiny", window, Encoding::Int8)?)
}

/// A model in integer arithmetic that takes most of a micro:bit's flash and little RAM, with weights from a fixed seed.
///
/// # Errors
/// There is no room for a file, and those of the calibration.
pub fn of_many_weights() -> Result<File, String> {
    let mut graph = Architecture::new(Shape { channels: 1, height: 4, width: 4 }, Homotopy::Linear);
    let mut push = |layer: Layer, inputs: &[u16]| graph.push(layer, inputs).map_err(|error| error.to_string());
    let time = push(layer::Time { features: 32 }.into(), &[])?;
    let hidden = push(Conv::linear(500).into(), &[time])?;
    let active = push(layer::Silu.into(), &[hidden])?;
    let hidden = push(Conv::linear(350).into(), &[active])?;
    let active = push(layer::Silu.into(), &[hidden])?;
    let factors = push(Conv::linear(3).into(), &[active])?;
    let last = push(Conv::same3x3(2).into(), &[0])?;
    push(layer::Readout.into(), &[last, factors, 0])?;
    in_integers(&with_weights(&graph, Encoding::Int8)?)
}

/// Classes of the model that has every layer kind.
const CLASSES: u16 = 3;

/// A model of a series of three channels, 32 readings a window, with int8 weights from a fixed seed. Each channel has a scaling
/// of its own.
///
/// # Errors
/// There is no room for a file.
pub fn series() -> Result<File, String> {
    let blocks = [
        Block::Conv { channels: 8 },
        Block::Residual,
        Block::Down { channels: 8 },
        Block::Residual,
        Block::Head { channels: 8 },
    ];
    let signal = Shape { channels: 3, height: 1, width: 32 };
    let architecture =
        encoder::architecture(signal, Homotopy::Linear, 16, &blocks).map_err(|error| error.to_string())?;
    let scaling = [(20.0, 5.0), (-1000.0, 0.25), (0.0, 1e4)].map(|(offset, scale)| Scaling { offset, scale });
    with_weights(&Architecture { scaling: scaling.into_iter().collect(), ..architecture }, Encoding::Int8)
}

/// The same in integer arithmetic.
///
/// # Errors
/// As [`series`], and those of the calibration.
pub fn integer_series() -> Result<File, String> {
    in_integers(&series()?)
}

fn every_kind() -> Result<Architecture, String> {
    let mut graph = Architecture::new(Shape { channels: 2, height: 8, width: 12 }, Homotopy::Linear);
    let mut push = |layer: Layer, inputs: &[u16]| graph.push(layer, inputs).map_err(|error| error.to_string());
    let window = |rows, columns, channels| Conv { window: [rows, columns], stride: [1, 1], channels };
    let tiles = |rows, columns, channels| Conv { window: [rows, columns], stride: [rows, columns], channels };
    let time = push(layer::Time { features: 10 }.into(), &[])?;
    let hidden = push(Conv::linear(5).into(), &[time])?;
    let class = push(layer::Class { classes: CLASSES }.into(), &[])?;
    let of_class = push(Conv::linear(5).into(), &[class])?;
    let hidden = push(layer::Add.into(), &[hidden, of_class])?;
    let embedding = push(layer::Silu.into(), &[hidden])?;
    let stem = push(window(3, 3, 3).into(), &[0])?;
    let film = push(Conv::linear(6).into(), &[embedding])?;
    let active = push(layer::Silu.into(), &[stem, film])?;
    let wide = push(window(1, 5, 3).into(), &[active])?;
    let sum = push(layer::Add.into(), &[stem, wide])?;
    let again = push(layer::Silu.into(), &[sum])?;
    let high = push(window(5, 3, 3).into(), &[again])?;
    let sum = push(layer::Add.into(), &[high, sum])?;
    let down = push(Conv::down2x2(7).into(), &[sum])?;
    let active = push(layer::Silu.into(), &[down])?;
    let same = push(window(3, 3, 7).into(), &[active])?;
    let sum = push(layer::Add.into(), &[down, same])?;
    let linear = push(Conv::linear(4).into(), &[sum])?;
    let up = push(layer::Up::BOTH.into(), &[linear])?;
    let linear = push(Conv::linear(5).into(), &[again])?;
    let both = push(layer::Concat.into(), &[up, linear])?;
    let deep = push(layer::SpaceToDepth.into(), &[both])?;
    let deep = push(tiles(2, 3, 3).into(), &[deep])?;
    let deep = push(tiles(1, 2, 3).into(), &[deep])?;
    let last = push(window(3, 1, 5).into(), &[deep])?;
    let factors = push(Conv::linear(6).into(), &[embedding])?;
    push(layer::Readout.into(), &[last, factors, 0])?;
    graph.classes = CLASSES;
    graph.validate().map_err(|error| error.to_string())?;
    Ok(graph)
}

fn every_kind_along_time() -> Result<Architecture, String> {
    let mut graph = Architecture::new(Shape { channels: 2, height: 1, width: 24 }, Homotopy::Linear);
    let mut push = |layer: Layer, inputs: &[u16]| graph.push(layer, inputs).map_err(|error| error.to_string());
    let window = |columns, channels| Conv { window: [1, columns], stride: [1, 1], channels };
    let tiles = |columns, channels| Conv { window: [1, columns], stride: [1, columns], channels };
    let time = push(layer::Time { features: 10 }.into(), &[])?;
    let hidden = push(Conv::linear(5).into(), &[time])?;
    let embedding = push(layer::Silu.into(), &[hidden])?;
    let stem = push(window(3, 4).into(), &[0])?;
    let film = push(Conv::linear(8).into(), &[embedding])?;
    let active = push(layer::Silu.into(), &[stem, film])?;
    let wide = push(window(5, 4).into(), &[active])?;
    let sum = push(layer::Add.into(), &[stem, wide])?;
    let again = push(layer::Silu.into(), &[sum])?;
    let wider = push(window(7, 4).into(), &[again])?;
    let sum = push(layer::Add.into(), &[wider, sum])?;
    let down = push(tiles(2, 7).into(), &[sum])?;
    let active = push(layer::Silu.into(), &[down])?;
    let same = push(window(3, 7).into(), &[active])?;
    let sum = push(layer::Add.into(), &[down, same])?;
    let linear = push(Conv::linear(3).into(), &[sum])?;
    let up = push(layer::Up::ALONG.into(), &[linear])?;
    let linear = push(Conv::linear(5).into(), &[again])?;
    let both = push(layer::Concat.into(), &[up, linear])?;
    let deep = push(layer::SpaceToDepth.into(), &[both])?;
    let deep = push(tiles(3, 3).into(), &[deep])?;
    let last = push(window(3, 5).into(), &[deep])?;
    let factors = push(Conv::linear(6).into(), &[embedding])?;
    push(layer::Readout.into(), &[last, factors, 0])?;
    graph.validate().map_err(|error| error.to_string())?;
    Ok(graph)
}

fn skip() -> Result<Architecture, String> {
    let signal = Shape { channels: 1, height: 8, width: 8 };
    let mut graph = Architecture::new(signal, Homotopy::Linear);
    let refused = |error: ArchitectureError| error.to_string();
    let time = graph.push(layer::Time { features: 8 }, &[]).map_err(refused)?;
    let stem = graph.push(Conv::same3x3(4), &[0]).map_err(refused)?;
    let active = graph.push(layer::Silu, &[stem]).map_err(refused)?;
    let down = graph.push(Conv::down2x2(6), &[active]).map_err(refused)?;
    let film = graph.push(Conv::linear(12), &[time]).map_err(refused)?;
    let active = graph.push(layer::Silu, &[down, film]).map_err(refused)?;
    let up = graph.push(layer::Up::BOTH, &[active]).map_err(refused)?;
    let both = graph.push(layer::Concat, &[stem, up]).map_err(refused)?;
    let last = graph.push(Conv::same3x3(3), &[both]).map_err(refused)?;
    let factors = graph.push(Conv::linear(4), &[time]).map_err(refused)?;
    graph.push(layer::Readout, &[last, factors, 0]).map_err(refused)?;
    Ok(graph)
}

fn made(preset: &str, image: Shape, encoding: Encoding) -> Result<File, String> {
    let preset = Preset::named(preset).ok_or_else(|| format!("there is no preset {preset}"))?;
    with_weights(&preset.architecture(image, Homotopy::Linear), encoding)
}

fn with_weights(architecture: &Architecture, encoding: Encoding) -> Result<File, String> {
    let mut generator = Xoshiro128PlusPlus::seed_from_u64(28);
    let mut parameters = Layout::new(architecture).initial(&mut generator);
    // Initial parameters leave residual blocks the identity.
    parameters.iter_mut().for_each(|value| *value += 0.05 * (2.0 * uniform(&mut generator) - 1.0));
    let bytes = model_file(architecture, &parameters, encoding).map_err(|error| error.to_string())?;
    temporary(&bytes)
}

/// A model's file with the same weights on the path of [`Homotopy::Bayes`].
///
/// # Errors
/// The file is no model on the straight path, or its images' extents take more than a byte each.
pub fn on_bayes_path(file: &[u8]) -> Result<Vec<u8>, String> {
    let model = Model::parse(file).map_err(|error| error.to_string())?;
    let (version, architecture) = (model.version(), model.architecture());
    let mut bytes = file.to_vec();
    // After the image's three extents and, from version 2 on, the number of scalings and the eight bytes of each.
    let scalings = if version == 1 { 0 } else { 1 + 8 * architecture.scaling.len() };
    bytes[vapo_format::model::PREAMBLE + 3 + scalings] = 1;
    checksum(&mut bytes);
    let expected = Architecture { homotopy: Homotopy::Bayes, ..architecture };
    let found = Model::parse(&bytes).map_err(|error| error.to_string())?.architecture();
    if found == expected { Ok(bytes) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}

/// A model's file with one weight changed by 1, and the checksum that goes with it. The weight is in the middle of the
/// first residual block.
///
/// # Errors
/// The file is no model of int8 weights with a residual block.
pub fn perturbed(file: &[u8]) -> Result<Vec<u8>, String> {
    let model = Model::parse(file).map_err(|error| error.to_string())?;
    let nodes: Vec<_> = model.nodes().collect();
    // Nothing else convolves what comes out of a SiLU.
    let in_block = |node: usize| {
        matches!(nodes[node].layer, Layer::Conv(conv) if conv.stride == [1, 1] && conv.window != [1, 1])
            && matches!(nodes[node - 1].layer, Layer::Silu(_))
    };
    let found = model.matrices().find(|(shape, _)| in_block(shape.node.into()));
    let (_, matrix) = found.ok_or("the model has no residual block")?;
    let (Weights::Scaled { values, .. } | Weights::Integer { words: values, .. }) = matrix.weights else {
        return Err("the model has no int8 weights".into());
    };
    let place = values.bytes.as_ptr().addr() - file.as_ptr().addr() + values.bytes.len() / 2;
    let mut bytes = file.to_vec();
    let value = bytes[place] as i8;
    bytes[place] = if value == i8::MAX { value - 1 } else { value + 1 } as u8;
    checksum(&mut bytes);
    Ok(bytes)
}

/// A model's file with this anomaly threshold.
///
/// # Errors
/// The file is no model, the threshold is none, or there is no room for a file.
pub fn with_threshold(file: &[u8], threshold: Threshold) -> Result<File, String> {
    let model = Model::parse(file).map_err(|error| error.to_string())?;
    let mut bytes = vec![0; file.len() + threshold::BYTES];
    let length = replace_threshold(&model, Some(threshold), &mut bytes).map_err(|error| error.to_string())?;
    temporary(&bytes[..length])
}

/// A file with these contents.
fn temporary(bytes: &[u8]) -> Result<File, String> {
    let failed = |error| format!("cannot write a model: {error}");
    let mut file = NamedTempFile::with_suffix(".vapo").map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    Ok(File::Temporary(file.into_temp_path()))
}

/// Makes the checksum at a file's end that of its contents.
pub fn checksum(file: &mut [u8]) {
    let (contents, checksum) = file.split_at_mut(file.len() - vapo_format::model::CHECKSUM);
    checksum.copy_from_slice(&vapo_format::model::checksum([contents]).to_le_bytes());
}
