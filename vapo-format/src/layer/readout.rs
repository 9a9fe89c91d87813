//! From the encoder's output to the potential: the last node.

use super::{Inputs, Kind, Reverse, input};
use crate::error::Fault;
use crate::fixed_point::Exponents;
use crate::encoding::Arithmetic;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// Weight of the sum of squares.
pub const SQUARES: f32 = 0.05;

/// `Φ = Σ o·q[1..] + 0.05 Σ_pixels mean_channels(o²) + ½ q[0] ‖x‖²` of the inputs o (H, W, C), q (1 + C,) and x, which is
/// the signal. q does not depend on the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readout;

impl Kind for Readout {
    fn inputs(&self) -> RangeInclusive<usize> {
        3..=3
    }

    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let (o, q) = (input(inputs, 0), input(inputs, 1));
        if !o.of_signal {
            return Err(Fault::NotOfSignal);
        }
        let channels = o.extent.channels.saturating_add(1);
        if q.of_signal || q.extent != (Shape { channels, height: 1, width: 1 }) {
            return Err(Fault::Vector { channels, found: q.extent, of_signal: q.of_signal });
        }
        Ok(Shape { channels: 1, height: 1, width: 1 })
    }

    fn keeps(&self, _: usize, _: Arithmetic) -> bool {
        true
    }

    /// The potential is a float, and its cotangent is 1.
    fn exponents(&self, _: Inputs<'_>, _: &[Exponents], own: Exponents) -> bool {
        own == Exponents::default()
    }

    fn reverse(&self, input: usize, _: Arithmetic) -> Reverse {
        if input == 0 { Reverse::OverValue } else { Reverse::Written }
    }
}

impl fmt::Display for Readout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("readout")
    }
}
