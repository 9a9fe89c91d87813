//! The header of an array: its type, its axes and the order of its values.

use super::literal::{Literal, dictionary};
use super::{ArrayFileError, Element};
use std::io::Read;

/// What a `.npy` file begins with.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Bytes of a header's text at most, NumPy's own limit.
const MAX_TEXT: usize = 10_000;

/// An array's type, axes and order.
#[derive(Clone, Debug)]
pub struct Header {
    /// The type of a value; none where values are records.
    pub element: Option<Element>,
    /// The type as NumPy writes it, or the names of a record's fields.
    pub description: String,
    /// Lengths of the axes.
    pub shape: Vec<u64>,
    /// Whether the first axis is the fastest, not the last.
    pub fortran: bool,
    /// Bytes before the values.
    pub length: u64,
}

impl Header {
    /// Reads the header at the start of an array, and leaves `reader` at its values.
    ///
    /// # Errors
    /// [`ArrayFileError::Header`].
    pub fn read(array: &str, reader: &mut dyn Read) -> Result<Self, ArrayFileError> {
        text(reader)
            .and_then(|(text, length)| Header::parse(&text, length))
            .map_err(|cause| ArrayFileError::Header { array: array.to_owned(), cause })
    }

    /// Number of values. The header was refused if this is no 64-bit number.
    pub fn values(&self) -> u64 {
        self.shape.iter().product()
    }

    fn parse(text: &str, length: u64) -> Result<Self, String> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        for (key, value) in dictionary(text)? {
            match (key.as_str(), value) {
                ("descr", value) => descr = Some(value),
                ("fortran_order", Literal::Truth(value)) => fortran = Some(value),
                ("shape", Literal::List(axes)) => shape = Some(axes),
                (key, _) => return Err(format!("its {key} is another")),
            }
        }
        let absent = |name| move || format!("it has no {name}");
        let shape: Vec<u64> = shape
            .ok_or_else(absent("shape"))?
            .into_iter()
            .map(|axis| if let Literal::Number(axis) = axis { Ok(axis) } else { Err("its shape is another") })
            .collect::<Result<_, _>>()?;
        // Without axes of no length, whose product would be small.
        let product = shape.iter().try_fold(1_u64, |product, &axis| product.checked_mul(axis.max(1)));
        product.ok_or("its axes are too long")?;
        let (element, description) = match descr.ok_or_else(absent("descr"))? {
            Literal::Text(descr) => {
                (Some(Element::parse(&descr).ok_or_else(|| format!("its type {descr:?} is unknown"))?), descr)
            }
            Literal::List(fields) => (None, format!("records of {}", names(&fields))),
            _ => return Err("its descr is another".to_owned()),
        };
        Ok(Header { element, description, shape, fortran: fortran.ok_or_else(absent("fortran_order"))?, length })
    }
}

/// The names of a record's fields.
fn names(fields: &[Literal]) -> String {
    let name = |field: &Literal| match field {
        Literal::List(parts) => match parts.first() {
            Some(Literal::Text(name)) => name.clone(),
            // A title and a name.
            Some(Literal::List(both)) => match both.last() {
                Some(Literal::Text(name)) => name.clone(),
                _ => "?".to_owned(),
            },
            _ => "?".to_owned(),
        },
        _ => "?".to_owned(),
    };
    fields.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The text of a header, and the bytes up to its end.
fn text(reader: &mut dyn Read) -> Result<(String, u64), String> {
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(|_| "it is too short")?;
    if !start.starts_with(MAGIC) {
        return Err("the magic \\x93NUMPY is not there".to_owned());
    }
    let width = match start[6..] {
        [1, 0] => 2,
        [2 | 3, 0] => 4,
        [major, minor, ..] => return Err(format!("its version {major}.{minor} is unknown")),
        _ => unreachable!("eight bytes were read"),
    };
    let mut length = [0; 4];
    reader.read_exact(&mut length[..width]).map_err(|_| "it is cut off")?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_TEXT {
        return Err(format!("its {length} bytes are more than {MAX_TEXT}"));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).map_err(|_| "it is cut off")?;
    let text = String::from_utf8(text).map_err(|_| "it is no text")?;
    Ok((text, (start.len() + width + length) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::array::Class;
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
        let text = "{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3, 4), }   \n";
        let header = read(&file(text)).unwrap();
        assert_eq!((header.description.as_str(), header.shape.as_slice()), (">f4", &[2, 3, 4][..]));
        assert_eq!(header.element, Some(Element { class: Class::Float, width: 4, big: true }));
        assert!(header.fortran && header.values() == 24 && header.length == 10 + text.len() as u64);
        // Versions 2 and 3 have a length of four bytes.
        for version in [2, 3] {
            let mut long = file(text);
            long[6] = version;
            long.splice(10..10, [0, 0]);
            assert_eq!(read(&long).unwrap().length, header.length + 2);
        }
    }

    #[test]
    fn records_are_told_by_their_fields() {
        // Many wide fields: their sizes have nothing to do with the axes.
        let fields: String = (0..20).map(|field| format!("('f{field}', '<U100'), ")).collect();
        let record = read(&file(&format!("{{'descr': [{fields}], 'fortran_order': False, 'shape': (2,), }}"))).unwrap();
        assert!(record.element.is_none() && record.description.starts_with("records of f0, f1, f2"));
    }

    #[test]
    fn what_cannot_be_a_header_is_refused() {
        let shape = |shape: &str| format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
        for (text, part) in [
            (shape("(4294967296, 4294967296)"), "too long"),
            (shape("(99999999999999999999999,)"), "too long"),
            (shape("(0, 18446744073709551615, 18446744073709551615)"), "too long"),
            (shape("(1_000_000_000_000_000_000, 1_000_000_000_000_000_000)"), "expected )"),
            (shape(&"(".repeat(5000)), "nested"),
            (shape("('a',)"), "its shape is another"),
            (" ".repeat(20_000), "20000 bytes are more than 10000"),
            (shape("(-1,)"), "expected a value"),
            ("{'descr': '<f3', 'fortran_order': False, 'shape': (1,)}".to_owned(), "its type \"<f3\" is unknown"),
            ("{'fortran_order': False, 'shape': (1,)}".to_owned(), "no descr"),
            ("{}".to_owned(), "no shape"),
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
        fn no_header_panics(text in "[{}()'a-z<>|0-9, :\\[\\]_TF\\-é]{0,80}", version in 0u8..5) {
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
