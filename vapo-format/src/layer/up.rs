//! (H, W, C) → (2H, 2W, C): each pixel four times, its nearest neighbours.

use super::{Inputs, Kind, checked, input};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Upsampling by two in both directions: pixel (y, x) is the input's pixel (y/2, x/2), rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Up;

impl Kind for Up {
    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let Shape { channels, height, width } = input(inputs, 0).extent;
        checked(Shape { channels, height: height.saturating_mul(2), width: width.saturating_mul(2) })
    }
}

impl fmt::Display for Up {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("up")
    }
}
