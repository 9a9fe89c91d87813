//! The layers that are measured: those of the presets `small` and `digits`.

use vapo_format::Shape;
use vapo_sampler::kernel::convolution::Geometry;

/// A layer and its name.
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    pub(crate) geometry: Geometry,
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
    same("3x3 4-16 @14", [4, 16], 14),
    same("3x3 8-8 @8", [8, 8], 8),
    same("3x3 16-16 @4", [16, 16], 4),
    same("3x3 32-32 @2", [32, 32], 2),
    tiles("2x2 16-32 @7", 2, [16, 32], 7),
    tiles("2x2 8-16 @4", 2, [8, 16], 4),
    tiles("1x1 16-32 @1", 1, [16, 32], 1),
    tiles("1x1 32-16 @7", 1, [32, 16], 7),
];

const fn square(channels: u16, extent: u16) -> Shape {
    Shape { channels, height: extent, width: extent }
}

const fn same(name: &'static str, [inputs, outputs]: [u16; 2], extent: u16) -> Layer {
    let (input, output) = (square(inputs, extent), square(outputs, extent));
    Layer { name, geometry: Geometry { window: [3, 3], tiles: false, input, output } }
}

const fn tiles(name: &'static str, window: u16, [inputs, outputs]: [u16; 2], extent: u16) -> Layer {
    let (input, output) = (square(inputs, window * extent), square(outputs, extent));
    Layer { name, geometry: Geometry { window: [window as usize; 2], tiles: true, input, output } }
}
