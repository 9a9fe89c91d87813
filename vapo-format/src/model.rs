//! A whole model file, checked once and borrowed from then on.

use crate::architecture::{Architecture, MAX_LAYERS};
use crate::error::Error;
use crate::matrix::{Encoding, Matrix, Weights, floats, is_scale};
use crate::threshold::{self, Threshold};

/// First bytes of a file.
pub const MAGIC: [u8; 4] = *b"VAPO";
/// Version of the format that this crate reads and writes.
pub const VERSION: u16 = 1;
/// Bytes before the header: magic, version, header length.
pub const PREAMBLE: usize = 8;
/// Bytes of the checksum at the end.
pub const CHECKSUM: usize = 4;

/// CRC-32 of parts that follow each other, as at the end of a file. Without a table, which would take 1 KB of flash.
pub fn checksum<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> u32 {
    const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = CRC.digest();
    parts.into_iter().for_each(|part| digest.update(part.as_ref()));
    digest.finalize()
}

/// Bytes of the longest header: three extents, homotopy, embedding, layer count, layers of a kind and an extent, and
/// encoding, where an extent takes up to three bytes and each of the others one; then padding, then a threshold.
pub(crate) const MAX_HEADER: usize = MAX_STRUCTURE + threshold::BYTES;
const MAX_STRUCTURE: usize = (3 * 3 + 1 + 3 + 1 + MAX_LAYERS * (1 + 3) + 1_usize).next_multiple_of(4);

/// A checked model, its weights borrowed from the bytes it was parsed from.
///
/// ```
/// # use vapo_format::{Architecture, Encoding, Homotopy, Layer, Shape, writer::{Values, Writer, file_bytes}};
/// # let architecture = Architecture {
/// #     image: Shape { channels: 1, height: 8, width: 8 },
/// #     homotopy: Homotopy::Linear,
/// #     embedding: 4,
/// #     layers: [Layer::Conv { channels: 2 }, Layer::Head { channels: 3 }].into_iter().collect(),
/// # };
/// # let mut file = vec![0; file_bytes(&architecture, Encoding::Int8)?];
/// # let mut writer = Writer::new(&mut file, &architecture, Encoding::Int8)?;
/// # for shape in architecture.matrices() {
/// #     let values = vec![1; shape.rows * shape.columns];
/// #     let scales = vec![0.5; shape.columns];
/// #     writer.matrix(&vec![0.0; shape.columns], Values::Int8 { values: &values, scales: &scales })?;
/// # }
/// # writer.finish()?;
/// use vapo_format::Model;
///
/// // On a device `file` is a static in flash; nothing of it is copied but the list of layers.
/// let model = Model::parse(&file)?;
/// assert_eq!(model.architecture().image.elements(), 64);
/// for (shape, matrix) in model.architecture().matrices().zip(model.matrices()) {
///     println!("{}: {} inputs, {} outputs", shape.name, matrix.rows, matrix.columns);
/// }
/// # Ok::<(), vapo_format::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model<'a> {
    architecture: Architecture,
    encoding: Encoding,
    threshold: Option<&'a [u8; threshold::BYTES]>,
    weights: &'a [u8],
}

impl<'a> Model<'a> {
    /// Checks `bytes`, a whole file, and borrows its weights.
    ///
    /// # Errors
    /// The first thing wrong with the file: see [`Error`]. A file with any one byte changed is refused.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let too_short = |expected| Error::TooShort { expected, found: bytes.len() };
        let (preamble, rest) = bytes.split_first_chunk::<PREAMBLE>().ok_or(too_short(PREAMBLE + CHECKSUM))?;
        let [m0, m1, m2, m3, v0, v1, l0, l1] = *preamble;
        let (magic, version) = ([m0, m1, m2, m3], u16::from_le_bytes([v0, v1]));
        if magic != MAGIC {
            return Err(Error::Magic { found: magic });
        }
        if version != VERSION {
            return Err(Error::Version { found: version });
        }
        let header_length = usize::from(u16::from_le_bytes([l0, l1]));
        let (header, rest) =
            rest.split_at_checked(header_length).ok_or(too_short(PREAMBLE + header_length + CHECKSUM))?;
        let (architecture, encoding, threshold) = read_header(header)?;
        architecture.validate()?;
        if let Some(&bytes) = threshold
            && !Threshold::from_bytes(bytes).is_valid(architecture.homotopy)
        {
            return Err(Error::Threshold);
        }

