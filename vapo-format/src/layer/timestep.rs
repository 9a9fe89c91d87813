//! Features of time as diffusion models have them: cosines of t·f, then sines of t·f, for frequencies f from 1 down.

use super::{Inputs, Kind};
use crate::error::Fault;
use crate::signal::Shape;
use core::fmt;
use core::ops::RangeInclusive;
use serde::{Deserialize, Serialize};

/// Cosines, then sines, of time times the frequencies 10000^(−i/n) for i from 0 to n − 1, where n is half the number of features:
/// one pixel. Time is that of the path, 0 to 1, and not multiplied by anything.
///
/// Source: Vaswani et al., *Attention is all you need*, 2017, arXiv:1706.03762, section 3.5.
///
/// ```
/// use vapo_format::layer::Timestep;
///
/// assert_eq!(Timestep { features: 128 }.frequencies().count(), 64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestep {
    /// How many: even, from 2 to 4096.
    pub features: u16,
}

impl Timestep {
    /// The frequencies, in radians per unit of time.
    pub fn frequencies(&self) -> impl Iterator<Item = f64> + use<> {
        // ln(10000).
        const PERIODS: f64 = 9.210_340_371_976_184;
        let half = self.features / 2;
        (0..half).map(move |i| libm::exp(-PERIODS * f64::from(i) / f64::from(half)))
    }
}

impl Kind for Timestep {
    fn inputs(&self) -> RangeInclusive<usize> {
        0..=0
    }

    fn output(&self, _: Inputs<'_>) -> Result<Shape, Fault> {
        let valid = self.features >= 2 && self.features.is_multiple_of(2) && self.features <= super::MAX_CHANNELS;
        if !valid {
            return Err(Fault::Steps { found: self.features });
        }
        Ok(Shape { channels: self.features, height: 1, width: 1 })
    }

    fn float_only(&self) -> bool {
        true
    }
}

impl fmt::Display for Timestep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timestep {}", self.features)
    }
}
