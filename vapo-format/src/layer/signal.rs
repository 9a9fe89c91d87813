//! The signal x: the first node, which nothing comes before.

use super::{Inputs, Kind};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// What the potential is of. Its extent is the architecture's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal;

impl Kind for Signal {
    fn inputs(&self) -> RangeInclusive<usize> {
        0..=0
    }

    fn output(&self, _: Inputs<'_>) -> Result<Shape, Fault> {
        // The walk through an architecture gives the first node the signal's extent; there is no other.
        Err(Fault::Signal)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("signal")
    }
}
