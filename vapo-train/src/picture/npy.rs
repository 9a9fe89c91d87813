//! Samples as an array that NumPy opens.

use crate::picture::{PictureError, count};
use vapo_format::Shape;

/// The bytes of a `.npy` file (version 1.0) of samples of extent `shape`: float32, C order, axes (N, H, W, C).
///
/// # Errors
/// [`PictureError::Elements`] for no sample or part of one.
pub fn npy(samples: &[f32], shape: Shape) -> Result<Vec<u8>, PictureError> {
    let (count, Shape { channels, height, width }) = (count(samples, shape)?, shape);
    let extents = format!("{count}, {height}, {width}, {channels}");
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({extents}), }}");
    // Spaces and a line feed bring the values to a multiple of 64 bytes, past ten bytes of magic, version and length.
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', length - header.len() - 1));
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((length as u16).to_le_bytes());
    file.extend(header.bytes());
    file.push(b'\n');
    file.extend(samples.iter().flat_map(|value| value.to_le_bytes()));
    Ok(file)
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
    fn values_start_at_a_multiple_of_64_for_every_extent() {
        for width in [1, 10, 100, 1000] {
            let shape = Shape { channels: 1000, height: 1, width };
            let file = npy(&vec![0.0; shape.elements()], shape).unwrap();
            assert_eq!((file.len() - 4 * shape.elements()) % 64, 0);
        }
        assert!(npy(&[], Shape { channels: 1, height: 1, width: 1 }).is_err());
    }
}
