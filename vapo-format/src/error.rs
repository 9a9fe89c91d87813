//! Why a model file or an architecture is refused.
//!
//! # Example
//!
//! ```
//! use vapo_format::layer::Silu;
//! use vapo_format::{Architecture, ArchitectureError, Encoding, Error, Fault, Homotopy, Model, NameError, Shape};
//!
//! assert_eq!(Model::parse(b"JPEG and more"), Err(Error::Magic { found: *b"JPEG" }));
//!
//! // Φ is read out by the last node.
//! let mut architecture = Architecture::new(Shape { channels: 1, height: 8, width: 8 }, Homotopy::Linear);
//! architecture.push(Silu, &[0])?;
//! let Err(ArchitectureError { node, fault }) = architecture.validate() else { unreachable!("it has no read-out") };
//! let fault: Fault = fault;
//! println!("node {node}: {fault}");
//!
//! let refused: Result<Encoding, NameError> = "int7".parse();
//! assert!(refused.is_err());
//! # Ok::<(), ArchitectureError>(())
//! ```

use crate::signal::Shape;
use core::fmt;

/// Why [`crate::Model::parse`] or [`crate::Writer`] refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// The input ends before the model does.
    TooShort {
        /// Bytes that the model needs.
        expected: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// The input goes on after the model's end.
    TooLong {
        /// Bytes that the model needs.
        expected: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// The first four bytes are not `VAPO`.
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// The version of the format is not from [`crate::model::OLDEST`] to [`crate::model::VERSION`].
    Version {
        /// The file's version.
        found: u16,
    },
    /// The checksum of the contents is not the one stored.
    Checksum {
        /// CRC-32 computed from the contents.
        computed: u32,
        /// CRC-32 stored at the end.
        stored: u32,
    },
    /// The header is not the one encoding of an architecture and an encoding of weights, padded with zeros, with or without
    /// the bytes of a threshold and those of a classifier after it.
    Header,
    /// The header's architecture breaks a rule.
    Architecture(ArchitectureError),
    /// The anomaly threshold is not valid: see [`crate::Threshold`].
    Threshold,
    /// The classifier is not valid: see [`crate::Classifier`].
    Classifier,
    /// A scale or a bias, or a float weight, is infinite or not a number, or a scale is negative or so large (2¹²¹ or
    /// more) that a weight would be infinite. In integer arithmetic, a shift or a bias is out of range.
    Number {
        /// Position of the matrix in the file, from 0.
        matrix: u16,
    },
    /// Bytes after a matrix, up to a multiple of four, are not zero, or what fills its last group, or in a matrix of integer arithmetic
    /// the byte after its shifts or what is past its last input or output.
    Padding {
        /// Position of the matrix in the file, from 0.
        matrix: u16,
    },
    /// A calibration without integer arithmetic, or integer arithmetic without one.
    Calibration,
    /// The exponents of a matrix's input and output are too far apart for integer arithmetic, or a bias is too large for them.
    Shift {
        /// Position of the matrix in the file, from 0.
        matrix: u16,
    },
    /// The magnitudes of an output's weights sum to more than [`crate::fixed_point::MOST_MAGNITUDE`], forward or in reverse.
    Magnitude {
        /// Position of the matrix in the file, from 0.
        matrix: u16,
        /// The sum.
        found: u32,
    },
    /// A weight given to the writer has more bits than the encoding keeps of its matrix.
    Weight {
        /// Position of the matrix in the file, from 0.
        matrix: u16,
        /// The weight.
        found: i8,
        /// Bits of the matrix's weights.
        bits: u8,
    },
    /// A matrix given to the writer has another extent or encoding than the architecture's next one, or there is no
    /// next one.
    Extent {
        /// Position of the matrix in the file, from 0.
        matrix: u16,
    },
    /// The writer was finished before all matrices were given.
    Unfinished {
        /// Matrices that the architecture has.
        expected: u16,
        /// Matrices that were given.
        found: u16,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TooShort { expected, found } => {
                write!(f, "the model needs {expected} bytes, only {found} are there: the file was cut off")
            }
            Error::TooLong { expected, found } => {
                write!(f, "the model ends after {expected} bytes, but {found} are there: give its own bytes only")
            }
            Error::Magic { found } => {
                write!(f, "a model starts with the bytes `VAPO`, this starts with {found:02x?}: it is not a .vapo file")
            }
            Error::Version { found } => {
                write!(
                    f,
                    "format version {found} is none of {} to {}: read the file with the version that wrote it",
                    crate::model::OLDEST,
                    crate::model::VERSION
                )
            }
            Error::Checksum { computed, stored } => {
                write!(
                    f,
                    "the checksum of the contents is {computed:08x}, the file says {stored:08x}: the file is damaged"
                )
            }
            Error::Header => {
                f.write_str("the header is not one of a model: the file is damaged or was not written by a trainer")?;
                if cfg!(not(feature = "published")) {
                    f.write_str(", or it has layers that only programs built with the feature `published` read")?;
                }
                Ok(())
            }
            Error::Architecture(error) => write!(f, "the architecture is refused: {error}"),
            Error::Threshold => f.write_str(
                "an anomaly threshold has a finite energy, a time from 0 to 1 (below 1 for the linear homotopy) and a rate \
                 between 0 and 1, found another number: choose the threshold anew",
            ),
            Error::Classifier => f.write_str(
                "a classifier has a time that there is an energy at, a sharpness above 0 and a finite offset for each of two \
                 classes or more, found another: learn the classifier anew",
            ),
            Error::Number { matrix } => {
                write!(
                    f,
                    "matrix {matrix} must hold finite numbers, and scales from 0 to below 2^121, found another: \
                     train or quantise anew"
                )
            }
            Error::Padding { matrix } => {
                write!(f, "the padding after matrix {matrix} must be zero, found another byte: write the file anew")
            }
            Error::Calibration => f.write_str(
                "integer arithmetic needs a calibration, and no other encoding has one: give both or neither",
            ),
            Error::Shift { matrix } => {
                write!(
                    f,
                    "the exponents at matrix {matrix} are too far apart for integer arithmetic: calibrate anew, or keep float \
                     arithmetic"
                )
            }
            Error::Magnitude { matrix, found } => {
                write!(
                    f,
                    "the weights of an output of matrix {matrix} sum to at most {} in magnitude, found {found}: take larger \
                     scales",
                    crate::fixed_point::MOST_MAGNITUDE
                )
            }
            Error::Weight { matrix, found, bits } => {
                let end = 1_i16 << (bits - 1).min(7);
                write!(
                    f,
                    "weights of {bits} bits lie in {} to {}, found {found} in matrix {matrix}: take larger scales",
                    -end,
                    end - 1
                )
            }
            Error::Extent { matrix } => {
                write!(
                    f,
                    "matrix {matrix} has another extent or encoding than the architecture says, or is one too many: \
                     give the matrices of `Architecture::matrices`, in order"
                )
            }
            Error::Unfinished { expected, found } => {
                write!(f, "the architecture has {expected} matrices, only {found} were written: write the others first")
            }
        }
    }
}

