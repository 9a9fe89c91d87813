//! A convolution; over one pixel, a linear map.

use super::{Emit, kernel};
use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::program::{Argument, BLOCKS, Launch, Role, Scalar};
use crate::ops::kernel::window::Window;
use vapo_format::Shape;
use vapo_format::layer::Conv;

/// Rows of a tile of the gradient of weights.
const GRADIENT_ROWS: usize = 64;
/// Columns of such tiles, by the file `weight_gradient.cu`, and their kernels.
const GRADIENT: [(usize, &str); 4] =
    [(16, "weight_gradient_16"), (32, "weight_gradient_32"), (64, "weight_gradient_64"), (128, "weight_gradient_128")];
/// Pixels that a block adds up, at least.
const PIXELS: usize = 64;

/// A tile of a product, a block of threads each, and the kernels that have it, by the file `product.cuh`.
struct Tile {
    rows: usize,
    columns: usize,
    forward: &'static str,
    around: &'static str,
    tiled: &'static str,
}

macro_rules! tiles {
    ($(($rows:literal, $columns:literal),)*) => {
        [$(Tile {
            rows: $rows,
            columns: $columns,
            forward: concat!("convolution_", $rows, "x", $columns),
            around: concat!("around_", $rows, "x", $columns),
            tiled: concat!("tiles_", $rows, "x", $columns),
        },)*]
    };
}

/// The largest first: a thread of them makes most of each number that it reads.
const TILES: [Tile; 8] = tiles![(128, 128), (128, 64), (64, 64), (256, 16), (128, 32), (32, 64), (32, 32), (64, 16),];

impl Tile {
    /// The largest tile that keeps every multiprocessor busy with a product of so many rows and columns; the smallest, where none
    /// does. No tile is wider than it needs to be.
    fn of(rows: usize, columns: usize) -> &'static Tile {
        let widest = columns.next_power_of_two().clamp(16, 128);
        // The columns of tiles that are too narrow are read too often.
        let fits = |tile: &&Tile| tile.columns <= widest && 4 * tile.columns >= widest && (widest == 16) == (tile.columns == 16);
        let busy = |tile: &&Tile| tile.blocks(rows, columns) >= BLOCKS / 2;
        let tiles = || TILES.iter().filter(fits);
        tiles().find(busy).or_else(|| tiles().next_back()).unwrap_or(&TILES[0])
    }

    /// Blocks that have a tile of a product each.
    fn blocks(&self, rows: usize, columns: usize) -> usize {
        rows.div_ceil(self.rows) * columns.div_ceil(self.columns)
    }
}

impl Emit for Conv {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let input = emitter.nodes.input(node, 0);
        let Some(x) = emitter.output(pass, input) else { return };
        let place = emitter.nodes.place(node).clone();
        let parameters = emitter.stores.parameters;
        // Tangents have no bias.
        let bias = match pass {
            Pass::First => Argument::At(parameters, place.bias().start),
            Pass::Second => Argument::Null,
        };
        let (target, base) = match emitter.sum_of(pass, node) {
            Some((sum, other)) => (sum, Argument::from(other)),
            None => (node, Argument::Null),
        };
        let to = emitter.new_output(pass, target);
        if target != node {
            emitter.same_output(pass, node, target);
        }
        let geometry = Geometry::new(*self, node, emitter);
        let tile = Tile::of(geometry.pixels, geometry.columns);
        let buffers = [x.into(), Argument::At(parameters, place.start), bias, base, to.into()];
        let arguments = buffers.into_iter().chain(geometry.of_windows()).collect();
        let launch =
            Launch::new(kernel("convolution", tile.forward), tile.blocks(geometry.pixels, geometry.columns), arguments);
        emitter.builder.launch(Launch { operations: geometry.operations(), ..launch });
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(cotangent) = emitter.cotangent(pass, node) else { return };
        let geometry = Geometry::new(*self, node, emitter);
        if pass == Pass::Second {
            geometry.weight_gradient(node, emitter);
        }
        let Some((to, base)) = emitter.part(pass, emitter.nodes.input(node, 0)) else { return };
        let weights = Argument::At(emitter.stores.parameters, emitter.nodes.place(node).start);
        let buffers: [Argument; 4] = [cotangent.into(), weights, base, to.into()];
        let Geometry { pixels, input, out, columns, window, .. } = geometry;
        let channels = usize::from(input.channels);
        let tap_rows = window.rows(1);
        let (across, extents) = if window.tiles() {
            let across = window.inputs(channels);
            let extents =
                vec![pixels, out.height.into(), out.width.into(), channels, columns, tap_rows.0, tap_rows.1];
            (across, extents)
        } else {
            let (top, left) = window.border();
            let (height, width) = (input.height.into(), input.width.into());
            let extents = vec![pixels, height, width, channels, columns, tap_rows.0, tap_rows.1, top, left];
            (channels, extents)
        };
        let tile = Tile::of(pixels, across);
        let name = if window.tiles() { tile.tiled } else { tile.around };
        let arguments = buffers.into_iter().chain(extents.into_iter().map(Argument::from)).collect();
        let launch =
            Launch::new(kernel("input_gradient", name), tile.blocks(pixels, across), arguments);
        emitter.builder.launch(Launch { operations: geometry.operations(), ..launch });
    }
}