        // Neither sum overflows: `architecture` asserts that the largest valid file is below 2³¹ bytes.
        let length: usize = architecture.matrices().map(|m| m.bytes(encoding)).sum();
        let expected = PREAMBLE + header_length + length + CHECKSUM;
        let (weights, stored) = rest.split_at_checked(length).ok_or(too_short(expected))?;
        let stored = match *stored {
            [c0, c1, c2, c3] => u32::from_le_bytes([c0, c1, c2, c3]),
            _ if stored.len() < CHECKSUM => return Err(too_short(expected)),
            _ => return Err(Error::TooLong { expected, found: bytes.len() }),
        };
        let computed = checksum([bytes.get(..expected - CHECKSUM).ok_or(too_short(expected))?]);
        if computed != stored {
            return Err(Error::Checksum { computed, stored });
        }
        let model = Model { architecture, encoding, threshold, weights };
        for (index, (matrix, padding)) in model.split().enumerate() {
            let index = index as u16; // at most three matrices a layer, and three more
            check_numbers(&matrix).ok_or(Error::Number { matrix: index })?;
            if padding.iter().any(|&byte| byte != 0) {
                return Err(Error::Padding { matrix: index });
            }
        }
        Ok(model)
    }

    /// The layers.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// How the weights are stored.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Above which energy an image is an anomaly, where the file says so.
    pub fn threshold(&self) -> Option<Threshold> {
        self.threshold.map(|&bytes| Threshold::from_bytes(bytes))
    }

    /// The bytes of all matrices, one after another.
    pub fn weights(&self) -> &'a [u8] {
        self.weights
    }

    /// Every matrix, in the order of [`Architecture::matrices`].
    pub fn matrices(&self) -> impl Iterator<Item = Matrix<'a>> + '_ {
        self.split().map(|(matrix, _)| matrix)
    }

    /// Every matrix and its padding.
    fn split(&self) -> impl Iterator<Item = (Matrix<'a>, &'a [u8])> + '_ {
        let mut rest = self.weights;
        self.architecture.matrices().map_while(move |shape| {
            let (matrix, padding, tail) = Matrix::split_padded(rest, shape.rows, shape.columns, self.encoding)?;
            rest = tail;
            Some((matrix, padding))
        })
    }
}

/// Encodes the header at the start of `buffer`: architecture and encoding, padded, and the threshold if there is one.
/// Returns its length. None if it does not fit, which [`MAX_HEADER`] bytes rule out.
pub(crate) fn write_header(
    architecture: &Architecture,
    encoding: Encoding,
    threshold: Option<Threshold>,
    buffer: &mut [u8],
) -> Option<usize> {
    let used = postcard::to_slice(&(architecture, encoding), buffer).ok()?.len();
    let padded = used.next_multiple_of(4);
    buffer.get_mut(used..padded)?.fill(0);
    let Some(threshold) = threshold else { return Some(padded) };
    *buffer.get_mut(padded..)?.first_chunk_mut()? = threshold.to_bytes();
    Some(padded + threshold::BYTES)
}

/// Decodes a header that is what [`write_header`] makes of its contents; a threshold stays in its bytes. Postcard alone would take longer forms of the
/// same numbers and any bytes after them; one model would have many files.
fn read_header(bytes: &[u8]) -> Result<(Architecture, Encoding, Option<&[u8; threshold::BYTES]>), Error> {
    let (architecture, encoding) = postcard::from_bytes(bytes).map_err(|_| Error::Header)?;
    let mut canonical = [0; MAX_STRUCTURE];
    let length = write_header(&architecture, encoding, None, &mut canonical).ok_or(Error::Header)?;
    let threshold = canonical.get(..length).and_then(|canonical| bytes.strip_prefix(canonical)).ok_or(Error::Header)?;
    match threshold.try_into() {
        Ok(threshold) => Ok((architecture, encoding, Some(threshold))),
        Err(_) if threshold.is_empty() => Ok((architecture, encoding, None)),
        Err(_) => Err(Error::Header),
    }
}

fn check_numbers(matrix: &Matrix<'_>) -> Option<()> {
    let finite = |bytes| floats(bytes).all(f32::is_finite);
    let weights = match matrix.weights {
        Weights::Int8 { scales, .. } => floats(scales).all(is_scale),
        Weights::Float32 { values } => finite(values),
    };
    (weights && finite(matrix.biases)).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::{Homotopy, Layer, Shape};

    #[test]
    fn longest_header_fits() {
        let all = u16::MAX;
        let architecture = Architecture {
            image: Shape { channels: all, height: all, width: all },
            homotopy: Homotopy::Bayes,
            embedding: all,
            layers: [Layer::Conv { channels: all }; MAX_LAYERS].into_iter().collect(),
        };
        let threshold = Threshold { energy: 1.5, time: 0.5, false_positive_rate: 0.25 };
        for (threshold, length) in [(None, MAX_STRUCTURE), (Some(threshold), MAX_HEADER)] {
            let mut buffer = [0xa5; MAX_HEADER];
            let write = |buffer: &mut [u8]| write_header(&architecture, Encoding::Float32, threshold, buffer);
            assert_eq!(write(&mut buffer[..length]), Some(length));
            let (read, encoding, bytes) = read_header(&buffer[..length]).unwrap();
            assert_eq!((read, encoding), (architecture.clone(), Encoding::Float32));
            assert_eq!(bytes.map(|&bytes| Threshold::from_bytes(bytes)), threshold);
            assert_eq!(write(&mut buffer[1..length]), None);
        }
    }
}
