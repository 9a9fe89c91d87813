//! The layers that are measured: those of the presets `small`, `digits` and `series-tiny`, and some along time alone. Weights have 8 bits
//! if nothing else is said.

use vapo_format::{Bits, Shape};
use vapo_sampler::kernel::convolution::Geometry;

/// A layer and its name.
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    pub(crate) geometry: Geometry,
    /// Of its weights.
    pub(crate) bits: Bits,
}

impl Layer {
    /// Multiplications, those of taps over the border too.
    pub(crate) fn macs(&self) -> u32 {
        let Geometry { window: [rows, columns], input, output, .. } = self.geometry;
        (rows * columns * usize::from(input.channels) * output.elements()) as u32
    }
}

pub(crate) static LAYERS: &[Layer] = &[
    same("3x3 16-16 @14", [16, 16], 14),
    same("3x3 32-32 @14", [32, 32], 14),
    same("3x3 32-32 @7", [32, 32], 7),
    of_bits(Bits::Six, same("3x3 32-32 @14 6-bit", [32, 32], 14)),
    of_bits(Bits::Six, same("3x3 32-32 @7 6-bit", [32, 32], 7)),
    of_bits(Bits::Four, same("3x3 32-32 @14 4-bit", [32, 32], 14)),
    of_bits(Bits::Four, same("3x3 32-32 @7 4-bit", [32, 32], 7)),
    same("3x3 4-16 @14", [4, 16], 14),
    same("3x3 8-8 @8", [8, 8], 8),
    same("3x3 16-16 @4", [16, 16], 4),
    same("3x3 32-32 @2", [32, 32], 2),
    tiles("2x2 16-32 @7", 2, [16, 32], 7),
    tiles("2x2 8-16 @4", 2, [8, 16], 4),
    tiles("1x1 16-32 @1", 1, [16, 32], 1),
    tiles("1x1 32-16 @7", 1, [32, 16], 7),
    of_bits(Bits::Four, tiles("1x1 32-16 @7 4-bit", 1, [32, 16], 7)),
    along_time("1x3 16-16 @64", 3, [16, 16], 64),
    along_time("1x3 32-32 @32", 3, [32, 32], 32),
    along_time("1x3 16-16 @16", 3, [16, 16], 16),
    along_time("1x3 24-24 @8", 3, [24, 24], 8),
    along_time("1x5 16-16 @64", 5, [16, 16], 64),
    along_time("1x7 16-16 @64", 7, [16, 16], 64),
    halved("1x2 16-32 @32", [16, 32], 32),
    halved("1x2 16-24 @8", [16, 24], 8),
];

const fn of_bits(bits: Bits, layer: Layer) -> Layer {
    Layer { bits, ..layer }
}

const fn square(channels: u16, extent: u16) -> Shape {
    Shape { channels, height: extent, width: extent }
}

const fn same(name: &'static str, [inputs, outputs]: [u16; 2], extent: u16) -> Layer {
    let (input, output) = (square(inputs, extent), square(outputs, extent));
    Layer { name, geometry: Geometry { window: [3, 3], tiles: false, input, output }, bits: Bits::Eight }
}

const fn tiles(name: &'static str, window: u16, [inputs, outputs]: [u16; 2], extent: u16) -> Layer {
    let (input, output) = (square(inputs, window * extent), square(outputs, extent));
    Layer { name, geometry: Geometry { window: [window as usize; 2], tiles: true, input, output }, bits: Bits::Eight }
}

const fn series(channels: u16, width: u16) -> Shape {
    Shape { channels, height: 1, width }
}

const fn along_time(name: &'static str, window: usize, [inputs, outputs]: [u16; 2], width: u16) -> Layer {
    let (input, output) = (series(inputs, width), series(outputs, width));
    Layer { name, geometry: Geometry { window: [1, window], tiles: false, input, output }, bits: Bits::Eight }
}

const fn halved(name: &'static str, [inputs, outputs]: [u16; 2], width: u16) -> Layer {
    let (input, output) = (series(inputs, 2 * width), series(outputs, width));
    Layer { name, geometry: Geometry { window: [1, 2], tiles: true, input, output }, bits: Bits::Eight }
}
