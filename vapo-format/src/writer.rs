//! Writes a model file, matrix by matrix, into a buffer that the caller lends.
//!
//! # Example
//!
//! ```
//! use vapo_format::writer::{Values, file_bytes, renew, replace_classifier, replace_threshold};
//! use vapo_format::{Block, Encoding, Homotopy, Model, Shape, Threshold, Writer, encoder, threshold};
//!
//! let signal = Shape { channels: 1, height: 8, width: 8 };
//! let blocks = [Block::Conv { channels: 4 }, Block::Head { channels: 4 }];
//! let architecture = encoder::architecture(signal, Homotopy::Linear, 8, &blocks)?;
//!
//! let mut bytes = vec![0; file_bytes(&architecture, Encoding::Int8)?];
//! let mut writer = Writer::new(&mut bytes, &architecture, Encoding::Int8)?;
//! for shape in architecture.matrices() {
//!     let (biases, values) = (vec![0.0; shape.columns], vec![64; shape.rows * shape.columns]);
//!     writer.matrix(&biases, Values::Int8 { values: &values, scales: &vec![0.001; shape.columns] })?;
//! }
//! let length = writer.finish()?;
//! assert_eq!(length, bytes.len());
//!
//! // The same with a threshold, written at once by `Writer::with_threshold`, or later. `Writer::integer` writes integer arithmetic.
//! let model = Model::parse(&bytes)?;
//! let judges = Threshold { energy: 8.8, time: 0.5, false_positive_rate: 0.05 };
//! let mut judge = vec![0; bytes.len() + threshold::BYTES];
//! replace_threshold(&model, Some(judges), &mut judge)?;
//! assert_eq!(Model::parse(&judge)?.threshold(), Some(judges));
//! let mut unjudged = vec![0; judge.len()];
//! assert!(replace_classifier(&model, None, &mut unjudged).is_ok()); // it had none, and has none
//!
//! // From an earlier version of the format to the newest.
//! assert_eq!(renew(&model, &mut unjudged)?, bytes.len());
//! # Ok::<(), vapo_format::Error>(())
//! ```

use crate::architecture::{self, Architecture, MAX_NODES, NO_EXPONENTS, Unchecked};
use crate::checksum;
use crate::classifier::Classifier;
use crate::encoding::{Arithmetic, Encoding};
use crate::error::Error;
use crate::fixed_point::{Calibration, Exponents, MOST_MAGNITUDE, Requantisation, Shifts};
use crate::header::{self, Judgement};
use crate::matrix::{MatrixShape, is_scale};
use crate::model::{CHECKSUM, MAGIC, Model, PREAMBLE, VERSION};
use crate::packed::{Bits, GROUP};
use crate::threshold::Threshold;
use crate::words;

/// Weights of one matrix on their way into a file, row-major. For integer arithmetic, and for fewer bits than 8, they are
/// [`Values::Int8`] too.
#[derive(Clone, Copy, Debug)]
pub enum Values<'v> {
    /// i8 weights and a scale for each column.
    Int8 {
        /// rows × columns.
        values: &'v [i8],
        /// One a column, not negative and below 2¹²¹, so that every weight is finite.
        scales: &'v [f32],
    },
    /// f32 weights, rows × columns.
    Float32(&'v [f32]),
}

/// Fills a buffer with a model file: [`Writer::new`], [`Writer::matrix`] for each of
/// [`Architecture::matrices`] in order, [`Writer::finish`].
///
/// ```
/// use vapo_format::encoder::{self, Block};
/// use vapo_format::writer::{Values, Writer, file_bytes};
/// use vapo_format::{Encoding, Homotopy, Shape};
///
/// let signal = Shape { channels: 1, height: 8, width: 8 };
/// let blocks = [Block::Conv { channels: 2 }, Block::Head { channels: 3 }];
/// let architecture = encoder::architecture(signal, Homotopy::Linear, 4, &blocks)?;
/// let mut file = vec![0; file_bytes(&architecture, Encoding::Float32)?];
/// let mut writer = Writer::new(&mut file, &architecture, Encoding::Float32)?;
/// for shape in architecture.matrices() {
///     // A trainer looks its weights up by `shape.node`.
///     let (biases, weights) = (vec![0.0; shape.columns], vec![0.1; shape.rows * shape.columns]);
///     writer.matrix(&biases, Values::Float32(&weights))?;
/// }
/// let length = writer.finish()?;
/// assert_eq!(length, file.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer<'b, 'a> {
    buffer: &'b mut [u8],
    used: usize,
    architecture: &'a Architecture,
    encoding: Encoding,
    exponents: &'a [Exponents],
    written: u16,
    matrices: u16,
}

