//! Layers of random extents, which have all that the table's layers have not: odd channels, single pixels, windows of other
//! extents, sums that saturate.

use super::Random;
use vapo_format::Shape;
use vapo_sampler::kernel::convolution::Geometry;

/// Layers that are compared.
pub(crate) const LAYERS: usize = 400;

/// A layer's extents, and its shifts.
pub(crate) fn layer(random: &mut Random) -> (Geometry, [u8; 3]) {
    let mut below = |limit: u32| (random.next() >> 4) % limit;
    let (inputs, outputs) = (1 + below(9), 1 + below(9));
    let outputs = if below(2) == 0 { inputs } else { outputs };
    let (height, width) = (1 + below(7), 1 + below(12));
    let (window, tiles) = match below(4) {
        0 => ([1 + below(3), 1 + below(3)], true),
        1 => ([1 + 2 * below(4), 1 + 2 * below(4)], false),
        _ => ([3, 3], false),
    };
    let shape = |channels, rows, columns| Shape {
        channels: channels as u16,
        height: (height * rows) as u16,
        width: (width * columns) as u16,
    };
    let [rows, columns] = if tiles { window } else { [1, 1] };
    let (input, output) = (shape(inputs, rows, columns), shape(outputs, 1, 1));
    let shifts = [below(14) as u8, below(18) as u8, below(16) as u8];
    (Geometry { window: window.map(|extent| extent as usize), tiles, input, output }, shifts)
}
