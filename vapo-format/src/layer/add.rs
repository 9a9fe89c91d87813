//! The sum of two activations of one extent.

use super::{Inputs, Kind, Place, Reverse, input};
use crate::error::Fault;
use crate::fixed_point::Exponents;
use crate::encoding::Arithmetic;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// x + y. In a residual block x is the stream and y the branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add;

impl Kind for Add {
    fn inputs(&self) -> RangeInclusive<usize> {
        2..=2
    }

    fn output(&self, inputs: Inputs<'_>) -> Result<Shape, Fault> {
        let [first, second] = [0, 1].map(|position| input(inputs, position).extent);
        if first == second { Ok(first) } else { Err(Fault::Unlike { first, second }) }
    }

    fn place(&self, _: Arithmetic, _: Shape) -> Place {
        Place::Over
    }

    /// Its cotangent is that of both inputs, so all three have one exponent, but for an input that has no cotangent.
    fn exponents(&self, inputs: Inputs<'_>, of_inputs: &[Exponents], own: Exponents) -> bool {
        inputs.iter().zip(of_inputs).all(|(input, of)| !input.of_signal || of.cotangent == own.cotangent)
    }

    fn reverse(&self, _: usize, _: Arithmetic) -> Reverse {
        Reverse::Passed
    }
}

impl fmt::Display for Add {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("add")
    }
}
