//! What a potential is of: a picture or a series, and the raw numbers that stand for its values.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Scaling, Shape};
//!
//! let image = Shape { channels: 3, height: 32, width: 32 };
//! assert_eq!((image.pixels(), image.elements(), image.to_string().as_str()), (1024, 3072, "32×32×3"));
//!
//! // A sensor that reads about 20 ± 5.
//! let scaling = Scaling { offset: 20.0, scale: 5.0 };
//! assert!(scaling.is_valid());
//! assert_eq!((scaling.value(25.0), scaling.raw(-1.0)), (1.0, 15.0));
//! ```

use core::fmt;
use serde::{Deserialize, Serialize};

/// Extent of a signal or of an activation, channels last in memory (H, W, C). A series has a height of 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Values a pixel.
    pub channels: u16,
    /// Rows.
    pub height: u16,
    /// Columns.
    pub width: u16,
}

impl Shape {
    /// Number of values, C·H·W; at most `usize::MAX`, which only extents that validation refuses can reach.
    pub const fn elements(self) -> usize {
        self.pixels().saturating_mul(self.channels as usize)
    }

    /// Number of pixels, H·W.
    pub const fn pixels(self) -> usize {
        // 65,535² fits 32 bits.
        self.height as usize * self.width as usize
    }
}

/// `28×28×1`: height, width, channels.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}×{}", self.height, self.width, self.channels)
    }
}

/// How raw numbers of a channel stand for the values that a potential works with: raw = offset + scale · value.
///
/// Values lie about in [-1, 1]. Raw numbers are whatever the data had: a sensor's readings, or bytes of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// The raw number of value 0; finite.
    pub offset: f32,
    /// Raw numbers a value; finite and above 0.
    pub scale: f32,
}

impl Scaling {
    /// Grey levels of a byte: -1 is black, 0; 1 is white, 255.
    pub const BYTES: Scaling = Scaling { offset: 127.5, scale: 127.5 };

    /// Whether both numbers are what they should be.
    pub fn is_valid(&self) -> bool {
        self.offset.is_finite() && self.scale.is_finite() && self.scale > 0.0
    }

    /// The raw number of a value.
    pub fn raw(&self, value: f32) -> f32 {
        self.offset + self.scale * value
    }

    /// The value of a raw number.
    pub fn value(&self, raw: f32) -> f32 {
        (raw - self.offset) / self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_reach_from_black_to_white_and_back() {
        for (value, raw) in [(-1.0, 0.0), (0.0, 127.5), (1.0, 255.0)] {
            assert_eq!((Scaling::BYTES.raw(value), Scaling::BYTES.value(raw)), (raw, value));
        }
    }

    #[test]
    fn scales_are_finite_and_positive() {
        let valid = |offset, scale| Scaling { offset, scale }.is_valid();
        assert!(valid(-3.5, f32::MIN_POSITIVE) && valid(f32::MAX, 1e30));
        assert!(!valid(f32::NAN, 1.0) && !valid(f32::INFINITY, 1.0));
        assert!(!valid(0.0, 0.0) && !valid(0.0, -1.0) && !valid(0.0, f32::NAN) && !valid(0.0, f32::INFINITY));
    }
}
