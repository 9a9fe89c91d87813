//! Features of time: sines of t·f, then cosines of t·f, for frequencies f.

use super::{Inputs, Kind};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// Most features of time.
pub const TIME_FEATURES: usize = 2 * FREQUENCIES.len();

/// Frequencies of the time features, in radians per unit of time: 2·100^(i/15). Literals, so that no
/// target has to compute them.
#[rustfmt::skip]
pub const FREQUENCIES: [f32; 16] = [
    2.0, 2.718_712_8, 3.695_699_7, 5.023_772_7, 6.829_097_7, 9.283_177,
    12.619_147, 17.153_917, 23.318_289, 31.697_865, 43.088_696, 58.572_89,
    79.621_44, 108.233_9, 147.128_45, 200.0,
];

/// Sines, then cosines, of time times the lowest [`FREQUENCIES`]: one pixel.
///
/// ```
/// use vapo_format::layer::{FREQUENCIES, Time};
///
/// assert_eq!(Time { features: 8 }.frequencies(), &FREQUENCIES[..4]); // sines and cosines of four
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// How many: even, from 2 to [`TIME_FEATURES`].
    pub features: u8,
}

impl Time {
    /// The frequencies.
    pub fn frequencies(&self) -> &'static [f32] {
        FREQUENCIES.get(..usize::from(self.features) / 2).unwrap_or(&FREQUENCIES)
    }
}

impl Kind for Time {
    fn inputs(&self) -> RangeInclusive<usize> {
        0..=0
    }

    fn output(&self, _: Inputs<'_>) -> Result<Shape, Fault> {
        let valid =
            self.features >= 2 && self.features.is_multiple_of(2) && usize::from(self.features) <= TIME_FEATURES;
        if !valid {
            return Err(Fault::Features { found: self.features });
        }
        Ok(Shape { channels: self.features.into(), height: 1, width: 1 })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "time {}", self.features)
    }
}
