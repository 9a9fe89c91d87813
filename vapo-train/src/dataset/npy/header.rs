//! The header of an array: its type, its axes and the order of its values.

use super::ArrayError;
use npyz::{DType, NpyHeader, Order, TypeStr};
use std::io::{self, Read};

/// Bytes of a header's text at most, NumPy's own limit.
const MAX_TEXT: usize = 10_000;
/// Brackets at most. A plain array has two; the parser descends into each.
const MAX_BRACKETS: usize = 32;

/// An array's type, axes and order.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// The type of a value; none where values are records or objects.
    pub(super) plain: Option<TypeStr>,
    /// The type as NumPy writes it.
    pub(super) description: String,
    pub(super) shape: Vec<u64>,
    pub(super) fortran: bool,
}

impl Header {
    /// Reads the header at the start of an array, and leaves `reader` at its values.
    pub(super) fn read(array: &str, reader: &mut dyn Read) -> Result<Self, ArrayError> {
        let refused = |cause: String| ArrayError::Header { array: array.to_owned(), cause };
        let bytes = text(reader).map_err(|cause| refused(cause.to_string()))?;
        let header = NpyHeader::from_reader(bytes.as_slice()).map_err(|cause| refused(cause.to_string()))?;
        let (plain, description) = match header.dtype() {
            DType::Plain(plain) => (Some(plain.clone()), plain.to_string()),
            other => (None, other.descr()),
        };
        let fortran = header.order() == Order::Fortran;
        Ok(Header { plain, description, shape: header.shape().to_vec(), fortran })
    }

    /// Number of values. The header was refused if this is no 64-bit number.
    pub(super) fn values(&self) -> u64 {
        self.shape.iter().product()
    }
}

/// Magic, version, length and text of a header, safe to give to the parser: it takes any length, any depth and the
/// product of any axes for granted.
fn text(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let invalid = |message: &str| io::Error::new(io::ErrorKind::InvalidData, message);
    let mut bytes = vec![0; 8];
    reader.read_exact(&mut bytes).map_err(|_| invalid("it is too short"))?;
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(invalid("the magic \\x93NUMPY is not there"));
    }
    let width = if bytes[6] == 1 { 2 } else { 4 };
    bytes.resize(8 + width, 0);
    reader.read_exact(&mut bytes[8..]).map_err(|_| invalid("it is cut off"))?;
    let length = bytes[8..].iter().rev().fold(0, |length, &byte| length << 8 | usize::from(byte));
    if length > MAX_TEXT {
        return Err(invalid(&format!("its {length} bytes are more than {MAX_TEXT}")));
    }
    let start = bytes.len();
    bytes.resize(start + length, 0);
    reader.read_exact(&mut bytes[start..]).map_err(|_| invalid("it is cut off"))?;
    let text = &bytes[start..];
    if text.iter().filter(|byte| b"([{".contains(byte)).count() > MAX_BRACKETS {
        return Err(invalid("it is nested too deeply"));
    }
    let numbers = text.split(|byte| !byte.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let mut product = 1_u64;
    for digits in numbers {
        let number: Option<u64> = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        product = number
            .and_then(|number| product.checked_mul(number.max(1)))
            .ok_or_else(|| invalid("its axes are too long"))?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(text: &str) -> Vec<u8> {
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((text.len() as u16).to_le_bytes());
        file.extend(text.bytes());
        file
    }

    fn read(file: &[u8]) -> Result<Header, String> {
        Header::read("x", &mut &*file).map_err(|cause| cause.to_string())
    }

    #[test]
    fn type_axes_and_order_are_read() {
        let header = read(&file("{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3, 4), }   \n")).unwrap();
        assert_eq!((header.description.as_str(), header.shape.as_slice()), (">f4", &[2, 3, 4][..]));
        assert!(header.fortran && header.plain.is_some() && header.values() == 24);
        let record = read(&file("{'descr': [('a', '<f4'), ('b', '|u1')], 'fortran_order': False, 'shape': (2,), }"));
        assert!(record.unwrap().plain.is_none());
    }

    #[test]
    fn what_would_harm_the_parser_is_refused() {
        let shape = |shape: &str| format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
        for (text, part) in [
            (shape("(4294967296, 4294967296)"), "too long"),
            (shape("(99999999999999999999999,)"), "too long"),
            (shape("(0, 18446744073709551615, 18446744073709551615)"), "too long"),
            (shape(&"(".repeat(5000)), "nested"),
            (" ".repeat(20_000), "20000 bytes are more than 10000"),
            (shape("(-1,)"), "x: the header"),
            ("{}".to_owned(), "x: the header"),
        ] {
            let message = read(&file(&text)).unwrap_err();
            assert!(message.contains(part), "{part} in {message}");
        }
        let whole = file(&shape("(1,)"));
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
        assert!(read(&whole).is_ok());
        assert!(read(b"<!DOCTYPE html>").unwrap_err().contains("magic"));
    }

    proptest! {
        #[test]
        fn no_header_panics(text in "[{}()'a-z<>|0-9, :\\[\\]_TF\\-]{0,80}", version in 0u8..5) {
            let mut bytes = file(&text);
            bytes[6] = version;
            let _ = read(&bytes);
        }

        #[test]
        fn no_changed_header_panics(place in 8usize..70, byte: u8) {
            let mut bytes = file("{'descr': '<f4', 'fortran_order': False, 'shape': (12, 28, 28), }");
            bytes[place] = byte;
            let _ = read(&bytes);
        }
    }
}
