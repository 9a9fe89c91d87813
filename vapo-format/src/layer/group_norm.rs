//! Group normalisation: each group of channels of a sample has mean 0 and variance 1, then a scale and a shift a channel.

use super::{Inputs, Kind, input};
use crate::encoding::Arithmetic;
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use serde::{Deserialize, Serialize};

/// What is added to the variance before its root is taken.
pub const EPSILON: f32 = 1e-5;

/// `y = scale·(x − mean) / √(variance + ε) + shift`, with mean and variance of a sample's pixels and of a group of
/// neighbouring channels. The scales are the one row of the matrix, the shifts its biases.
///
/// Source: Wu and He, *Group normalization*, 2018, arXiv:1803.08494.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupNorm {
    /// How many groups the channels are parted in: a divisor of the channels.
    pub groups: u16,
}

impl Kind for GroupNorm {
    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let x = input(inputs, 0).extent;
        match x.channels.checked_rem(self.groups) {
            Some(0) => Ok(x),
            _ => Err(Fault::Groups { channels: x.channels, found: self.groups }),
        }
    }

    fn matrix(&self, inputs: Inputs<'_>) -> Option<(usize, usize)> {
        Some((1, input(inputs, 0).extent.channels.into()))
    }

    /// Every element by itself.
    fn multiply_accumulates(&self, _: Inputs<'_>, _: Shape) -> u64 {
        0
    }

    fn keeps(&self, _: usize, _: Arithmetic) -> bool {
        true
    }

    fn float_only(&self) -> bool {
        true
    }
}

/// `group-norm 32`.
impl fmt::Display for GroupNorm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "group-norm {}", self.groups)
    }
}
