//! (H, W, C) → (2H, 2W, C) or (H, 2W, C): each pixel several times, its nearest neighbours.

use super::{Inputs, Kind, checked, input};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Upsampling by two in both directions or in one: pixel (y, x) is the input's pixel (y/rows, x/columns), rounded down, for a
/// factor of so many rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Up {
    /// How many times each row and each column appears: [2, 2], [1, 2] or [2, 1].
    pub factor: [u8; 2],
}

impl Up {
    /// Twice the height and width.
    pub const BOTH: Up = Up { factor: [2, 2] };
    /// Twice the width.
    pub const ALONG: Up = Up { factor: [1, 2] };
}

impl Kind for Up {
    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let ([2, 2] | [1, 2] | [2, 1]) = self.factor else { return Err(Fault::Factor { found: self.factor }) };
        let Shape { channels, height, width } = input(inputs, 0).extent;
        let [rows, columns] = self.factor.map(u16::from);
        checked(Shape { channels, height: height.saturating_mul(rows), width: width.saturating_mul(columns) })
    }
}

/// `up 2×2`.
impl fmt::Display for Up {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rows, columns] = self.factor;
        write!(f, "up {rows}×{columns}")
    }
}
