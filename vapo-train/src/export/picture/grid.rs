//! Samples side by side.

use crate::arithmetic::levels::levels;
use crate::export::picture::{Picture, PictureError, count};
use std::num::{NonZeroU32, NonZeroU64};
use vapo_format::Shape;

/// Pixels between two samples and around all of them.
const GAP: u32 = 1;
/// Grey of the gaps: neither of the backgrounds that samples usually have.
const GAP_GREY: u8 = 96;
/// Samples are enlarged by a whole factor until their longer side has at least this many pixels.
const LEAST_SIDE: u32 = 48;
/// Most bytes of a picture's pixels. Larger ones are more than viewers open, and their pixels are held in memory.
const MOST_BYTES: u64 = 1 << 30;

/// A grid, as square as their number allows, of samples of extent `shape`, one after another (N, H, W, C).
/// Values from -1 for black to 1 for white; what lies beyond is clamped, what is not a number is black.
///
/// # Errors
/// [`PictureError::Channels`] for a number of channels other than one and three, [`PictureError::Elements`] for no
/// sample or part of one, [`PictureError::Large`] for more of them than a picture holds.
pub fn sample_grid(samples: &[f32], shape: Shape) -> Result<Picture, PictureError> {
    grid(&levels(samples), shape, None)
}

/// A grid of images of extent `shape`, one after another (N, H, W, C), so many a row; as square as their number
/// allows where that is not said.
///
/// # Errors
/// As [`sample_grid`].
pub fn grid(images: &[u8], shape: Shape, columns: Option<NonZeroU32>) -> Result<Picture, PictureError> {
    expect_colours(shape)?;
    let Layout { columns, scale, extent } = Layout::new(count(images.len(), shape)?, shape, columns)?;
    let [height, width] = [shape.height, shape.width].map(u32::from);
    let (tile_height, tile_width) = (height * scale + GAP, width * scale + GAP);
    let mut picture = Picture::filled(extent.0, extent.1, shape.channels.into(), GAP_GREY);
    for (index, image) in (0..).zip(images.chunks_exact(shape.elements())) {
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

/// Refuses what [`grid`] makes no picture of, before there is an image: `count` images of extent `shape`, so many a row.
///
/// # Errors
/// As [`grid`].
pub fn refuse_grid(count: usize, shape: Shape, columns: Option<NonZeroU32>) -> Result<(), PictureError> {
    expect_colours(shape)?;
    Layout::new(count, shape, columns).map(|_| ())
}

fn expect_colours(shape: Shape) -> Result<(), PictureError> {
    if matches!(shape.channels, 1 | 3) { Ok(()) } else { Err(PictureError::Channels { found: shape.channels }) }
}

/// How images lie beside each other.
struct Layout {
    columns: u32,
    /// How often a pixel is repeated, down and across.
    scale: u32,
    /// Width and height of the whole.
    extent: (u32, u32),
}

impl Layout {
    fn new(count: usize, shape: Shape, columns: Option<NonZeroU32>) -> Result<Self, PictureError> {
        let Some(count) = NonZeroU64::new(count as u64).filter(|_| shape.elements() > 0).map(NonZeroU64::get) else {
            return Err(PictureError::Elements { elements: shape.elements(), found: 0 });
        };
        let square = || count.isqrt() + u64::from(count.isqrt().pow(2) < count);
        let columns = columns.map_or_else(square, |columns| columns.get().into());
        let scale = LEAST_SIDE.div_ceil(shape.height.max(shape.width).into());
        let side = |tiles: u64, pixels: u16| {
            tiles.saturating_mul(u64::from(u32::from(pixels) * scale + GAP)).saturating_add(GAP.into())
        };
        let (width, height) = (side(columns, shape.width), side(count.div_ceil(columns), shape.height));
        let bytes = width.saturating_mul(height).saturating_mul(shape.channels.into());
        match (u32::try_from(columns), u32::try_from(width), u32::try_from(height)) {
            (Ok(columns), Ok(width), Ok(height)) if bytes <= MOST_BYTES => {
                Ok(Layout { columns, scale, extent: (width, height) })
            }
            _ => Err(PictureError::Large { width, height }),
        }
    }
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

    #[test]
    fn what_is_refused_is_refused_before_there_is_an_image() {
        let colour = Shape { channels: 3, height: 64, width: 64 };
        assert_eq!(refuse_grid(64, colour, None), Ok(()));
        assert_eq!(refuse_grid(64, Shape { channels: 2, ..colour }, None), Err(PictureError::Channels { found: 2 }));
        assert_eq!(refuse_grid(0, PIXEL, None), Err(PictureError::Elements { elements: 1, found: 0 }));
        // By hand: a million images are 1,000 rows of 65 pixels and a gap, and 3 bytes a pixel.
        assert_eq!(refuse_grid(1_000_000, colour, None), Err(PictureError::Large { width: 65_001, height: 65_001 }));
        let columns = NonZeroU32::new(u32::MAX);
        assert_eq!(
            refuse_grid(1, colour, columns),
            Err(PictureError::Large { width: 65 * u64::from(u32::MAX) + 1, height: 66 })
        );
        // A grid of few images a row is as wide as the row, for all that there are none in it.
        assert!(grid(&[0], PIXEL, columns).is_err() && refuse_grid(usize::MAX, colour, None).is_err());
    }
}
