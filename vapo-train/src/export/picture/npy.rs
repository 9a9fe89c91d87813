//! Arrays that NumPy opens.

use crate::export::picture::{PictureError, count};
use vapo_format::Shape;

/// The bytes of a `.npy` file (version 1.0) of samples of extent `shape`: float32, C order, axes (N, H, W, C).
///
/// # Errors
/// [`PictureError::Elements`] for no sample or part of one.
pub fn npy(samples: &[f32], shape: Shape) -> Result<Vec<u8>, PictureError> {
    let mut file = header("<f4", &extents(count(samples.len(), shape)?, shape));
    file.extend(samples.iter().flat_map(|value| value.to_le_bytes()));
    Ok(file)
}

/// The axes (N, H, W, C) of `count` images.
pub fn extents(count: usize, shape: Shape) -> [usize; 4] {
    [count, shape.height.into(), shape.width.into(), shape.channels.into()]
}

/// What a `.npy` file (version 1.0) begins with, before the values in C order: their type as NumPy writes it (`<f4`,
/// `|u1`), and the extents of the array.
pub fn header(descr: &str, extents: &[usize]) -> Vec<u8> {
    let mut list = extents.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    if extents.len() == 1 {
        list.push(',');
    }
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({list}), }}");
    // Spaces and a line feed bring the values to a multiple of 64 bytes, past ten bytes of magic, version and length.
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', length - header.len() - 1));
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((length as u16).to_le_bytes());
    file.extend(header.bytes());
    file.push(b'\n');
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_numpy() {
        // numpy.save(file, numpy.float32([1, -2, 0.5, 3]).reshape(2, 1, 2, 1))
        let shape = Shape { channels: 1, height: 1, width: 2 };
        let mut expected =
            b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 2, 1), }".to_vec();
        expected.resize(127, b' ');
        expected.extend(b"\n\0\0\x80\x3f\0\0\0\xc0\0\0\0\x3f\0\0\x40\x40");
        assert_eq!(npy(&[1.0, -2.0, 0.5, 3.0], shape).unwrap(), expected);
    }

    #[test]
    fn a_list_has_the_comma_of_a_tuple() {
        // numpy.save(file, numpy.zeros(3))
        let header = String::from_utf8_lossy(&header("<f8", &[3])).into_owned();
        assert!(header.contains("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"), "{header}");
    }

    #[test]
    fn values_start_at_a_multiple_of_64_for_every_extent() {
        for width in [1, 10, 100, 1000] {
            let shape = Shape { channels: 1000, height: 1, width };
            let file = npy(&vec![0.0; shape.elements()], shape).unwrap();
            assert_eq!((file.len() - 4 * shape.elements()) % 64, 0);
        }
        assert!(npy(&[], Shape { channels: 1, height: 1, width: 1 }).is_err());
    }
}
