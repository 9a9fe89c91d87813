//! The type of a value, and numbers out of bytes.

use half::f16;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// True or false.
    Bool,
    /// An integer with a sign.
    Int,
    /// An integer without one.
    Uint,
    /// A float.
    Float,
    /// A float with an imaginary part.
    Complex,
    /// A date or a duration.
    Time,
    /// Bytes or letters.
    Text,
    /// An object of Python's, pickled.
    Object,
    /// Bytes without a meaning: what NumPy makes of types of other packages, bfloat16 for instance.
    Raw,
}

/// Class, width in bytes and byte order of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// What it is.
    pub class: Class,
    /// Its bytes; of letters and times as NumPy counts them.
    pub width: u64,
    /// Whether the byte of the greatest weight comes first.
    pub big: bool,
}

impl Element {
    /// The type that NumPy writes as `descr`: `<f4`, `|u1`, `<M8[ns]`. None for what it does not write.
    pub fn parse(descr: &str) -> Option<Self> {
        let mut letters = descr.chars();
        let big = match letters.next()? {
            '<' | '|' | '=' => false,
            '>' => true,
            _ => return None,
        };
        let class = match letters.next()? {
            'b' => Class::Bool,
            'i' => Class::Int,
            'u' => Class::Uint,
            'f' => Class::Float,
            'c' => Class::Complex,
            'm' | 'M' => Class::Time,
            'S' | 'a' | 'U' => Class::Text,
            'O' => Class::Object,
            'V' => Class::Raw,
            _ => return None,
        };
        let rest = letters.as_str();
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let width = match (class, &rest[..digits]) {
            (Class::Object, _) => 0,
            (_, digits) => digits.parse().ok()?,
        };
        let known = match class {
            Class::Bool => width == 1,
            Class::Int | Class::Uint => matches!(width, 1 | 2 | 4 | 8),
            Class::Float => matches!(width, 2 | 4 | 8 | 12 | 16),
            _ => true,
        };
        let units = &rest[digits..];
        let whole = units.is_empty() || class == Class::Time && units.starts_with('[');
        (known && whole).then_some(Element { class, width, big })
    }

    /// Whether [`Element::number`] tells its values.
    pub fn is_number(self) -> bool {
        matches!(self.class, Class::Bool | Class::Int | Class::Uint) || self.class == Class::Float && self.width <= 8
    }

    /// The integer or float in `bytes`, of this element's width. Integers beyond 2⁵³ go to the nearest float.
    pub fn number(self, bytes: &[u8]) -> f64 {
        match (self.class, self.width) {
            (Class::Float, 2) => f16::from_bits(self.bits(bytes) as u16).to_f64(),
            (Class::Float, 4) => f64::from(f32::from_bits(self.bits(bytes) as u32)),
            (Class::Float, _) => f64::from_bits(self.bits(bytes)),
            _ => self.integer(bytes) as f64,
        }
    }

    /// An integer, signed or not; as wide as fits every type.
    pub fn integer(self, bytes: &[u8]) -> i128 {
        let bits = self.bits(bytes);
        let unused = 64 - 8 * self.width as u32;
        match self.class {
            Class::Int => i128::from((bits << unused) as i64 >> unused),
            _ => i128::from(bits),
        }
    }

    /// All numbers in `bytes`.
    pub fn numbers(self, bytes: &[u8]) -> impl Iterator<Item = f64> {
        bytes.chunks_exact(self.width as usize).map(move |value| self.number(value))
    }

    /// All integers in `bytes`.
    pub fn integers(self, bytes: &[u8]) -> impl Iterator<Item = i128> {
        bytes.chunks_exact(self.width as usize).map(move |value| self.integer(value))
    }

    fn bits(self, bytes: &[u8]) -> u64 {
        let next = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big { bytes.iter().fold(0, next) } else { bytes.iter().rev().fold(0, next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(descr: &str, bytes: &[u8]) -> f64 {
        Element::parse(descr).unwrap().number(bytes)
    }

    #[test]
    fn numbers_of_every_type_and_order_are_read() {
        for (descr, bytes, expected) in [
            ("|b1", &[1][..], 1.0),
            ("|u1", &[200], 200.0),
            ("|i1", &[200], -56.0),
            ("<i2", &[0xfe, 0xff], -2.0),
            (">i2", &[0xff, 0xfe], -2.0),
            ("<u2", &[0xfe, 0xff], 65534.0),
            ("<i8", &[0, 0, 0, 0, 0, 0, 0, 0x80], -9_223_372_036_854_775_808.0),
            (">u4", &[0, 1, 0, 0], 65536.0),
            ("<f4", &1.5_f32.to_le_bytes(), 1.5),
            (">f8", &(-0.1_f64).to_be_bytes(), -0.1),
        ] {
            assert_eq!(number(descr, bytes), expected, "{descr}");
        }
    }

    #[test]
    fn floats_of_two_bytes_are_those_of_the_standard() {
        // Numbers of IEEE 754-2008's binary16: one, the least, the greatest, a third, minus two, and no numbers.
        for (bits, expected) in [
            (0x3c00_u16, 1.0),
            (0x0001, 2.0_f64.powi(-24)),
            (0x7bff, 65504.0),
            (0x3555, 0.333_251_953_125),
            (0xc000, -2.0),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(number("<f2", &bits.to_le_bytes()), expected);
            assert_eq!(number(">f2", &bits.to_be_bytes()), expected);
        }
        assert!(number("<f2", &0x7e00_u16.to_le_bytes()).is_nan());
    }

    #[test]
    fn types_are_told_as_numpy_writes_them() {
        let class = |descr: &str| Element::parse(descr).map(|element| element.class);
        for (descr, expected) in [
            ("<c16", Class::Complex),
            ("<M8[ns]", Class::Time),
            ("<m8[25s]", Class::Time),
            ("<U12", Class::Text),
            ("|S3", Class::Text),
            ("|O", Class::Object),
            ("|V2", Class::Raw),
            ("<f16", Class::Float),
        ] {
            assert_eq!(class(descr), Some(expected), "{descr}");
        }
        for none in ["", "f4", "<", "<f", "<f3", "<i16", "<f4x", "|b2", "<x4", "é4", "<é", "<f99999999999999999999"] {
            assert_eq!(class(none), None, "{none}");
        }
        assert!(!Element::parse("<f16").unwrap().is_number() && Element::parse("<f2").unwrap().is_number());
    }
}
