//! The layers of a potential Φ(x, t).
//!
//! A potential is an *encoder* whose input gradient re-uses every weight transposed:
//!
//! ```text
//! e = silu(W₁ silu(W₀ features(t)))                      embedding of time
//! x → [space to depth] → conv → residual… → down → residual… → head → o
//! Φ = Σ o·q[1..] + 0.05 Σ_pixels mean_channels(o²) + ½ q[0] ‖x‖²,   q = readout(e)
//! ```
//!
//! The embedding comes first and the readout last in every potential, so neither is listed. All images are
//! row-major, channels last (H, W, C).

use crate::error::{ArchitectureError, NameError};
use crate::matrix::{MatrixName, MatrixShape, Part};
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// Most layers that an architecture may list.
pub const MAX_LAYERS: usize = 24;
/// Largest height, width, channel count and embedding.
pub const MAX_EXTENT: u16 = 1024;
/// Most elements of one activation (C·H·W).
pub const MAX_ACTIVATION: usize = 1 << 24;
/// Number of sinusoidal features of time: sines of `t·f`, then cosines of `t·f`, for every frequency `f`.
pub const TIME_FEATURES: usize = 2 * FREQUENCIES.len();
/// Weight of the sum of squares in the readout.
pub const SQUARES: f32 = 0.05;

/// Frequencies of the time features, in radians per unit of time: 2·100^(i/15). Literals, so that no
/// target has to compute them.
#[rustfmt::skip]
pub const FREQUENCIES: [f32; 16] = [
    2.0, 2.718_712_8, 3.695_699_7, 5.023_772_7, 6.829_097_7, 9.283_177,
    12.619_147, 17.153_917, 23.318_289, 31.697_865, 43.088_696, 58.572_89,
    79.621_44, 108.233_9, 147.128_45, 200.0,
];

// Sizes are counted in `usize`. The largest potential that validates is MAX_LAYERS residual blocks of MAX_EXTENT
// channels; in float32 its file is below 2³¹ bytes, so no sum over a validated architecture overflows 32 bits.
const _: () = {
    assert!(usize::BITS >= 32, "vapo-format needs a target with 32-bit addresses or wider");
    let c = MAX_EXTENT as u64;
    let block = 2 * (9 * c + 1) * c + (c + 1) * (2 * c);
    let once = (TIME_FEATURES as u64 + 1) * c + (c + 1) * c + (c + 1) * (1 + c);
    assert!(4 * (MAX_LAYERS as u64 * block + once) + 1024 < 1 << 31);
};

/// Extent of an image or activation, channels last in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Values a pixel.
    pub channels: u16,
    /// Rows.
    pub height: u16,
    /// Columns.
    pub width: u16,
}

impl Shape {
    /// Number of values, C·H·W; at most `usize::MAX`, which only extents above [`MAX_EXTENT`] can reach.
    pub const fn elements(self) -> usize {
        self.pixels().saturating_mul(self.channels as usize)
    }

    /// Number of pixels, H·W.
    pub const fn pixels(self) -> usize {
        // 65,535² fits 32 bits.
        self.height as usize * self.width as usize
    }
}

/// `28×28×1`: height, width, channels.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}×{}", self.height, self.width, self.channels)
    }
}

/// The path x = mean(t)·data + std(t)·noise from the prior at t = 0 to the data at t = 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Homotopy {
    /// mean t, std 1 − t: the straight path.
    #[default]
    Linear,
    /// mean t, variance 1 − t: the log-homotopy between prior and likelihood.
    Bayes,
}

/// `linear` or `bayes`.
impl fmt::Display for Homotopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Homotopy::Linear => "linear",
            Homotopy::Bayes => "bayes",
        })
    }
}

impl FromStr for Homotopy {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "linear" => Ok(Homotopy::Linear),
            "bayes" => Ok(Homotopy::Bayes),
            _ => Err(NameError { expected: "linear or bayes" }),
        }
    }
}

/// One layer of the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Layer {
    /// (H, W, C) → (H/2, W/2, 4C): channel `(2·dy + dx)·C + c` of a pixel is the value at row offset `dy`,
    /// column offset `dx`.
    SpaceToDepth,
    /// 3×3 convolution, zero padding, same extent.
    Conv {
        /// Output channels.
        channels: u16,
    },
    /// x + conv₂(silu(conv₁(silu(x))·(1 + scale) + shift)), both 3×3 with x's channels, where
    /// (scale, shift) = film(e): FiLM by the time embedding.
    Residual,
    /// 2×2 convolution of stride 2: half the height and width.
    Down {
        /// Output channels.
        channels: u16,
    },
    /// 1×1 convolution of silu(x). The last layer, and only the last.
    Head {
        /// Output channels.
        channels: u16,
    },
}

impl Layer {
    /// Extent of this layer's output for an input of extent `input`.
    ///
    /// # Errors
    /// The extent is odd where the layer halves it, or the output exceeds [`MAX_EXTENT`] or [`MAX_ACTIVATION`].
    pub fn output(self, input: Shape) -> Result<Shape, ArchitectureError> {
        let output = match self {
            Layer::SpaceToDepth => Shape { channels: input.channels.saturating_mul(4), ..halved(input)? },
            Layer::Down { channels } => Shape { channels, ..halved(input)? },
            Layer::Conv { channels } | Layer::Head { channels } => Shape { channels, ..input },
            Layer::Residual => input,
        };
        checked(output)
    }

