//! The channels of two activations, pixel by pixel.

use super::{Inputs, Kind, checked, input};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// (H, W, C₀) and (H, W, C₁) → (H, W, C₀ + C₁): a pixel has the first input's channels, then the second's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concat;

impl Kind for Concat {
    fn inputs(&self) -> RangeInclusive<usize> {
        2..=2
    }

    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let [first, second] = [0, 1].map(|position| input(inputs, position).extent);
        if (first.height, first.width) != (second.height, second.width) {
            return Err(Fault::Unlike { first, second });
        }
        checked(Shape { channels: first.channels.saturating_add(second.channels), ..first })
    }
}

impl fmt::Display for Concat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("concat")
    }
}
