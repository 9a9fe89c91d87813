//! The encoder: the shape of most potentials, listed by its blocks.
//!
//! ```text
//! e = silu(W₁ silu(W₀ features(t)) + W₂ onehot(c))        embedding of time, and of a class where there are classes
//! x → [space to depth] → conv → residual… → down → residual… → head → o
//! Φ = Σ o·q[1..] + 0.05 Σ_pixels mean_channels(o²) + ½ q[0] ‖x‖²,   q = readout(e)
//! ```
//!
//! Files of version 1 list blocks; presets do too. Here they become nodes. A signal of height 1 is a series: its blocks have
//! windows along time alone, but those of version 1 files, which had none for series.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Block, Homotopy, Shape, encoder};
//!
//! let digits = Shape { channels: 1, height: 8, width: 8 };
//! let blocks = [Block::Conv { channels: 8 }, Block::Residual, Block::Down { channels: 16 }, Block::Head { channels: 16 }];
//! let of_all = encoder::architecture(digits, Homotopy::Linear, 16, &blocks)?;
//! let of_ten_classes = encoder::conditional(digits, Homotopy::Linear, 16, 10, &blocks)?;
//! assert_eq!(of_ten_classes.classes, 10);
//! assert!(of_ten_classes.parameters() > of_all.parameters());
//! # Ok::<(), vapo_format::ArchitectureError>(())
//! ```

use crate::architecture::{Architecture, MAX_NODES, Node};
use crate::error::{ArchitectureError, Fault};
use crate::homotopy::Homotopy;
use crate::layer::{Add, Class, Conv, Layer, Readout, Signal, Silu, SpaceToDepth, TIME_FEATURES, Time};
use crate::signal::Shape;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Most blocks of a version 1 file.
pub const MAX_BLOCKS: usize = 24;

/// One block of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Block {
    /// Each 2×2 block of pixels becomes the channels of one; of a series, 1×2.
    SpaceToDepth,
    /// 3×3 convolution, zero padding, same extent; of a series, 1×3.
    Conv {
        /// Output channels.
        channels: u16,
    },
    /// x + conv₂(silu(conv₁(silu(x))·(1 + scale) + shift)), both 3×3 with x's channels, where
    /// (scale, shift) = film(e): FiLM by the time embedding. Of a series, 1×3.
    Residual,
    /// 2×2 convolution of stride 2: half the height and width; of a series, 1×2, half the width.
    Down {
        /// Output channels.
        channels: u16,
    },
    /// 1×1 convolution of silu(x). The last block, and only the last.
    Head {
        /// Output channels.
        channels: u16,
    },
}

impl Block {
    /// Output channels, of an input of so many.
    pub(crate) fn channels(self, input: u16, windows: Windows) -> u16 {
        match self {
            Block::SpaceToDepth => input.saturating_mul(windows.block()),
            Block::Residual => input,
            Block::Conv { channels } | Block::Down { channels } | Block::Head { channels } => channels,
        }
    }
}

/// The windows that blocks have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Windows {
    /// 3×3 and 2×2.
    Image,
    /// 1×3 and 1×2.
    Series,
}

impl Windows {
    /// Those of a signal.
    pub(crate) fn of(signal: Shape) -> Self {
        if signal.height == 1 { Windows::Series } else { Windows::Image }
    }

    /// Pixels whose channels become those of one.
    fn block(self) -> u16 {
        match self {
            Windows::Image => 4,
            Windows::Series => 2,
        }
    }

    /// A convolution that keeps the extent.
    pub(crate) fn same(self, channels: u16) -> Conv {
        match self {
            Windows::Image => Conv::same3x3(channels),
            Windows::Series => Conv::same1x3(channels),
        }
    }

    /// A convolution that halves the extent.
    fn down(self, channels: u16) -> Conv {
        match self {
            Windows::Image => Conv::down2x2(channels),
            Windows::Series => Conv::down1x2(channels),
        }
    }
}

/// Whether the last block, and only the last, is a head.
pub(crate) fn has_one_head(blocks: impl Iterator<Item = Block>) -> bool {
    let (mut heads, mut last) = (0_u16, false);
    for block in blocks {
        last = matches!(block, Block::Head { .. });
        heads = heads.saturating_add(last.into());
    }
    last && heads == 1
}

/// The block's kind and its output channels: `conv 16`.
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Block::SpaceToDepth => f.write_str("space-to-depth"),
            Block::Conv { channels } => write!(f, "conv {channels}"),
            Block::Residual => f.write_str("residual"),
            Block::Down { channels } => write!(f, "down {channels}"),
            Block::Head { channels } => write!(f, "head {channels}"),
        }
    }
}

