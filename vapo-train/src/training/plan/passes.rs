//! What both passes of the potential keep and work in on the processor, by the layers of [`crate::ops::Fused`].

use super::VALUE;
use crate::ops::fused::GROUP;
use crate::ops::kernel::panels;
use crate::ops::kernel::window::Window;
use crate::potential::residual_blocks;
use vapo_format::architecture::Placed;
use vapo_format::{Architecture, Layer, Shape};

/// Bytes of an index, of a pixel in memory.
const INDEX: u64 = size_of::<u32>() as u64;

/// What the passes over some images take, in bytes.
pub(super) struct Passes {
    /// What the first pass leaves to the second, and the buffers of both.
    pub(super) kept: u64,
    /// Activations and cotangents between layers.
    pub(super) scratch: u64,
    /// Weights in panels; of all images together.
    pub(super) weights: u64,
}

impl Passes {
    pub(super) fn new(architecture: &Architecture, images: usize) -> Self {
        let blocks = residual_blocks(architecture);
        let images = images as u64;
        let (mut kept, mut weights, mut largest) = (0, 0, 0);
        for placed in architecture.walk() {
            let node = usize::from(placed.index);
            largest = largest.max(elements(placed.output.extent));
            weights += of_panels(&placed);
            // A block is one operation, which stands where its sum is.
            if blocks.iter().any(|block| block.inner.contains(&node)) {
                continue;
            }
            kept += match blocks.iter().find(|block| block.output == node) {
                Some(block) => of_block(block.window, placed.output.extent, images),
                None => of_layer(&placed, images),
            };
        }
        // An operation's input, its output and what it copies, or their cotangents; the image and its cotangent lie there throughout.
        let scratch = VALUE * images * (3 * largest + 2 * elements(architecture.signal));
        Passes { kept, scratch, weights }
    }
}

/// Values of an activation.
fn elements(extent: Shape) -> u64 {
    extent.elements() as u64
}

/// What a layer keeps.
fn of_layer(placed: &Placed, images: u64) -> u64 {
    let read = |position: usize| elements(placed.inputs()[position].extent);
    let output = elements(placed.output.extent);
    match placed.node.layer {
        Layer::Conv(conv) => {
            let window = Window::from(conv);
            let placed_values = |Shape { channels, height, width }: Shape| {
                window.placed((1, height.into(), width.into(), channels.into())) as u64
            };
            let pixels = placed.output.extent.pixels() as u64;
            // Tiles are read from the cotangent as it is, other windows from one with a border.
            let bordered = if window.tiles() { 0 } else { placed_values(placed.output.extent) };
            let (rows, _) = window.rows(1);
            let indices = if window.tiles() { 2 + 2 * rows as u64 } else { 4 };
            let input = placed_values(placed.inputs()[0].extent);
            images * (VALUE * (2 * input + output + bordered.max(read(0))) + INDEX * indices * pixels)
        }
        // Both derivatives; FiLM keeps inputs and factors of both passes, and a cotangent.
        Layer::Silu(_) if placed.inputs().len() == 1 => VALUE * images * 2 * output,
        Layer::Silu(_) => VALUE * images * (5 * output + 2 * read(1)),
        Layer::Readout(_) => VALUE * images * (read(0) + read(1) + read(2)),
        // Values and tangents, and a cotangent.
        Layer::GroupNorm(_) => VALUE * images * 3 * output,
        Layer::Attention(_) => VALUE * images * (2 * read(0) + output),
        Layer::Distance(_) => VALUE * images * 2 * read(0),
        _ => 0,
    }
}

/// What a residual block keeps: seven activations, eight with a border, scales and shifts of both passes, where pixels lie, and room
/// for the images that go through its steps together.
fn of_block(window: Window, extent: Shape, images: u64) -> u64 {
    let Shape { channels, height, width } = extent;
    let bordered = window.placed((1, height.into(), width.into(), channels.into())) as u64;
    let film = 2 * 2 * u64::from(channels);
    let group = (GROUP as u64 / elements(extent)).clamp(1, images);
    let rows = 6 * u64::from(width) * u64::from(channels);
    VALUE * (images * (7 * elements(extent) + 8 * bordered + film) + group * elements(extent) + rows)
        + INDEX * 2 * images * extent.pixels() as u64
}

/// The weights of a convolution in panels, forward and in reverse.
fn of_panels(placed: &Placed) -> u64 {
    let (Layer::Conv(conv), Some(matrix)) = (placed.node.layer, placed.matrix()) else { return 0 };
    let window = Window::from(conv);
    let channels = matrix.rows / window.taps();
    let (rows, run) = window.rows(channels);
    let forward = panels::length(matrix.rows, matrix.columns, rows);
    let reverse = if window.tiles() {
        rows * panels::length(matrix.columns, run, 1)
    } else {
        panels::length(window.taps() * matrix.columns, channels, rows)
    };
    VALUE * (forward + reverse + matrix.columns) as u64
}
