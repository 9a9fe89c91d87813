//! (H, W, C) → (H/2, W/2, 4C): each 2×2 block of pixels becomes the channels of one.

use super::{Inputs, Kind, checked, halved, input};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A permutation: channel `(2·dy + dx)·C + c` of a pixel is channel `c` of the value at row offset `dy`, column offset `dx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceToDepth;

impl Kind for SpaceToDepth {
    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let extent = input(inputs, 0).extent;
        checked(Shape { channels: extent.channels.saturating_mul(4), ..halved(extent)? })
    }
}

impl fmt::Display for SpaceToDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("space-to-depth")
    }
}
