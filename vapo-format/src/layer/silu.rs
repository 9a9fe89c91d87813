//! SiLU, silu(x) = x / (1 + e⁻ˣ), elementwise; with a second input, of x·(1 + scale) + shift.

use super::{Inputs, Kind, Place, Reverse, input};
use crate::error::Fault;
use crate::fixed_point::{Exponents, is_shift};
use crate::encoding::Arithmetic;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// Exponents of the integers that SiLU's table has knots for, 16 to a unit.
pub const KNOTS: RangeInclusive<i8> = 4..=15;
/// Exponents of FiLM that an i16 has a 1 of, to be added to scales.
const FILM: RangeInclusive<i8> = 0..=14;

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

    fn place(&self, _: Arithmetic, _: Shape) -> Place {
        Place::Over
    }

    /// In integers one byte an element says what the reverse pass multiplies with: of the inputs only FiLM's is needed.
    fn keeps(&self, input: usize, arithmetic: Arithmetic) -> bool {
        arithmetic == Arithmetic::Float || input == 1
    }

    fn kept_bytes(&self, arithmetic: Arithmetic, output: Shape) -> usize {
        match arithmetic {
            Arithmetic::Float => 0,
            Arithmetic::Integer => output.elements(),
        }
    }

    fn exponents(&self, inputs: Inputs<'_>, of_inputs: &[Exponents], own: Exponents) -> bool {
        let (Some(x), film) = (of_inputs.first(), of_inputs.get(1)) else { return false };
        let film_fits = film.is_none_or(|film| FILM.contains(&film.value));
        // Of a factor of 1 without FiLM.
        let film = film.map(|film| i32::from(film.value));
        let value = i32::from(x.value) + film.unwrap_or(0) - i32::from(own.value);
        let cotangent = i32::from(own.cotangent) + film.map_or(10, |film| film - 1) - i32::from(x.cotangent);
        KNOTS.contains(&own.value)
            && film_fits
            && is_shift(value)
            && (!input(inputs, 0).of_signal || is_shift(cotangent))
    }

    fn reverse(&self, _: usize, _: Arithmetic) -> Reverse {
        Reverse::InPlace
    }
}

impl fmt::Display for Silu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("silu")
    }
}
