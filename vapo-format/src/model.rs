//! A whole model file, checked once and borrowed from then on.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Arithmetic, Model, Structure};
//! # use vapo_format::{Block, Encoding, Homotopy, Shape, Writer, encoder, writer::{Values, file_bytes}};
//! # let signal = Shape { channels: 1, height: 8, width: 8 };
//! # let blocks = [Block::Conv { channels: 4 }, Block::Residual, Block::Head { channels: 4 }];
//! # let architecture = encoder::architecture(signal, Homotopy::Linear, 8, &blocks)?;
//! # let mut bytes = vec![0; file_bytes(&architecture, Encoding::Float32)?];
//! # let mut writer = Writer::new(&mut bytes, &architecture, Encoding::Float32)?;
//! # for shape in architecture.matrices() {
//! #     writer.matrix(&vec![0.0; shape.columns], Values::Float32(&vec![0.01; shape.rows * shape.columns]))?;
//! # }
//! # writer.finish()?;
//!
//! let model = Model::parse(&bytes)?; // checks every byte, copies none
//! assert_eq!((model.version(), model.bytes()), (2, bytes.len()));
//! assert_eq!((model.signal(), model.homotopy(), model.classes()), (signal, Homotopy::Linear, 0));
//! assert_eq!((model.encoding(), model.arithmetic()), (Encoding::Float32, Arithmetic::Float));
//! assert_eq!(model.architecture(), architecture);
//! assert_eq!(model.scalings().next(), Some(model.scaling(0)));
//! assert!(model.walk().count() == model.nodes().count());
//! for (shape, matrix) in model.matrices() {
//!     println!("{shape}: {} biases", matrix.biases().count());
//! }
//! assert!(model.weights().len() < model.bytes());
//!
//! // What only some models have.
//! assert_eq!((model.threshold(), model.classifier(), model.calibration()), (None, None, None));
//! assert_eq!(model.exponents().count(), 0); // of integer arithmetic
//!
//! // A device that knows the structure reads a model without a decoder of headers.
//! let Some(structure) = model.structure() else { unreachable!("it is of the newest version") };
//! let structure: Structure = structure;
//! assert_eq!(Model::parse_as(&bytes, &structure)?.fingerprint(), model.fingerprint());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::checksum::checksum;
pub use crate::preamble::{CHECKSUM, MAGIC, OLDEST, PREAMBLE, VERSION};

use crate::architecture::{self, Architecture, Node, Placed, Places, Unchecked};
use crate::classifier::Classifier;
use crate::encoding::{Arithmetic, Encoding};
use crate::error::Error;
use crate::fixed_point::{Exponents, is_bias};
use crate::header::{Header, Judgement, Structure};
use crate::homotopy::Homotopy;
use crate::matrix::{Matrix, MatrixShape, Weights, floats, integers, is_scale};
use crate::preamble::{check_checksum, preamble};
use crate::signal::{Scaling, Shape};
use crate::threshold::Threshold;
use crate::words;

/// A checked model, its weights borrowed from the bytes it was parsed from.
///
/// ```
/// # use vapo_format::{Encoding, Homotopy, Shape, encoder::{self, Block}, writer::{Values, Writer, file_bytes}};
/// # let (signal, blocks) = (Shape { channels: 1, height: 8, width: 8 }, [Block::Conv { channels: 2 }, Block::Head { channels: 3 }]);
/// # let architecture = encoder::architecture(signal, Homotopy::Linear, 4, &blocks)?;
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
/// // On a device `file` is a static in flash; nothing of it is copied but a few numbers.
/// let model = Model::parse(&file)?;
/// assert_eq!(model.signal().elements(), 64);
/// for (node, matrix) in model.matrices() {
///     println!("{node}: {} inputs, {} outputs", matrix.rows, matrix.columns);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model<'a> {
    version: u16,
    header: Header<'a>,
    weights: &'a [u8],
}