/// The extents of a convolution of a batch.
#[derive(Clone, Copy)]
struct Geometry {
    window: Window,
    input: Shape,
    out: Shape,
    /// Output pixels of the batch.
    pixels: usize,
    columns: usize,
    /// Rows of the weights.
    inputs: usize,
}

impl Geometry {
    fn new(conv: Conv, node: usize, emitter: &Emitter<'_>) -> Self {
        let (input, out) = (emitter.nodes.extent(emitter.nodes.input(node, 0)), emitter.nodes.extent(node));
        let window = Window::from(conv);
        let pixels = emitter.batch * out.pixels();
        Geometry {
            window,
            input,
            out,
            pixels,
            columns: conv.channels.into(),
            inputs: window.inputs(input.channels.into()),
        }
    }

    /// Two a multiply-accumulate.
    fn operations(&self) -> u64 {
        2 * self.pixels as u64 * self.inputs as u64 * self.columns as u64
    }

    /// The arguments of kernels that read windows.
    fn of_windows(&self) -> impl Iterator<Item = Argument> {
        let Geometry { window, input, out, pixels, columns, .. } = *self;
        let ((rows, across), (down, right), (top, left)) = (window.rows(1), window.step(), window.border());
        let extents = [input.height, input.width, input.channels, out.height, out.width].map(usize::from);
        [pixels].into_iter().chain(extents).chain([columns, rows, across, down, right, top, left]).map(Argument::from)
    }

    /// Appends the gradient of a node's weights and biases.
    fn weight_gradient(&self, node: usize, emitter: &mut Emitter<'_>) {
        let input = emitter.nodes.input(node, 0);
        let Some(cotangent) = emitter.cotangent(Pass::Second, node) else { return };
        // Without a tangent there is no second sum.
        let second = emitter.tangent(input).zip(emitter.cotangent(Pass::First, node));
        let (tangent, first) = (second.map(|two| two.0), second.map(|two| two.1));
        // The narrowest that the columns fit, or the widest.
        let (width, name) = *GRADIENT.iter().find(|(width, _)| self.columns <= *width).unwrap_or(&GRADIENT[3]);
        let tiles = (self.inputs + 1).div_ceil(GRADIENT_ROWS) * self.columns.div_ceil(width);
        let slices = BLOCKS.div_ceil(tiles).clamp(1, self.pixels.div_ceil(PIXELS));
        let slice = self.pixels.div_ceil(slices);
        let slices = self.pixels.div_ceil(slice);
        let parts = (slices > 1)
            .then(|| emitter.builder.buffer(Role::Scratch, slices * tiles * GRADIENT_ROWS * width));
        let buffers = [
            emitter.value(input).into(),
            cotangent.into(),
            tangent.into(),
            first.into(),
            Argument::At(emitter.stores.gradient, emitter.nodes.place(node).start),
            parts.into(),
            emitter.stores.counters.into(),
            Scalar::Accumulate.into(),
        ];
        emitter.needs_counters(tiles);
        let arguments = buffers.into_iter().chain(self.of_windows()).chain([slice.into()]).collect();
        let launch = Launch::new(kernel("weight_gradient", name), tiles, arguments);
        let streams = if second.is_some() { 2 } else { 1 };
        let operations = streams * self.operations();
        emitter.builder.launch(Launch { blocks: (tiles, slices), operations, ..launch });
    }
}