    /// Shapes of this layer's matrices, in the order of the file, for `input` channels and an embedding.
    pub fn matrices(self, input: u16, embedding: u16) -> impl Iterator<Item = (Part, usize, usize)> {
        let (c, e) = (input as usize, embedding as usize);
        let list = match self {
            Layer::SpaceToDepth => [None; 3],
            Layer::Conv { channels } => [Some((Part::Conv, 9 * c, channels as usize)), None, None],
            Layer::Residual => {
                [Some((Part::Conv1, 9 * c, c)), Some((Part::Film, e, 2 * c)), Some((Part::Conv2, 9 * c, c))]
            }
            Layer::Down { channels } => [Some((Part::Down, 4 * c, channels as usize)), None, None],
            Layer::Head { channels } => [Some((Part::Head, c, channels as usize)), None, None],
        };
        list.into_iter().flatten()
    }
}

/// The layer's kind and its output channels: `conv 16`.
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layer::SpaceToDepth => f.write_str("space-to-depth"),
            Layer::Conv { channels } => write!(f, "conv {channels}"),
            Layer::Residual => f.write_str("residual"),
            Layer::Down { channels } => write!(f, "down {channels}"),
            Layer::Head { channels } => write!(f, "head {channels}"),
        }
    }
}

fn halved(shape: Shape) -> Result<Shape, ArchitectureError> {
    if shape.height % 2 == 1 || shape.width % 2 == 1 {
        return Err(ArchitectureError::OddExtent { height: shape.height, width: shape.width });
    }
    Ok(Shape { height: shape.height / 2, width: shape.width / 2, ..shape })
}

fn checked(shape: Shape) -> Result<Shape, ArchitectureError> {
    for extent in [shape.channels, shape.height, shape.width] {
        check_extent(extent)?;
    }
    // Three extents of at most 2¹⁰ fit 32 bits, saturating or not.
    if shape.elements() > MAX_ACTIVATION {
        return Err(ArchitectureError::Activation { elements: shape.elements() as u32 });
    }
    Ok(shape)
}

fn check_extent(extent: u16) -> Result<(), ArchitectureError> {
    match extent {
        1..=MAX_EXTENT => Ok(()),
        _ => Err(ArchitectureError::Extent { found: extent }),
    }
}

/// Everything that fixes a potential but its weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Extent of a data sample.
    pub image: Shape,
    /// Path that the potential was trained on.
    pub homotopy: Homotopy,
    /// Width of the time embedding.
    pub embedding: u16,
    /// The encoder, from image to head.
    pub layers: heapless::Vec<Layer, MAX_LAYERS>,
}

impl Architecture {
    /// Checks every extent, and that the head closes the list.
    ///
    /// # Errors
    /// The first rule that the architecture breaks.
    pub fn validate(&self) -> Result<(), ArchitectureError> {
        check_extent(self.embedding)?;
        let mut shape = checked(self.image)?;
        for (index, layer) in self.layers.iter().enumerate() {
            shape = layer.output(shape)?;
            let last = index + 1 == self.layers.len();
            if matches!(layer, Layer::Head { .. }) != last {
                return Err(ArchitectureError::Head);
            }
        }
        if self.layers.is_empty() { Err(ArchitectureError::Head) } else { Ok(()) }
    }

    /// Every layer with the extents of its input and output. Ends early at a layer that does not fit
    /// ([`Architecture::validate`] names it).
    pub fn walk(&self) -> impl Iterator<Item = (Layer, Shape, Shape)> + '_ {
        let mut shape = self.image;
        self.layers.iter().map_while(move |&layer| {
            let input = shape;
            shape = layer.output(input).ok()?;
            Some((layer, input, shape))
        })
    }

    /// Every weight matrix in the order of the file: the embedding, the layers, the readout.
    pub fn matrices(&self) -> impl Iterator<Item = MatrixShape> + '_ {
        let e = self.embedding as usize;
        let named = |layer, (part, rows, columns)| MatrixShape { name: MatrixName { layer, part }, rows, columns };
        let head = self.walk().last().map_or(0, |(_, _, output)| output.channels as usize);
        let embedding = [(Part::Embedding0, TIME_FEATURES, e), (Part::Embedding1, e, e)];
        let readout = [(Part::Readout, e, 1 + head)];
        let layers = self.walk().enumerate().flat_map(move |(index, (layer, input, _))| {
            layer.matrices(input.channels, self.embedding).map(move |m| named(Some(index as u8), m))
        });
        embedding
            .into_iter()
            .map(move |m| named(None, m))
            .chain(layers)
            .chain(readout.into_iter().map(move |m| named(None, m)))
    }

    /// Number of weights and biases. Exact for an architecture that validates; others may reach `usize::MAX`.
    pub fn parameters(&self) -> usize {
        self.matrices().map(|m| m.rows.saturating_add(1).saturating_mul(m.columns)).fold(0, usize::saturating_add)
    }

    /// Multiply-accumulates of one potential, multiplications by padding included. The drift takes twice
    /// as many: one pass forward, one in reverse.
    pub fn multiply_accumulates(&self) -> u64 {
        // In u64 from the start: pixels × rows × columns of one layer can exceed 32 bits.
        let product = |rows: usize, columns: usize| rows as u64 * columns as u64;
        let image = |(layer, input, output): (Layer, Shape, Shape)| -> u64 {
            layer
                .matrices(input.channels, self.embedding)
                .map(|(part, rows, columns)| {
                    let times = if part == Part::Film { 1 } else { output.pixels() as u64 };
                    times * product(rows, columns)
                })
                .sum()
        };
        let once: u64 = self.matrices().filter(|m| m.name.layer.is_none()).map(|m| product(m.rows, m.columns)).sum();
        self.walk().map(image).sum::<u64>() + once
    }
}
