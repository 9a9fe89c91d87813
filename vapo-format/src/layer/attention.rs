//! Attention: every pixel is a mean of all pixels' values, weighted by how their keys agree with its query.

use super::{Inputs, Kind, input};
use crate::encoding::Arithmetic;
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use serde::{Deserialize, Serialize};

/// (H, W, 3C) → (H, W, C): `softmax(Q·Kᵀ/√c)·V` over the pixels of a sample, in heads of c = C/heads channels each. The input's
/// channels are the queries Q, then the keys K, then the values V; a head has its c neighbours of each.
///
/// Source: Vaswani et al., *Attention is all you need*, 2017, arXiv:1706.03762, section 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attention {
    /// How many heads the output's channels are parted in: a divisor of them.
    pub heads: u16,
}

impl Kind for Attention {
    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let x = input(inputs, 0).extent;
        match x.channels.checked_rem(self.heads.saturating_mul(3)) {
            Some(0) => Ok(Shape { channels: x.channels / 3, ..x }),
            _ => Err(Fault::Heads { channels: x.channels, found: self.heads }),
        }
    }

    /// Scores, then means of values.
    fn multiply_accumulates(&self, _: Inputs<'_>, output: Shape) -> u64 {
        2 * output.pixels() as u64 * output.elements() as u64
    }

    fn keeps(&self, _: usize, _: Arithmetic) -> bool {
        true
    }

    fn float_only(&self) -> bool {
        true
    }
}

/// `attention 1`.
impl fmt::Display for Attention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attention {}", self.heads)
    }
}
