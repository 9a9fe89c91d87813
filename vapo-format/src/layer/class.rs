//! The class that a sample is asked for, as a vector: 1 at its index and 0 elsewhere.

use super::{Inputs, Kind, MAX_CHANNELS};
use crate::error::Fault;
use crate::fixed_point::Exponents;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// Exponents of which an i16 has a 1.
const ONE: RangeInclusive<i8> = 0..=14;

/// One pixel with a channel a class: 1 for the class, 0 for the others. Without a class all are 0, which stands for data of any
/// class. A linear map of it is an embedding: a row of weights for each class, and the biases for none.
///
/// Source: Ho and Salimans, *Classifier-free diffusion guidance*, 2022, arXiv:2207.12598, where the missing class is the token ∅.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// How many there are: those of the architecture.
    pub classes: u16,
}

impl Kind for Class {
    fn inputs(&self) -> RangeInclusive<usize> {
        0..=0
    }

    fn output(&self, _: Inputs<'_>) -> Result<Shape, Fault> {
        if !(1..=MAX_CHANNELS).contains(&self.classes) {
            return Err(Fault::Extent { found: self.classes });
        }
        Ok(Shape { channels: self.classes, height: 1, width: 1 })
    }

    fn exponents(&self, _: Inputs<'_>, _: &[Exponents], own: Exponents) -> bool {
        ONE.contains(&own.value)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "class of {}", self.classes)
    }
}
