//! From an array's bytes to grey levels and classes.

use super::{ArrayError, header::Header};
use npyz::{Endianness, TypeChar};
use std::fmt;

/// Which of the two usual ranges floats are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// [0, 1].
    ZeroToOne,
    /// [-1, 1].
    MinusOneToOne,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Range::ZeroToOne => "[0, 1]",
            Range::MinusOneToOne => "[-1, 1]",
        })
    }
}

/// Type and width in bytes of a value, in the order of this machine or the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    char: TypeChar,
    pub(super) width: u64,
    big: bool,
}

impl Kind {
    /// The kind of an array's values, if they are `wanted`.
    pub(super) fn of(header: &Header, wanted: impl Fn(TypeChar, u64) -> bool) -> Option<Self> {
        let plain = header.plain.as_ref()?;
        let (char, width, big) = (plain.type_char(), plain.size_field(), plain.endianness() == Endianness::Big);
        wanted(char, width).then_some(Kind { char, width, big })
    }

    pub(super) fn is_float(self) -> bool {
        self.char == TypeChar::Float
    }

    /// The integer or float in `bytes`, of this kind's width. Floats of 32 bits are exact in 64.
    fn bits(self, bytes: &[u8]) -> u64 {
        let next = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big { bytes.iter().fold(0, next) } else { bytes.iter().rev().fold(0, next) }
    }

    fn float(self, bytes: &[u8]) -> f64 {
        let bits = self.bits(bytes);
        if self.width == 4 { f64::from(f32::from_bits(bits as u32)) } else { f64::from_bits(bits) }
    }

    /// An integer, signed or not; as wide as fits every type.
    fn integer(self, bytes: &[u8]) -> i128 {
        let bits = self.bits(bytes);
        let unused = 64 - 8 * self.width as u32;
        match self.char {
            TypeChar::Int => i128::from((bits << unused) as i64 >> unused),
            _ => i128::from(bits),
        }
    }
}

/// Floats to the nearest of 256 grey levels; which of the two ranges they are in, they tell themselves.
pub(super) fn round(array: &str, kind: Kind, bytes: &[u8]) -> Result<(Vec<u8>, Range), ArrayError> {
    let array = || array.to_owned();
    let floats = || bytes.chunks_exact(kind.width as usize).map(|value| kind.float(value));
    let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
    for (index, value) in floats().enumerate() {
        if !value.is_finite() {
            return Err(ArrayError::NotANumber { array: array(), found: value, index });
        }
        (least, greatest) = (least.min(value), greatest.max(value));
    }
    if least < -1.0 || greatest > 1.0 {
        return Err(ArrayError::Range { array: array(), least, greatest });
    }
    let (range, offset, scale) =
        if least < 0.0 { (Range::MinusOneToOne, 1.0, 127.5) } else { (Range::ZeroToOne, 0.0, 255.0) };
    Ok((floats().map(|value| ((value + offset) * scale).round() as u8).collect(), range))
}

/// Integers to classes.
pub(super) fn classes(array: &str, kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, ArrayError> {
    let integers = bytes.chunks_exact(kind.width as usize).map(|value| kind.integer(value));
    integers
        .map(|value| {
            let refused = |_| ArrayError::Label { array: array.to_owned(), found: value.to_string() };
            u8::try_from(value).map_err(refused)
        })
        .collect()
}

/// Values from Fortran's order, first axis fastest, to C's, last axis fastest.
pub(super) fn row_major(values: &[u8], shape: &[u64]) -> Vec<u8> {
    let shape: Vec<usize> = shape.iter().map(|&extent| extent as usize).collect();
    let mut strides = vec![1; shape.len()];
    for axis in 1..shape.len() {
        strides[axis] = strides[axis - 1] * shape[axis - 1];
    }
    let mut index = vec![0; shape.len()];
    let mut place = 0;
    let mut ordered = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        ordered.push(values[place]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            place += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            place -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fortran_order_is_undone() {
        // numpy.arange(24).reshape(2, 3, 4) in either order.
        let of = |i: usize, j: usize, k: usize| (i * 12 + j * 4 + k) as u8;
        let fortran: Vec<u8> =
            (0..4).flat_map(|k| (0..3).flat_map(move |j| (0..2).map(move |i| of(i, j, k)))).collect();
        assert_eq!(row_major(&fortran, &[2, 3, 4]), (0..24).collect::<Vec<u8>>());
        assert!(row_major(&[], &[0, 3]).is_empty());
    }

    #[test]
    fn integers_of_every_width_and_order_are_classes() {
        for (char, width) in [(TypeChar::Int, 8), (TypeChar::Int, 2), (TypeChar::Uint, 4), (TypeChar::Uint, 1)] {
            for big in [false, true] {
                let kind = Kind { char, width, big };
                let place = if big { width as usize - 1 } else { 0 };
                let mut bytes = vec![0; width as usize];
                bytes[place] = 9;
                assert_eq!(classes("y", kind, &bytes).unwrap(), [9]);
            }
        }
        let kind = |char| Kind { char, width: 2, big: false };
        for (char, bytes, found) in [(TypeChar::Int, [0xff, 0xff], "-1"), (TypeChar::Uint, [0, 1], "256")] {
            let message = classes("y", kind(char), &bytes).unwrap_err().to_string();
            assert!(message.contains("0 to 255") && message.ends_with(&format!("found {found}")), "{message}");
        }
    }
}
