//! Samples side by side.

use crate::picture::{Picture, PictureError, count, levels};
use std::num::NonZeroU32;
use vapo_format::Shape;

/// Pixels between two samples and around all of them.
const GAP: u32 = 1;
/// Grey of the gaps: neither of the backgrounds that samples usually have.
const GAP_GREY: u8 = 96;
/// Samples are enlarged by a whole factor until their longer side has at least this many pixels.
const LEAST_SIDE: u32 = 48;

/// A grid, as square as their number allows, of samples of extent `shape`, one after another (N, H, W, C).
/// Values from -1 for black to 1 for white; what lies beyond is clamped, what is not a number is black.
///
/// # Errors
/// [`PictureError::Channels`] for a number of channels other than one and three, [`PictureError::Elements`] for no
/// sample or part of one.
pub fn sample_grid(samples: &[f32], shape: Shape) -> Result<Picture, PictureError> {
    grid(&levels(samples), shape, None)
}

/// A grid of images of extent `shape`, one after another (N, H, W, C), so many a row; as square as their number
/// allows where that is not said.
///
/// # Errors
/// As [`sample_grid`].
pub fn grid(images: &[u8], shape: Shape, columns: Option<NonZeroU32>) -> Result<Picture, PictureError> {
    if !matches!(shape.channels, 1 | 3) {
        return Err(PictureError::Channels { found: shape.channels });
    }
    let count = count(images.len(), shape)? as u32;
    let square = || count.isqrt() + u32::from(count.isqrt().pow(2) < count);
    let columns = columns.map_or_else(square, NonZeroU32::get);
    let rows = count.div_ceil(columns);
    let [height, width] = [shape.height, shape.width].map(u32::from);
    let scale = LEAST_SIDE.div_ceil(height.max(width));
    let (tile_height, tile_width) = (height * scale + GAP, width * scale + GAP);
    let mut picture =
        Picture::filled(columns * tile_width + GAP, rows * tile_height + GAP, shape.channels.into(), GAP_GREY);
    for (index, image) in (0..count).zip(images.chunks_exact(shape.elements())) {
        let (left, top) = (GAP + index % columns * tile_width, GAP + index / columns * tile_height);
        for y in 0..height * scale {
            for x in 0..width * scale {
                let pixel = (y / scale * width + x / scale) as usize * picture.channels;
                let target = picture.pixel_mut(left + x, top + y);
                target.copy_from_slice(&image[pixel..][..target.len()]);
            }
        }
    }
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXEL: Shape = Shape { channels: 1, height: 1, width: 1 };

    #[test]
    fn grids_are_as_square_as_they_can_be() {
        let shape = Shape { channels: 1, height: 48, width: 48 };
        for (count, columns, rows) in [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (5, 3, 2), (16, 4, 4), (17, 5, 4)] {
            let picture = sample_grid(&vec![0.0; count * shape.elements()], shape).unwrap();
            assert_eq!((picture.width(), picture.height()), (1 + columns * 49, 1 + rows * 49), "{count}");
        }
    }

    #[test]
    fn pixels_land_in_their_tile_with_gaps_around() {
        // Three samples of one row of two RGB pixels: 24× as large, tiles of 48×24.
        let shape = Shape { channels: 3, height: 1, width: 2 };
        let samples: Vec<f32> = (0..18).map(|value| value as f32 / 127.5 - 1.0).collect();
        let picture = sample_grid(&samples, shape).unwrap();
        assert_eq!((picture.width(), picture.height()), (1 + 2 * 49, 1 + 2 * 25));
        assert_eq!(picture.pixel(1, 1), [0, 1, 2]);
        assert_eq!((picture.pixel(24, 24), picture.pixel(25, 24)), (&[0, 1, 2][..], &[3, 4, 5][..]));
        assert_eq!((picture.pixel(50, 1), picture.pixel(97, 24)), (&[6, 7, 8][..], &[9, 10, 11][..]));
        assert_eq!(picture.pixel(1, 26), [12, 13, 14]);
        for (x, y) in [(0, 0), (49, 5), (5, 25), (98, 50), (60, 40)] {
            assert_eq!(picture.pixel(x, y), [GAP_GREY; 3], "({x}, {y})");
        }
    }

    #[test]
    fn columns_may_be_given() {
        let pixels: Vec<u8> = (1..=6).collect();
        let picture = grid(&pixels, PIXEL, NonZeroU32::new(2)).unwrap();
        assert_eq!((picture.width(), picture.height()), (1 + 2 * 49, 1 + 3 * 49));
        let centre = |row: u32, column: u32| picture.pixel(25 + 49 * column, 25 + 49 * row)[0];
        assert_eq!([centre(0, 0), centre(0, 1), centre(1, 0), centre(2, 1)], [1, 2, 3, 6]);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let two = Shape { channels: 2, ..PIXEL };
        assert_eq!(sample_grid(&[0.0; 2], two), Err(PictureError::Channels { found: 2 }));
        assert_eq!(sample_grid(&[], PIXEL), Err(PictureError::Elements { elements: 1, found: 0 }));
        let three = Shape { channels: 3, ..PIXEL };
        assert_eq!(sample_grid(&[0.0; 4], three), Err(PictureError::Elements { elements: 3, found: 4 }));
        assert!(sample_grid(&[0.0], Shape { height: 0, ..PIXEL }).is_err());
    }
}