/// Bytes of the file of an architecture whose weights are stored in `encoding`. A threshold takes
/// [`threshold::BYTES`](crate::threshold::BYTES) more.
///
/// # Errors
/// [`Error::Architecture`].
pub fn file_bytes(architecture: &Architecture, encoding: Encoding) -> Result<usize, Error> {
    Ok(Sizes::of(architecture, encoding, NO_EXPONENTS)?.file)
}

/// How much a file holds.
#[derive(Clone, Copy)]
struct Sizes {
    file: usize,
    matrices: u16,
}

impl Sizes {
    fn of(
        architecture: &Architecture,
        encoding: Encoding,
        exponents: Option<Unchecked<impl Iterator<Item = Exponents> + Clone>>,
    ) -> Result<Self, Error> {
        architecture::check_scaling(architecture.scaling.iter().copied(), architecture.signal)?;
        let nodes = architecture.nodes.iter().cloned();
        let matrices = architecture::check(architecture.signal, architecture.classes, nodes, encoding, exponents)?;
        // No overflow: the bytes of all matrices were checked.
        let file = PREAMBLE + header::bytes(architecture, encoding)? + matrices.bytes + CHECKSUM;
        Ok(Sizes { file, matrices: matrices.count })
    }
}

impl<'b, 'a> Writer<'b, 'a> {
    /// Starts a file in `buffer`, which [`file_bytes`] says how long must be.
    ///
    /// # Errors
    /// [`Error::Architecture`], or [`Error::TooShort`] for a buffer of too few bytes. [`Error::Calibration`] for
    /// integer arithmetic, which [`Writer::integer`] writes.
    pub fn new(buffer: &'b mut [u8], architecture: &'a Architecture, encoding: Encoding) -> Result<Self, Error> {
        Self::with_threshold(buffer, architecture, encoding, None)
    }

    /// Starts a file of integer arithmetic with these exponents.
    ///
    /// # Errors
    /// Those of [`Writer::with_threshold`]; the exponents' faults are among those of the architecture. [`Error::Calibration`] for an
    /// encoding of float arithmetic.
    pub fn integer(
        buffer: &'b mut [u8],
        architecture: &'a Architecture,
        encoding: Encoding,
        calibration: Calibration<'a>,
        threshold: Option<Threshold>,
    ) -> Result<Self, Error> {
        let judgement = Judgement { threshold, ..Judgement::default() };
        Self::start(buffer, architecture, encoding, Some(calibration), judgement)
    }

    /// Starts a file that may have an anomaly threshold, which takes [`threshold::BYTES`](crate::threshold::BYTES) beside [`file_bytes`].
    ///
    /// # Errors
    /// Those of [`Writer::new`], and [`Error::Threshold`].
    pub fn with_threshold(
        buffer: &'b mut [u8],
        architecture: &'a Architecture,
        encoding: Encoding,
        threshold: Option<Threshold>,
    ) -> Result<Self, Error> {
        Self::start(buffer, architecture, encoding, None, Judgement { threshold, ..Judgement::default() })
    }

    fn start(
        buffer: &'b mut [u8],
        architecture: &'a Architecture,
        encoding: Encoding,
        calibration: Option<Calibration<'a>>,
        judgement: Judgement<'_>,
    ) -> Result<Self, Error> {
        if (encoding.arithmetic() == Arithmetic::Integer) != calibration.is_some() {
            return Err(Error::Calibration);
        }
        let exponents = calibration.map_or([].as_slice(), |calibration| calibration.exponents);
        let unchecked = calibration.map(|_| Unchecked::new(exponents.iter().copied()));
        let Sizes { file: mut expected, matrices } = Sizes::of(architecture, encoding, unchecked)?;
        judgement.check(architecture.homotopy, architecture.classes)?;
        expected += judgement.bytes();
        let found = buffer.len();
        let too_short = Error::TooShort { expected, found };
        let buffer = buffer.get_mut(..expected).ok_or(too_short)?;
        let (preamble, rest) = buffer.split_first_chunk_mut::<PREAMBLE>().ok_or(too_short)?;
        let header = header::write(architecture, encoding, calibration, judgement, rest).ok_or(too_short)?;
        *preamble = self::preamble(VERSION, header);
        Ok(Writer { buffer, used: PREAMBLE + header, architecture, encoding, exponents, written: 0, matrices })
    }