impl core::error::Error for Error {}

impl From<ArchitectureError> for Error {
    fn from(error: ArchitectureError) -> Self {
        Error::Architecture(error)
    }
}

/// Why [`crate::Architecture::validate`] refused: a node, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ArchitectureError {
    /// Index of the node.
    pub node: u16,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a node.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// A height or width outside 1 to [`crate::layer::MAX_EXTENT`], or channels outside 1 to
    /// [`crate::layer::MAX_CHANNELS`].
    Extent {
        /// The extent.
        found: u16,
    },
    /// An activation of more than [`crate::architecture::MAX_ACTIVATION`] elements.
    Activation {
        /// Its elements.
        elements: u32,
    },
    /// Matrices of more than [`crate::architecture::MAX_WEIGHTS`] bytes in float32.
    Weights,
    /// More than [`crate::architecture::MAX_NODES`] nodes.
    Nodes,
    /// The first node, and only the first, is the signal.
    Signal,
    /// The last node, and only the last, is a read-out.
    Readout,
    /// There is not one pair of exponents for the node, or one is out of range, is not 0 where nothing has it, or is too far from
    /// those of the node's inputs.
    Exponents,
    /// The last block of an encoder, and only the last, is a head.
    Head,
    /// No node reads the node, and it is not the last.
    Unused,
    /// A node reads more or fewer nodes than its layer takes.
    Inputs {
        /// Fewest.
        least: u8,
        /// Most.
        most: u8,
        /// Those it reads.
        found: u8,
    },
    /// A node reads no earlier node, reads one twice, lists the node before alone, or reads out another node's norm than
    /// the signal's.
    Edge {
        /// The index that it lists.
        found: u16,
    },
    /// A height or width is not a multiple of a window's that tile it.
    Divide {
        /// Extent of the input.
        extent: Shape,
        /// Rows of a window.
        rows: u16,
        /// Columns of a window.
        columns: u16,
    },
    /// A window and a stride that are no convolution: see [`crate::layer::Conv`].
    Window {
        /// Rows and columns of the window.
        window: [u8; 2],
        /// Rows and columns from one window to the next.
        stride: [u8; 2],
    },
    /// A factor of rows and columns that is neither 2×2, 1×2 nor 2×1.
    Factor {
        /// The factor.
        found: [u8; 2],
    },
    /// A number of time features that is odd, 0 or above [`crate::layer::TIME_FEATURES`].
    Features {
        /// The number.
        found: u8,
    },
    /// Channels that are not a multiple of the groups that they are normalised in.
    #[cfg(feature = "published")]
    Groups {
        /// The channels.
        channels: u16,
        /// The groups.
        found: u16,
    },
    /// Channels of an attention's input that are not a multiple of three times its heads.
    #[cfg(feature = "published")]
    Heads {
        /// The channels.
        channels: u16,
        /// The heads.
        found: u16,
    },
    /// A number of features of a time step that is odd, 0 or above [`crate::layer::MAX_CHANNELS`].
    #[cfg(feature = "published")]
    Steps {
        /// The number.
        found: u16,
    },
    /// A layer of integer arithmetic that is computed in floats alone, as are those past [`crate::architecture::DEVICE_NODES`].
    #[cfg(feature = "published")]
    FloatOnly,
    /// Inputs of different extents.
    Unlike {
        /// Extent of the first.
        first: Shape,
        /// Extent of another.
        second: Shape,
    },
    /// An input that must be a vector of time has another extent, or depends on the signal.
    Vector {
        /// Channels that the layer needs.
        channels: u16,
        /// Extent of the input.
        found: Shape,
        /// Whether it depends on the signal.
        of_signal: bool,
    },
    /// An input that must depend on the signal does not.
    NotOfSignal,
    /// A class node has another number of classes than the architecture, or the architecture has classes and no such node.
    Classes {
        /// The architecture's.
        expected: u16,
        /// The node's, or 0 without one.
        found: u16,
    },
    /// There is neither one scaling nor one a channel, or one has an infinite offset, or a scale that is not finite and
    /// above 0.
    Scaling,
}

