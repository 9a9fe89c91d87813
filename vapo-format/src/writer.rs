//! Writes a model file, matrix by matrix, into a buffer that the caller lends.

use crate::architecture::Architecture;
use crate::error::Error;
use crate::matrix::{Encoding, MatrixShape, is_scale};
use crate::model::{self, CHECKSUM, MAGIC, MAX_HEADER, Model, PREAMBLE, VERSION, write_header};
use crate::threshold::{self, Threshold};

/// Weights of one matrix on their way into a file, row-major.
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
/// use vapo_format::writer::{Values, Writer, file_bytes};
/// use vapo_format::{Architecture, Encoding, Homotopy, Layer, Shape};
///
/// let architecture = Architecture {
///     image: Shape { channels: 1, height: 8, width: 8 },
///     homotopy: Homotopy::Linear,
///     embedding: 4,
///     layers: [Layer::Conv { channels: 2 }, Layer::Head { channels: 3 }].into_iter().collect(),
/// };
/// let mut file = vec![0; file_bytes(&architecture, Encoding::Float32)?];
/// let mut writer = Writer::new(&mut file, &architecture, Encoding::Float32)?;
/// for shape in architecture.matrices() {
///     // A trainer looks its weights up by `shape.name`.
///     let (biases, weights) = (vec![0.0; shape.columns], vec![0.1; shape.rows * shape.columns]);
///     writer.matrix(&biases, Values::Float32(&weights))?;
/// }
/// let length = writer.finish()?;
/// assert_eq!(length, file.len());
/// # Ok::<(), vapo_format::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<'b, 'a> {
    buffer: &'b mut [u8],
    used: usize,
    architecture: &'a Architecture,
    encoding: Encoding,
    written: u16,
}

/// Bytes of the file of an architecture whose weights are stored in `encoding`. A threshold takes [`threshold::BYTES`]
/// more.
///
/// # Errors
/// [`Error::Architecture`].
pub fn file_bytes(architecture: &Architecture, encoding: Encoding) -> Result<usize, Error> {
    architecture.validate()?;
    let header = write_header(architecture, encoding, None, &mut [0; MAX_HEADER]).ok_or(Error::Header)?;
    // No overflow: `architecture` asserts that the largest valid file is below 2³¹ bytes.
    let matrices: usize = architecture.matrices().map(|m| m.bytes(encoding)).sum();
    Ok(PREAMBLE + header + matrices + CHECKSUM)
}

impl<'b, 'a> Writer<'b, 'a> {
    /// Starts a file in `buffer`, which [`file_bytes`] says how long must be.
    ///
    /// # Errors
    /// [`Error::Architecture`], or [`Error::TooShort`] for a buffer of too few bytes.
    pub fn new(buffer: &'b mut [u8], architecture: &'a Architecture, encoding: Encoding) -> Result<Self, Error> {
        Self::with_threshold(buffer, architecture, encoding, None)
    }

    /// Starts a file that may have an anomaly threshold, which takes [`threshold::BYTES`] beside [`file_bytes`].
    ///
    /// # Errors
    /// Those of [`Writer::new`], and [`Error::Threshold`].
    pub fn with_threshold(
        buffer: &'b mut [u8],
        architecture: &'a Architecture,
        encoding: Encoding,
        threshold: Option<Threshold>,
    ) -> Result<Self, Error> {
        let mut expected = file_bytes(architecture, encoding)?;
        if let Some(threshold) = threshold {
            if !threshold.is_valid(architecture.homotopy) {
                return Err(Error::Threshold);
            }
            expected += threshold::BYTES;
        }
        let found = buffer.len();
        let too_short = Error::TooShort { expected, found };
        let buffer = buffer.get_mut(..expected).ok_or(too_short)?;
        let (preamble, rest) = buffer.split_first_chunk_mut::<PREAMBLE>().ok_or(too_short)?;
        let header = write_header(architecture, encoding, threshold, rest).ok_or(too_short)?;
        let [v0, v1] = VERSION.to_le_bytes();
        let [l0, l1] = (header as u16).to_le_bytes();
        let [m0, m1, m2, m3] = MAGIC;
        *preamble = [m0, m1, m2, m3, v0, v1, l0, l1];
        Ok(Writer { buffer, used: PREAMBLE + header, architecture, encoding, written: 0 })
    }

    /// Adds the next matrix: its biases (one a column) and its weights.
    ///
    /// # Errors
    /// [`Error::Extent`] where a slice's length is not the architecture's or the encoding is another one,
    /// [`Error::Number`] for a number that is not finite, or a scale that is negative or at least 2¹²¹.
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
        match values {
            Values::Int8 { values, scales } => {
                let place = put(put(place, biases), scales);
                place.iter_mut().zip(values).for_each(|(byte, &value)| *byte = value as u8);
            }
            Values::Float32(values) => {
                put(put(place, biases), values);
            }
        }
        (self.used, self.written) = (end, self.written + 1);
        Ok(())
    }

    /// Adds the checksum; returns the file's length.
    ///
    /// # Errors
    /// [`Error::Unfinished`] where matrices are missing.
    pub fn finish(self) -> Result<usize, Error> {
        let expected = self.architecture.matrices().count() as u16;
        let unfinished = Error::Unfinished { expected, found: self.written };
        if self.written != expected {
            return Err(unfinished);
        }
        let (contents, checksum) = self.buffer.split_at_mut_checked(self.used).ok_or(unfinished)?;
        let checksum = checksum.first_chunk_mut().ok_or(unfinished)?;
        *checksum = model::checksum([contents]).to_le_bytes();
        Ok(self.used + CHECKSUM)
    }
}

/// Writes the file of `model` with another anomaly threshold, or none, into `buffer`: [`file_bytes`] long, and
/// [`threshold::BYTES`] more with a threshold. The matrices keep their bytes. Returns the file's length.
///
/// # Errors
/// [`Error::Threshold`], or [`Error::TooShort`] for a buffer of too few bytes.
pub fn replace_threshold(model: &Model<'_>, threshold: Option<Threshold>, buffer: &mut [u8]) -> Result<usize, Error> {
    let architecture = model.architecture();
    let mut writer = Writer::with_threshold(buffer, architecture, model.encoding(), threshold)?;
    let matrices = architecture.matrices().count() as u16;
    let end = writer.used + model.weights().len();
    let place = writer.buffer.get_mut(writer.used..end).ok_or(Error::Extent { matrix: 0 })?;
    place.copy_from_slice(model.weights());
    (writer.used, writer.written) = (end, matrices);
    writer.finish()
}

fn fits(shape: &MatrixShape, encoding: Encoding, biases: &[f32], values: Values<'_>) -> bool {
    let elements = shape.rows * shape.columns;
    biases.len() == shape.columns
        && match values {
            Values::Int8 { values, scales } => {
                encoding == Encoding::Int8 && values.len() == elements && scales.len() == shape.columns
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

/// Writes `values` at the start of `place`; returns what follows.
fn put<'p>(place: &'p mut [u8], values: &[f32]) -> &'p mut [u8] {
    let (chunks, _) = place.as_chunks_mut();
    chunks.iter_mut().zip(values).for_each(|(chunk, value)| *chunk = value.to_le_bytes());
    place.get_mut(4 * values.len()..).unwrap_or_default()
}
