//! SiLU, silu(x) = x / (1 + e⁻ˣ), elementwise; with a second input, of x·(1 + scale) + shift.

use super::{Inputs, Kind, Reverse, input};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// silu(x), or silu(x·(1 + scale) + shift). The second input holds a scale a channel, then a shift a channel, and does not
/// depend on the signal: FiLM (Perez et al., 2018, arXiv:1709.07871), here by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silu;

impl Kind for Silu {
    fn inputs(&self) -> RangeInclusive<usize> {
        1..=2
    }

    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let x = input(inputs, 0).extent;
        if let Some(film) = inputs.get(1) {
            let channels = x.channels.saturating_mul(2);
            if film.of_signal || film.extent != (Shape { channels, height: 1, width: 1 }) {
                return Err(Fault::Vector { channels, found: film.extent, of_signal: film.of_signal });
            }
        }
        Ok(x)
    }

    fn in_place(&self) -> bool {
        true
    }

    fn keeps(&self, _: usize) -> bool {
        true
    }

    fn reverse(&self, _: usize) -> Reverse {
        Reverse::InPlace
    }
}

impl fmt::Display for Silu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("silu")
    }
}
