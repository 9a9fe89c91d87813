//! The kinds of layers: what each makes of its inputs, and what that needs.
//!
//! One file a kind. The files of the same names in the sampler and in the trainer say how it is computed. To add a kind,
//! add its file and its line to the list below; [`Kind`] says what the file has to tell. Kinds that no device has are there with the
//! feature `published` alone, which hosts enable: those of the model that *Variational potential flow Bayes* published.
//!
//! # Example
//!
//! ```
//! use vapo_format::layer::{Add, Class, Conv, Input, Kind, Place, Readout, Reverse, Signal, Silu, SpaceToDepth, Time};
//! use vapo_format::{Arithmetic, Layer, Shape};
//!
//! let all: [Layer; 8] = [
//!     Signal.into(),
//!     Time { features: 32 }.into(),
//!     Class { classes: 10 }.into(),
//!     Conv::same3x3(8).into(),
//!     Silu.into(),
//!     Add.into(),
//!     SpaceToDepth.into(),
//!     Readout.into(),
//! ];
//! for layer in all {
//!     println!("{layer} reads {:?} nodes", layer.kind().inputs());
//! }
//!
//! // What a convolution makes of an image, and its matrix of a row for each of nine taps and of three channels.
//! let image = Input { extent: Shape { channels: 3, height: 8, width: 8 }, of_signal: true };
//! let layer = Layer::from(Conv::same3x3(8));
//! let kind: &dyn Kind = layer.kind();
//! assert_eq!(kind.output(&[image]), Ok(Shape { channels: 8, height: 8, width: 8 }));
//! assert_eq!(layer.matrix_shape(1, &[image]).map(|shape| (shape.rows, shape.columns)), Some((27, 8)));
//! assert_eq!(layer.reads_out(), None); // it is no read-out
//!
//! // SiLU may work in the memory of what it reads.
//! let same = image.extent;
//! assert_ne!(Layer::from(Silu).kind().place(Arithmetic::Float, same), Place::Apart);
//! assert_eq!(Layer::from(Conv::same3x3(8)).kind().reverse(0, Arithmetic::Float), Reverse::Written);
//! ```

use crate::encoding::Arithmetic;
use crate::error::Fault;
use crate::fixed_point::Exponents;
use crate::matrix::MatrixShape;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// Most inputs of a node.
pub const MAX_INPUTS: usize = 3;
/// Largest height and width.
pub const MAX_EXTENT: u16 = 1024;
/// Most channels.
pub const MAX_CHANNELS: u16 = 4096;

/// What a node reads, one [`Input`] each.
pub type Inputs<'i> = &'i [Input];

/// A node that another one reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// Extent of its output.
    pub extent: Shape,
    /// Whether it depends on the signal. Other nodes depend on time alone.
    pub of_signal: bool,
}

/// What a layer kind tells about itself.
pub trait Kind {
    /// Least and most inputs.
    fn inputs(&self) -> RangeInclusive<usize> {
        1..=1
    }

    /// Extent of the output.
    ///
    /// # Errors
    /// The inputs do not fit the layer.
    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault>;

    /// Rows and columns of the weight matrix, if there is one.
    fn matrix(&self, inputs: Inputs<'_>) -> Option<(usize, usize)> {
        let _ = inputs;
        None
    }

    /// Multiply-accumulates of a pass, multiplications by padding included.
    fn multiply_accumulates(&self, inputs: Inputs<'_>, output: Shape) -> u64 {
        let (rows, columns) = self.matrix(inputs).unwrap_or_default();
        // In u64 from the start: pixels × rows × columns can exceed 32 bits.
        output.pixels() as u64 * rows as u64 * columns as u64
    }

    /// Whether the output takes the place of an input of its extent.
    fn place(&self, arithmetic: Arithmetic, output: Shape) -> Place {
        let _ = (arithmetic, output);
        Place::Apart
    }

    /// Whether the reverse pass needs the value of an input, by its position.
    fn keeps(&self, input: usize, arithmetic: Arithmetic) -> bool {
        let _ = (input, arithmetic);
        false
    }

    /// Bytes that a pass forward leaves for the reverse pass beside values.
    fn kept_bytes(&self, arithmetic: Arithmetic, output: Shape) -> usize {
        let _ = (arithmetic, output);
        0
    }

    /// Whether integers can go from the exponents of the inputs, one [`Exponents`] each, to its own, and cotangents back.
    fn exponents(&self, inputs: Inputs<'_>, of_inputs: &[Exponents], own: Exponents) -> bool {
        let _ = (inputs, of_inputs, own);
        true
    }

    /// Whether there is no integer arithmetic of it.
    #[cfg(feature = "published")]
    fn float_only(&self) -> bool {
        false
    }

    /// How the reverse pass makes the cotangent of an input, by its position, from the cotangent of the output.
    fn reverse(&self, input: usize, arithmetic: Arithmetic) -> Reverse {
        let _ = (input, arithmetic);
        Reverse::Written
    }
}

/// Where a layer's output lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory of its own.
    Apart,
    /// Over the first input that is of its extent, where nothing needs that later; in memory of its own otherwise.
    Either,
    /// Over such an input, or over a copy of the first one.
    Over,
}