/// The architecture of an encoder of no classes.
///
/// # Errors
/// The last block is no head, or another one is, or the blocks are more than fit an architecture. [`Architecture::validate`]
/// says whether they fit each other.
pub fn architecture(
    signal: Shape,
    homotopy: Homotopy,
    embedding: u16,
    blocks: &[Block],
) -> Result<Architecture, ArchitectureError> {
    conditional(signal, homotopy, embedding, 0, blocks)
}

/// As [`architecture`], for so many classes: an embedding of the class is added to that of time.
///
/// # Errors
/// As [`architecture`].
pub fn conditional(
    signal: Shape,
    homotopy: Homotopy,
    embedding: u16,
    classes: u16,
    blocks: &[Block],
) -> Result<Architecture, ArchitectureError> {
    if !has_one_head(blocks.iter().copied()) {
        return Err(ArchitectureError { node: 0, fault: Fault::Head });
    }
    let mut architecture = Architecture { classes, ..Architecture::new(signal, homotopy) };
    architecture.nodes.clear();
    for node in nodes((signal.channels, Windows::of(signal)), embedding, classes, blocks.iter().copied()) {
        let index = architecture.nodes.len() as u16;
        let refused = ArchitectureError { node: index, fault: Fault::Nodes };
        architecture.nodes.push(node).map_err(|_| refused)?;
    }
    Ok(architecture)
}

/// The nodes of an encoder, for a signal of so many channels and so many classes.
pub(crate) fn nodes<B: Iterator<Item = Block>>(
    (channels, windows): (u16, Windows),
    embedding: u16,
    classes: u16,
    blocks: B,
) -> Nodes<B> {
    let pending = heapless::Deque::new();
    let mut nodes = Nodes { blocks, pending, index: 0, stream: 0, channels, windows, embedding: 0, ended: false };
    nodes.add(Signal, &[]);
    let time = nodes.add(Time { features: TIME_FEATURES as u8 }, &[]);
    let hidden = nodes.add(Conv::linear(embedding), &[time]);
    let hidden = nodes.add(Silu, &[hidden]);
    let mut output = nodes.add(Conv::linear(embedding), &[hidden]);
    if classes > 0 {
        let class = nodes.add(Class { classes }, &[]);
        let class = nodes.add(Conv::linear(embedding), &[class]);
        output = nodes.add(Add, &[output, class]);
    }
    nodes.embedding = nodes.add(Silu, &[output]);
    nodes
}

/// Makes nodes of blocks, one block at a time.
#[derive(Clone, Debug)]
pub(crate) struct Nodes<B> {
    blocks: B,
    pending: heapless::Deque<Node, 10>,
    /// Nodes made.
    index: u16,
    /// The last block's output, and its channels.
    stream: u16,
    channels: u16,
    windows: Windows,
    /// The node of the time embedding.
    embedding: u16,
    ended: bool,
}

impl<B> Nodes<B> {
    fn add(&mut self, layer: impl Into<Layer>, inputs: &[u16]) -> u16 {
        // The signal and the embedding have at most nine nodes, a block six, and there is room for ten.
        let _ = self.pending.push_back(Node::new(layer, self.index, inputs));
        self.index = self.index.saturating_add(1);
        self.index - 1
    }

    fn block(&mut self, block: Block) {
        let x = self.stream;
        let windows = self.windows;
        self.channels = block.channels(self.channels, windows);
        self.stream = match block {
            Block::SpaceToDepth => self.add(SpaceToDepth, &[x]),
            Block::Conv { channels } => self.add(windows.same(channels), &[x]),
            Block::Residual => {
                let active = self.add(Silu, &[x]);
                let hidden = self.add(windows.same(self.channels), &[active]);
                let film = self.add(Conv::linear(self.channels.saturating_mul(2)), &[self.embedding]);
                let active = self.add(Silu, &[hidden, film]);
                let branch = self.add(windows.same(self.channels), &[active]);
                self.add(Add, &[x, branch])
            }
            Block::Down { channels } => self.add(windows.down(channels), &[x]),
            Block::Head { channels } => {
                let active = self.add(Silu, &[x]);
                self.add(Conv::linear(channels), &[active])
            }
        };
    }

    fn readout(&mut self) {
        let factors = self.add(Conv::linear(self.channels.saturating_add(1)), &[self.embedding]);
        self.add(Readout, &[self.stream, factors, 0]);
    }
}

impl<B: Iterator<Item = Block>> Iterator for Nodes<B> {
    type Item = Node;

    fn next(&mut self) -> Option<Node> {
        while self.pending.is_empty() && !self.ended {
            match self.blocks.next() {
                Some(block) => self.block(block),
                None => {
                    self.readout();
                    self.ended = true;
                }
            }
        }
        self.pending.pop_front()
    }
}

// The embedding, the head, the read-out and the most residual blocks.
const _: () = assert!(9 + 6 * (MAX_BLOCKS - 1) + 2 + 2 <= MAX_NODES);
