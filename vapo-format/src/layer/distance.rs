//! From an image f to the potential ½‖x − f‖²: the last node, in place of a [`Readout`](super::Readout).

use super::{Inputs, Kind, input};
use crate::encoding::Arithmetic;
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// `Φ = ½ Σ (x − f)²` of the inputs f (H, W, C) and x, which is the signal: the energy of an autoencoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distance;

impl Kind for Distance {
    fn inputs(&self) -> RangeInclusive<usize> {
        2..=2
    }

    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let [f, x] = [0, 1].map(|position| input(inputs, position));
        if !f.of_signal {
            return Err(Fault::NotOfSignal);
        }
        if f.extent != x.extent {
            return Err(Fault::Unlike { first: f.extent, second: x.extent });
        }
        Ok(Shape { channels: 1, height: 1, width: 1 })
    }

    fn keeps(&self, _: usize, _: Arithmetic) -> bool {
        true
    }

    fn float_only(&self) -> bool {
        true
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("distance")
    }
}
