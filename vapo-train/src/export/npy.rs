//! Samples as arrays that NumPy opens.

use crate::export::picture::{PictureError, count};
use crate::files::array::write::header;
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
pub(super) fn extents(count: usize, shape: Shape) -> [usize; 4] {
    [count, shape.height.into(), shape.width.into(), shape.channels.into()]
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
        assert!(npy(&[], Shape { channels: 1, height: 1, width: 1 }).is_err());
    }
}