/// How a reverse pass makes the cotangent of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reverse {
    /// Into memory of its own.
    Written,
    /// In place of the output's cotangent where nothing needs that later; into memory of its own otherwise.
    Either,
    /// In place of the output's cotangent.
    InPlace,
    /// In place of the input's value, on which no cotangent depends that the pass makes after it.
    OverValue,
    /// It is the output's, unchanged.
    Passed,
}

macro_rules! kinds {
    ($($(#[doc = $about:literal])* $(#[cfg(feature = $feature:literal)])? $file:ident: $Kind:ident,)*) => {
        $($(#[cfg(feature = $feature)])?
        mod $file;
        $(#[cfg(feature = $feature)])?
        pub use $file::$Kind;)*

        /// A layer kind with its attributes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Layer { $($(#[doc = $about])* $(#[cfg(feature = $feature)])? $Kind($Kind),)* }

        impl Layer {
            /// What the kind tells about itself.
            pub fn kind(&self) -> &dyn Kind {
                match self { $($(#[cfg(feature = $feature)])? Layer::$Kind(kind) => kind,)* }
            }

            /// Of a read-out, which is the last node: the position among its inputs at which it reads the signal.
            pub fn reads_out(&self) -> Option<usize> {
                match self {
                    Layer::Readout(_) => Some(2),
                    #[cfg(feature = "published")]
                    Layer::Distance(_) => Some(1),
                    _ => None,
                }
            }

            /// The weight matrix, if there is one, of the node at this index.
            pub fn matrix_shape(&self, node: u16, inputs: Inputs<'_>) -> Option<MatrixShape> {
                let (rows, columns) = self.kind().matrix(inputs)?;
                let window = match self {
                    Layer::Conv(conv) => conv.window.map(usize::from),
                    _ => [1, 1],
                };
                Some(MatrixShape { node, window, rows, columns })
            }
        }

        $($(#[cfg(feature = $feature)])?
        impl From<$Kind> for Layer {
            fn from(kind: $Kind) -> Self {
                Layer::$Kind(kind)
            }
        })*

        /// The kind and its attributes: `conv 3×3 16`.
        impl fmt::Display for Layer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $($(#[cfg(feature = $feature)])? Layer::$Kind(kind) => kind.fmt(f),)* }
            }
        }
    };
}

// The order is that of the numbers on file: a new kind comes last.
kinds! {
    /// What the potential is of.
    signal: Signal,
    /// Features of time.
    time: Time,
    /// A convolution; over one pixel, a linear map.
    conv: Conv,
    /// SiLU, with or without FiLM before it.
    silu: Silu,
    /// The sum of two activations.
    add: Add,
    /// Each 2×2 block of pixels, or 1×2 of a series, as the channels of one.
    space_to_depth: SpaceToDepth,
    /// From the encoder's output to the potential.
    readout: Readout,
    /// Each pixel several times: twice the height and width, or one of both.
    up: Up,
    /// The channels of two activations.
    concat: Concat,
    /// The class that a sample is asked for.
    class: Class,
    /// Groups of channels at mean 0 and variance 1.
    #[cfg(feature = "published")]
    group_norm: GroupNorm,
    /// Means over all pixels, weighted by their likeness.
    #[cfg(feature = "published")]
    attention: Attention,
    /// The mean of each block of pixels.
    #[cfg(feature = "published")]
    pool: Pool,
    /// From an image to the potential ½‖x − f‖².
    #[cfg(feature = "published")]
    distance: Distance,
    /// Features of time as diffusion models have them.
    #[cfg(feature = "published")]
    timestep: Timestep,
}

pub use conv::MAX_WINDOW;
#[cfg(feature = "published")]
pub use group_norm::EPSILON;
pub use readout::SQUARES;
pub use silu::KNOTS;
pub use time::{FREQUENCIES, TIME_FEATURES};

/// Checks that heights and widths lie in 1 to [`MAX_EXTENT`], and channels in 1 to [`MAX_CHANNELS`].
pub(crate) fn checked(shape: Shape) -> Result<Shape, Fault> {
    for (found, most) in [(shape.channels, MAX_CHANNELS), (shape.height, MAX_EXTENT), (shape.width, MAX_EXTENT)] {
        if !(1..=most).contains(&found) {
            return Err(Fault::Extent { found });
        }
    }
    Ok(shape)
}

/// The input at a position. There is one: the number of inputs was checked.
fn input(inputs: Inputs<'_>, position: usize) -> Input {
    inputs.get(position).copied().unwrap_or_default()
}

/// An extent in windows of so many rows and columns.
fn divided(shape: Shape, [rows, columns]: [u8; 2]) -> Result<Shape, Fault> {
    let (rows, columns) = (u16::from(rows), u16::from(columns));
    match (shape.height.checked_rem(rows), shape.width.checked_rem(columns)) {
        (Some(0), Some(0)) => Ok(Shape { height: shape.height / rows, width: shape.width / columns, ..shape }),
        _ => Err(Fault::Divide { extent: shape, rows, columns }),
    }
}