/// `node 7: …`
impl fmt::Display for ArchitectureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}: {}", self.node, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::architecture::{MAX_ACTIVATION, MAX_NODES, MAX_WEIGHTS};
        use crate::layer::{MAX_CHANNELS, MAX_EXTENT, MAX_WINDOW, TIME_FEATURES};
        match self {
            Fault::Extent { found } => {
                write!(f, "heights and widths lie in 1 to {MAX_EXTENT}, channels in 1 to {MAX_CHANNELS}, found {found}")
            }
            Fault::Activation { elements } => {
                write!(f, "an activation has at most {MAX_ACTIVATION} elements, found {elements}")
            }
            Fault::Weights => write!(f, "matrices have at most {MAX_WEIGHTS} bytes in float32: take fewer channels"),
            Fault::Nodes => write!(f, "an architecture has at most {MAX_NODES} nodes, found more"),
            Fault::Signal => f.write_str("the first node, and only the first, is the signal"),
            Fault::Readout => f.write_str("the last node, and only the last, is a read-out"),
            Fault::Head => f.write_str("the last block, and only the last, is a head"),
            Fault::Unused => f.write_str("no node reads it: take it out, or let another node read it"),
            Fault::Inputs { least, most, found } if least == most => {
                write!(f, "the layer reads {least} nodes, found {found}")
            }
            Fault::Inputs { least, most, found } => write!(f, "the layer reads {least} to {most} nodes, found {found}"),
            Fault::Edge { found } => write!(
                f,
                "a node lists earlier nodes, none twice, and the one before alone is not listed; a read-out's last is \
                 node 0; found {found}"
            ),
            Fault::Divide { extent, rows, columns } => {
                write!(f, "windows of {rows}×{columns} must tile the input, found {}×{}", extent.height, extent.width)
            }
            Fault::Window { window: [rows, columns], stride: [down, right] } => write!(
                f,
                "a window of up to {MAX_WINDOW} has odd extents and stride 1, or a stride as large as itself, found \
                 {rows}×{columns} and {down}×{right}"
            ),
            Fault::Factor { found: [rows, columns] } => {
                write!(f, "a layer goes up by 2×2, 1×2 or 2×1, found {rows}×{columns}")
            }
            Fault::Features { found } => {
                write!(f, "time has an even number of features from 2 to {TIME_FEATURES}, found {found}")
            }
            #[cfg(feature = "published")]
            Fault::Groups { channels, found } => {
                write!(f, "groups are a divisor of the {channels} channels that they part, found {found}")
            }
            #[cfg(feature = "published")]
            Fault::Heads { channels, found } => write!(
                f,
                "attention reads queries, keys and values of as many heads: a multiple of 3 times {found} channels, found \
                 {channels}"
            ),
            #[cfg(feature = "published")]
            Fault::Steps { found } => {
                write!(f, "a time step has an even number of features from 2 to {MAX_CHANNELS}, found {found}")
            }
            #[cfg(feature = "published")]
            Fault::FloatOnly => f.write_str("the layer is computed in floats alone: write the file in float arithmetic"),
            Fault::Unlike { first, second } => write!(f, "its inputs have one extent, found {first} and {second}"),
            Fault::Vector { channels, found, of_signal } => write!(
                f,
                "it reads a vector of {channels} channels that does not depend on the signal, found {found} that does{}",
                if *of_signal { "" } else { " not" }
            ),
            Fault::NotOfSignal => f.write_str("its first input must depend on the signal"),
            Fault::Exponents => f.write_str(
                "integer arithmetic has exponents for every node, near enough to those of its inputs that shifts are 0 to 31: \
                 calibrate anew",
            ),
            Fault::Classes { expected, found: 0 } => {
                write!(f, "there are {expected} classes, so a node reads them, found none")
            }
            Fault::Classes { expected, found } => {
                write!(f, "there are {expected} classes, and a class node has as many, found {found}")
            }
            Fault::Scaling => f.write_str(
                "there is one scaling, or one a channel, each of a finite offset and a finite scale above 0, found others",
            ),
        }
    }
}

impl core::error::Error for ArchitectureError {}

/// A text is not one of the names that its type has. Whoever parsed the text knows it and can print it beside this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError {
    /// The names.
    pub expected: &'static str,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl core::error::Error for NameError {}
