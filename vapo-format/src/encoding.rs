//! How weights are stored, and in which arithmetic a potential is computed.
//!
//! To add an encoding, say what it is in the methods of [`Encoding`]; everything else asks those.
//!
//! # Example
//!
//! ```
//! use vapo_format::{Arithmetic, Bits, Encoding};
//!
//! let encoding: Encoding = "int8".parse()?;
//! assert_eq!(encoding, Encoding::of(Arithmetic::Float, Bits::Eight));
//! assert_eq!((encoding.name(), encoding.bits()), ("int8", Some(Bits::Eight)));
//! assert_eq!(encoding.arithmetic().element(), 4); // bytes of an activation
//! assert_eq!(Encoding::Integer4.arithmetic(), Arithmetic::Integer);
//! # Ok::<(), vapo_format::NameError>(())
//! ```

use crate::error::NameError;
use crate::packed::Bits;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// How weights are stored. With 6 or 4 bits, a matrix of at most [`NARROW`] input channels has 8 bits all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// i8 weights, symmetric, times an f32 scale for each output channel.
    Int8,
    /// f32 weights, little-endian.
    Float32,
    /// i8 weights with the multipliers of integer arithmetic.
    Integer,
    /// As [`Encoding::Int8`], of 6 bits.
    Int6,
    /// As [`Encoding::Int8`], of 4 bits.
    Int4,
    /// As [`Encoding::Integer`], of 6 bits.
    Integer6,
    /// As [`Encoding::Integer`], of 4 bits.
    Integer4,
}

/// Most input channels of a matrix that has 8 bits a weight where others have fewer. It has few weights, and takes part in
/// many products: so it costs little flash, and its rounding costs much.
pub const NARROW: usize = 16;

/// What a potential is computed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Arithmetic {
    /// f32.
    Float,
    /// i16 activations, i32 sums: see [`crate::fixed_point`].
    Integer,
}

impl Arithmetic {
    /// Bytes of an element of an activation.
    pub const fn element(self) -> usize {
        match self {
            Arithmetic::Float => 4,
            Arithmetic::Integer => 2,
        }
    }
}

/// `float` or `integer`.
impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Arithmetic::Float => "float",
            Arithmetic::Integer => "integer",
        })
    }
}

impl Encoding {
    /// The encoding of quantised weights of so many bits.
    pub const fn of(arithmetic: Arithmetic, bits: Bits) -> Self {
        match (arithmetic, bits) {
            (Arithmetic::Float, Bits::Eight) => Encoding::Int8,
            (Arithmetic::Float, Bits::Six) => Encoding::Int6,
            (Arithmetic::Float, Bits::Four) => Encoding::Int4,
            (Arithmetic::Integer, Bits::Eight) => Encoding::Integer,
            (Arithmetic::Integer, Bits::Six) => Encoding::Integer6,
            (Arithmetic::Integer, Bits::Four) => Encoding::Integer4,
        }
    }

    /// Every encoding, in the order of their numbers.
    pub const ALL: [Encoding; 7] = [
        Encoding::Int8,
        Encoding::Float32,
        Encoding::Integer,
        Encoding::Int6,
        Encoding::Int4,
        Encoding::Integer6,
        Encoding::Integer4,
    ];

    /// What a potential with such weights is computed in.
    pub const fn arithmetic(self) -> Arithmetic {
        match self {
            Encoding::Int8 | Encoding::Float32 | Encoding::Int6 | Encoding::Int4 => Arithmetic::Float,
            Encoding::Integer | Encoding::Integer6 | Encoding::Integer4 => Arithmetic::Integer,
        }
    }

    /// Bits of a weight; none for floats.
    pub const fn bits(self) -> Option<Bits> {
        match self {
            Encoding::Float32 => None,
            Encoding::Int8 | Encoding::Integer => Some(Bits::Eight),
            Encoding::Int6 | Encoding::Integer6 => Some(Bits::Six),
            Encoding::Int4 | Encoding::Integer4 => Some(Bits::Four),
        }
    }

    /// What a person calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Int8 => "int8",
            Encoding::Float32 => "float32",
            Encoding::Integer => "integer",
            Encoding::Int6 => "int6",
            Encoding::Int4 => "int4",
            Encoding::Integer6 => "integer6",
            Encoding::Integer4 => "integer4",
        }
    }
}

/// `int8`, `float32`, `integer`, `int6`, `int4`, `integer6` or `integer4`.
impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Encoding {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let found = Encoding::ALL.into_iter().find(|encoding| encoding.name() == name);
        found.ok_or(NameError { expected: "int8, float32, integer, int6, int4, integer6 or integer4" })
    }
}
