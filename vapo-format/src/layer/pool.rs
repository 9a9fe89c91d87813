//! (H, W, C) → (H/2, W/2, C) or (H, W/2, C): the mean of each block of pixels.

use super::{Inputs, Kind, divided, input};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The mean of every block of so many rows and columns: [2, 2], [1, 2] or [2, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Rows and columns of a block.
    pub block: [u8; 2],
}

impl Pool {
    /// Half the height and width.
    pub const BOTH: Pool = Pool { block: [2, 2] };
    /// Half the width.
    pub const ALONG: Pool = Pool { block: [1, 2] };
}

impl Kind for Pool {
    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let ([2, 2] | [1, 2] | [2, 1]) = self.block else { return Err(Fault::Factor { found: self.block }) };
        divided(input(inputs, 0).extent, self.block)
    }

    fn float_only(&self) -> bool {
        true
    }
}

/// `pool 2×2`.
impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rows, columns] = self.block;
        write!(f, "pool {rows}×{columns}")
    }
}