impl<'a> Model<'a> {
    /// Checks `bytes`, a whole file, and borrows its header and weights.
    ///
    /// # Errors
    /// The first thing wrong with the file: see [`Error`]. A file with any one byte changed is refused.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let too_short = |expected| Error::TooShort { expected, found: bytes.len() };
        let (version, header_length, rest) = preamble(bytes)?;
        if !(OLDEST..=VERSION).contains(&version) {
            return Err(Error::Version { found: version });
        }
        let (header, rest) =
            rest.split_at_checked(header_length).ok_or(too_short(PREAMBLE + header_length + CHECKSUM))?;
        let header = Header::read(version, header)?;
        architecture::check_scaling(header.scaling(), header.signal)?;
        let exponents = header.calibration.map(|_| Unchecked::new(header.exponents()));
        let Header { signal, classes, encoding, .. } = header;
        let length = architecture::check(signal, classes, header.nodes(), encoding, exponents)?.bytes;
        header.judgement.check(header.homotopy, classes)?;

        // No sum overflows: the bytes of all matrices were checked.
        let expected = PREAMBLE + header_length + length + CHECKSUM;
        let (weights, stored) = rest.split_at_checked(length).ok_or(too_short(expected))?;
        let stored = match *stored {
            [c0, c1, c2, c3] => [c0, c1, c2, c3],
            _ if stored.len() < CHECKSUM => return Err(too_short(expected)),
            _ => return Err(Error::TooLong { expected, found: bytes.len() }),
        };
        check_checksum(bytes.get(..expected - CHECKSUM).ok_or(too_short(expected))?, stored)?;
        let model = Model { version, header, weights };
        model.check_matrices()?;
        Ok(model)
    }

    /// Checks that `bytes` are a whole file of a structure, undamaged, and borrows its header and weights. The writer of the
    /// file saw to it that its numbers are valid.
    ///
    /// # Errors
    /// [`Error::Magic`], [`Error::Version`] for another version than the newest, [`Error::Checksum`] for a file with any one byte
    /// changed; [`Error::Header`] for a file of another structure, [`Error::Threshold`],
    /// [`Error::Classifier`].
    pub fn parse_as(bytes: &'a [u8], structure: &Structure) -> Result<Self, Error> {
        let (header, weights) = structure.read(bytes)?;
        Ok(Model { version: VERSION, header, weights })
    }

    /// The version of the format that the file is written in.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// Extent of a data sample.
    pub fn signal(&self) -> Shape {
        self.header.signal
    }

    /// Path that the potential was trained on.
    pub fn homotopy(&self) -> Homotopy {
        self.header.homotopy
    }

    /// Number of classes that samples can have: 0 if there are none.
    pub fn classes(&self) -> u16 {
        self.header.classes
    }

    /// How raw numbers of a channel stand for the potential's values.
    pub fn scaling(&self, channel: usize) -> Scaling {
        let mut listed = self.header.scaling();
        let first = listed.next().unwrap_or(Scaling::BYTES);
        // One for all channels, or one each.
        match channel {
            0 => first,
            channel => listed.nth(channel - 1).unwrap_or(first),
        }
    }

    /// The scaling of every channel, in order.
    pub fn scalings(&self) -> impl Iterator<Item = Scaling> + use<'a> {
        let (mut listed, mut last) = (self.header.scaling(), Scaling::BYTES);
        (0..self.header.signal.channels).map(move |_| {
            // One for all channels, or one each.
            last = listed.next().unwrap_or(last);
            last
        })
    }

    /// Every node, in order.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<'a> {
        self.header.nodes()
    }

    /// Every node with the extents that it reads and makes.
    pub fn walk(&self) -> impl Iterator<Item = Placed> + use<'a> {
        architecture::walk(self.header.signal, self.header.nodes())
    }

    /// The architecture, copied: for hosts.
    pub fn architecture(&self) -> Architecture {
        Architecture {
            signal: self.header.signal,
            scaling: self.header.scaling().collect(),
            homotopy: self.header.homotopy,
            classes: self.header.classes,
            nodes: self.header.nodes().collect(),
        }
    }

    /// How the weights are stored.
    pub fn encoding(&self) -> Encoding {
        self.header.encoding
    }

    /// What the potential is computed in.
    pub fn arithmetic(&self) -> Arithmetic {
        self.header.encoding.arithmetic()
    }

    /// The exponents of every node, in order; nothing for float arithmetic.
    pub fn exponents(&self) -> impl Iterator<Item = Exponents> + use<'a> {
        self.header.exponents()
    }

    /// The number that tells what exponents were measured on; none for float arithmetic.
    pub fn calibration(&self) -> Option<u32> {
        self.header.calibration
    }

    /// Above which energy a sample is an anomaly, where the file says so.
    pub fn threshold(&self) -> Option<Threshold> {
        self.header.judgement.threshold
    }

    /// How the energies of classes tell the class of a sample, where the file says so.
    pub fn classifier(&self) -> Option<Classifier<'a>> {
        self.header.judgement.classifier
    }

    pub(crate) fn judgement(&self) -> Judgement<'a> {
        self.header.judgement
    }

    /// The bytes of all matrices, one after another.
    pub fn weights(&self) -> &'a [u8] {
        self.weights
    }

    /// Every matrix, in the order of the nodes that they belong to.
    pub fn matrices(&self) -> impl Iterator<Item = (MatrixShape, Matrix<'a>)> + use<'a> {
        let (mut rest, encoding) = (self.weights, self.header.encoding);
        self.walk().filter_map(|placed| placed.matrix()).map_while(move |shape| {
            let (matrix, tail) = Matrix::split_first(rest, shape, encoding)?;
            rest = tail;
            Some((shape, matrix))
        })
    }

    /// Where everything lies in the files of this structure, for [`Model::parse_as`]; none of one in an older version of the format.
    pub fn structure(&self) -> Option<Structure> {
        Structure::new(&self.header, self.weights)
    }

    /// Bytes of the file, without a threshold or a classifier if it has one.
    pub fn bytes(&self) -> usize {
        PREAMBLE + self.header.structure.len() + self.weights.len() + CHECKSUM
    }

    /// Tells apart models whose weights or activations lie elsewhere or stand for other numbers: a CRC-32 of the signal's
    /// extent, the nodes, the encoding of the weights and the exponents of integer arithmetic.
    pub fn fingerprint(&self) -> u32 {
        self.header.fingerprint()
    }

    /// The fields of the header but the threshold, padded.
    pub(crate) fn header_bytes(&self) -> &'a [u8] {
        self.header.structure
    }

    /// Checks all numbers and all padding.
    #[inline(never)] // as the nodes' check
    fn check_matrices(&self) -> Result<(), Error> {
        // Not by an iterator: what it remembers of nodes would be moved about, on a stack of few KB.
        let mut places = Places::new(self.header.signal);
        let (mut rest, mut index) = (self.weights, 0);
        for node in self.header.nodes() {
            let Some(shape) = places.add(node)?.matrix() else { continue };
            let split = Matrix::split_padded(rest, shape, self.header.encoding);
            let (matrix, padding, tail) = split.ok_or(Error::Number { matrix: index })?;
            check_numbers(&matrix).ok_or(Error::Number { matrix: index })?;
            let ended = match matrix.weights {
                Weights::Integer { words, .. } => words::ends_in_zeros(&shape, words),
                Weights::Scaled { values, .. } => values.is_zero_from(matrix.rows * matrix.columns),
                Weights::Float32 { .. } => true,
            };
            if !ended || padding.into_iter().flatten().any(|&byte| byte != 0) {
                return Err(Error::Padding { matrix: index });
            }
            (rest, index) = (tail, index + 1);
        }
        Ok(())
    }
}

fn check_numbers(matrix: &Matrix<'_>) -> Option<()> {
    let finite = |bytes| floats(bytes).all(f32::is_finite);
    let valid = match matrix.weights {
        Weights::Scaled { scales, .. } => floats(scales).all(is_scale) && finite(matrix.biases),
        Weights::Float32 { values } => finite(values) && finite(matrix.biases),
        Weights::Integer { shifts, .. } => shifts.is_valid() && integers(matrix.biases).all(is_bias),
    };
    valid.then_some(())
}