    /// Adds the next matrix: its biases (one a column) and its weights.
    ///
    /// # Errors
    /// [`Error::Extent`] where a slice's length is not the architecture's or the encoding is another one,
    /// [`Error::Number`] for a number that is not finite, or a scale that is negative or at least 2¹²¹. For integer arithmetic
    /// [`Error::Shift`] and [`Error::Magnitude`]. [`Error::Weight`] for a weight of more bits than [`MatrixShape::bits`].
    pub fn matrix(&mut self, biases: &[f32], values: Values<'_>) -> Result<(), Error> {
        let refused = Error::Extent { matrix: self.written };
        let shape = self.architecture.matrices().nth(usize::from(self.written)).ok_or(refused)?;
        if !fits(&shape, self.encoding, biases, values) {
            return Err(refused);
        }
        if !numbers(biases, values) {
            return Err(Error::Number { matrix: self.written });
        }
        let end = self.used + shape.bytes(self.encoding);
        let place = self.buffer.get_mut(self.used..end).ok_or(refused)?;
        place.fill(0);
        match (values, shape.bits(self.encoding)) {
            (Values::Int8 { values, scales }, Some(bits)) => {
                if let Some(&found) = values.iter().find(|value| !bits.hold(**value)) {
                    return Err(Error::Weight { matrix: self.written, found, bits: bits.count() });
                }
                if self.encoding.arithmetic() == Arithmetic::Float {
                    let place = put(put(place, float_bytes(biases)), float_bytes(scales));
                    let weight = |group: &[i8], at: usize| group.get(at).copied().unwrap_or_default();
                    let groups = values.chunks(GROUP).map(|group| [0, 1, 2, 3].map(|at| weight(group, at)));
                    put_groups(place, bits, groups);
                } else {
                    if let Some(found) = words::magnitudes(&shape, values).find(|&sum| sum > MOST_MAGNITUDE) {
                        return Err(Error::Magnitude { matrix: self.written, found });
                    }
                    let requantisation = requantisation(self.architecture, self.exponents, shape.node, scales);
                    let weight = |at: Option<usize>| at.and_then(|at| values.get(at)).copied().unwrap_or_default();
                    let words = words::words(&shape).map(|word| word.map(weight));
                    requantisation
                        .and_then(|requantisation| put_integer(place, &requantisation, (biases, scales), (bits, words)))
                        .ok_or(Error::Shift { matrix: self.written })?;
                }
            }
            (Values::Float32(values), _) => {
                put(put(place, float_bytes(biases)), float_bytes(values));
            }
            // The encoding was found to be that of the values.
            (Values::Int8 { .. }, None) => return Err(refused),
        }
        (self.used, self.written) = (end, self.written + 1);
        Ok(())
    }

    /// Adds the checksum; returns the file's length.
    ///
    /// # Errors
    /// [`Error::Unfinished`] where matrices are missing.
    pub fn finish(self) -> Result<usize, Error> {
        let unfinished = Error::Unfinished { expected: self.matrices, found: self.written };
        if self.written != self.matrices {
            return Err(unfinished);
        }
        put_checksum(self.buffer, self.used).ok_or(unfinished)
    }
}

/// Writes the file of `model` with another anomaly threshold, or none, into `buffer`: [`Model::bytes`] long, and
/// [`threshold::BYTES`](crate::threshold::BYTES) more with a threshold, [`classifier::bytes`](crate::classifier::bytes) more with a
/// classifier. It keeps its version, its classifier, and the matrices keep their bytes. Returns the file's length.
///
/// # Errors
/// [`Error::Threshold`], or [`Error::TooShort`] for a buffer of too few bytes.
pub fn replace_threshold(model: &Model<'_>, threshold: Option<Threshold>, buffer: &mut [u8]) -> Result<usize, Error> {
    replace_judgement(model, Judgement { threshold, ..model.judgement() }, buffer)
}

/// Likewise with another classifier, or none. It keeps its threshold.
///
/// # Errors
/// [`Error::Classifier`], or [`Error::TooShort`] for a buffer of too few bytes.
pub fn replace_classifier(
    model: &Model<'_>,
    classifier: Option<Classifier<'_>>,
    buffer: &mut [u8],
) -> Result<usize, Error> {
    replace_judgement(model, Judgement { classifier, ..model.judgement() }, buffer)
}

fn replace_judgement(model: &Model<'_>, judgement: Judgement<'_>, buffer: &mut [u8]) -> Result<usize, Error> {
    judgement.check(model.homotopy(), model.classes())?;
    let expected = model.bytes() + judgement.bytes();
    let too_short = Error::TooShort { expected, found: buffer.len() };
    let buffer = buffer.get_mut(..expected).ok_or(too_short)?;
    let (structure, weights) = (model.header_bytes(), model.weights());
    let (preamble, rest) = buffer.split_first_chunk_mut::<PREAMBLE>().ok_or(too_short)?;
    let (of_structure, _) = rest.split_at_mut_checked(structure.len()).ok_or(too_short)?;
    of_structure.copy_from_slice(structure);
    let header = judgement.write(structure.len(), rest).ok_or(too_short)?;
    *preamble = self::preamble(model.version(), header);
    let used = header + weights.len();
    rest.get_mut(header..used).ok_or(too_short)?.copy_from_slice(weights);
    put_checksum(buffer, PREAMBLE + used).ok_or(too_short)
}

