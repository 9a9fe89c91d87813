//! (H, W, C) → (H/2, W/2, 4C): each 2×2 block of pixels becomes the channels of one. An axis of extent 1 stays as it is, so
//! that a series becomes (1, W/2, 2C).

use super::{Inputs, Kind, checked, divided, input};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A permutation: channel `(columns·dy + dx)·C + c` of a pixel is channel `c` of the value at row offset `dy`, column offset
/// `dx` of its block, which has so many columns.
///
/// ```
/// use vapo_format::Shape;
/// use vapo_format::layer::SpaceToDepth;
///
/// assert_eq!(SpaceToDepth::block(Shape { channels: 1, height: 28, width: 28 }), [2, 2]);
/// assert_eq!(SpaceToDepth::block(Shape { channels: 1, height: 1, width: 64 }), [1, 2]); // of a series
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceToDepth;

impl SpaceToDepth {
    /// Rows and columns of a block of an input of an extent.
    pub const fn block(extent: Shape) -> [u8; 2] {
        match (extent.height, extent.width) {
            // One pixel has no block.
            (1, 1) => [2, 2],
            (1, _) => [1, 2],
            (_, 1) => [2, 1],
            _ => [2, 2],
        }
    }
}

impl Kind for SpaceToDepth {
    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let extent = input(inputs, 0).extent;
        let block = SpaceToDepth::block(extent);
        let [rows, columns] = block.map(u16::from);
        checked(Shape { channels: extent.channels.saturating_mul(rows * columns), ..divided(extent, block)? })
    }
}

impl fmt::Display for SpaceToDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("space-to-depth")
    }
}