/// Writes a model in the newest version of the format into `buffer`, as long as [`file_bytes`] says, and longer by a threshold
/// and a classifier. The matrices keep their bytes. Returns the file's length.
///
/// # Errors
/// [`Error::TooShort`] for a buffer of too few bytes.
pub fn renew(model: &Model<'_>, buffer: &mut [u8]) -> Result<usize, Error> {
    let (architecture, encoding) = (model.architecture(), model.encoding());
    let exponents: heapless::Vec<Exponents, MAX_NODES> = model.exponents().collect();
    let calibration = model.calibration().map(|digest| Calibration { exponents: &exponents, digest });
    let Writer { buffer, used, .. } = Writer::start(buffer, &architecture, encoding, calibration, model.judgement())?;
    let end = used + model.weights().len();
    let too_short = Error::TooShort { expected: end + CHECKSUM, found: buffer.len() };
    buffer.get_mut(used..end).ok_or(too_short)?.copy_from_slice(model.weights());
    put_checksum(buffer, end).ok_or(too_short)
}

/// The first bytes of a file.
fn preamble(version: u16, header: usize) -> [u8; PREAMBLE] {
    let [v0, v1] = version.to_le_bytes();
    let [l0, l1] = (header as u16).to_le_bytes();
    let [m0, m1, m2, m3] = MAGIC;
    [m0, m1, m2, m3, v0, v1, l0, l1]
}

/// Puts the checksum of the first `used` bytes after them. Returns the file's length.
fn put_checksum(buffer: &mut [u8], used: usize) -> Option<usize> {
    let (contents, checksum) = buffer.split_at_mut_checked(used)?;
    *checksum.first_chunk_mut()? = checksum::checksum([contents]).to_le_bytes();
    Some(used + CHECKSUM)
}

fn fits(shape: &MatrixShape, encoding: Encoding, biases: &[f32], values: Values<'_>) -> bool {
    let elements = shape.rows * shape.columns;
    biases.len() == shape.columns
        && match values {
            Values::Int8 { values, scales } => {
                encoding != Encoding::Float32 && values.len() == elements && scales.len() == shape.columns
            }
            Values::Float32(values) => encoding == Encoding::Float32 && values.len() == elements,
        }
}

fn numbers(biases: &[f32], values: Values<'_>) -> bool {
    let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
    finite(biases)
        && match values {
            Values::Int8 { scales, .. } => scales.iter().all(|&scale| is_scale(scale)),
            Values::Float32(values) => finite(values),
        }
}

/// How the convolution of a node is computed in integers; none where its exponents are too far apart.
fn requantisation(
    architecture: &Architecture,
    exponents: &[Exponents],
    node: u16,
    scales: &[f32],
) -> Option<Requantisation> {
    let placed = architecture.walk().nth(node.into())?;
    let [input, output] = [*placed.edges.first()?, node].map(|node| exponents.get(usize::from(node)).copied());
    let (input, output) = (input?, output?);
    let largest = scales.iter().copied().fold(0.0, f32::max);
    if placed.output.of_signal {
        Requantisation::new(largest, input, output)
    } else {
        Requantisation::forward_alone(largest, input.value, output.value)
    }
}

/// Fills a matrix of integer arithmetic. None where a bias is too large.
fn put_integer(
    place: &mut [u8],
    requantisation: &Requantisation,
    (biases, scales): (&[f32], &[f32]),
    (bits, words): (Bits, impl Iterator<Item = [i8; GROUP]>),
) -> Option<()> {
    let mut place = place;
    for &bias in biases {
        place = put(place, [requantisation.bias(bias)?.to_le_bytes()]);
    }
    let place = put(place, scales.iter().map(|&scale| requantisation.forward(scale).to_le_bytes()));
    let place = put(place, scales.iter().map(|&scale| requantisation.reverse(scale).to_le_bytes()));
    let Shifts { forward, reverse, sum } = requantisation.shifts;
    put_groups(put(place, [[forward, reverse, sum, 0]]), bits, words);
    Some(())
}

/// Writes groups of weights at the start of `place`, as many bytes of them as it has room for.
fn put_groups(place: &mut [u8], bits: Bits, groups: impl Iterator<Item = [i8; GROUP]>) {
    let bytes = groups.flat_map(|group| bits.pack(group).into_iter().take(bits.group_bytes()));
    place.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
}

/// Writes `values` at the start of `place`, as many as it has room for; returns what follows.
fn put<const BYTES: usize>(mut place: &mut [u8], values: impl IntoIterator<Item = [u8; BYTES]>) -> &mut [u8] {
    for value in values {
        let Some((chunk, rest)) = core::mem::take(&mut place).split_first_chunk_mut() else { break };
        *chunk = value;
        place = rest;
    }
    place
}

fn float_bytes(values: &[f32]) -> impl Iterator<Item = [u8; 4]> {
    values.iter().map(|value| value.to_le_bytes())
}
