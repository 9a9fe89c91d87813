//! Images on a small matrix of lamps.

use vapo_format::Shape;

/// Brightest level of a lamp.
pub const BRIGHTEST: u8 = 9;

/// Levels of `N` by `N` lamps, a row after another: 0 is dark.
pub type Levels<const N: usize> = [[u8; N]; N];

/// Shrinks an image of values between −1 and 1, channels last. Each lamp shows the mean of the part of the image that it
/// covers, of whatever extent: pixels that two lamps share count for both, by their shares.
pub fn levels<const N: usize>(image: &[f32], shape: Shape) -> Levels<N> {
    let [channels, height, width] =
        [shape.channels, shape.height, shape.width].map(|extent| usize::from(extent).max(1));
    let mut levels = [[0; N]; N];
    for (row, lamps) in levels.iter_mut().enumerate() {
        for (column, lamp) in lamps.iter_mut().enumerate() {
            let (mut sum, mut weights) = (0.0, 0.0);
            for (y, line) in image.chunks_exact(width * channels).enumerate() {
                for (x, pixel) in line.chunks_exact(channels).enumerate() {
                    let weight = (shared::<N>(row, y, height) * shared::<N>(column, x, width)) as f32;
                    sum += weight * pixel.iter().sum::<f32>();
                    weights += weight * channels as f32;
                }
            }
            // A cast saturates: what is darker than black is 0, what is not a number too.
            let level = (sum / weights + 1.0) * 0.5 * f32::from(BRIGHTEST) + 0.5;
            *lamp = (level as u8).min(BRIGHTEST);
        }
    }
    levels
}

/// What lamp `lamp` of `N` shares with pixel `pixel` of `extent`, in units of 1/(N·extent) of the image.
fn shared<const N: usize>(lamp: usize, pixel: usize, extent: usize) -> usize {
    let end = ((lamp + 1) * extent).min((pixel + 1) * N);
    end.saturating_sub((lamp * extent).max(pixel * N))
}

#[cfg(test)]
mod tests {
    use super::{BRIGHTEST, levels};
    use std::vec;
    use std::vec::Vec;
    use vapo_format::Shape;

    const EIGHT: Shape = Shape { channels: 1, height: 8, width: 8 };

    #[test]
    fn black_is_dark_and_white_is_brightest_whatever_the_extent() {
        for (channels, height, width) in [(1, 8, 8), (1, 28, 28), (3, 5, 7), (1, 1, 1), (3, 64, 2)] {
            let shape = Shape { channels, height, width };
            for (value, level) in [(-1.0, 0), (1.0, BRIGHTEST), (-7.0, 0), (7.0, BRIGHTEST), (f32::NAN, 0)] {
                assert_eq!(levels(&vec![value; shape.elements()], shape), [[level; 5]; 5], "{shape} of {value}");
            }
        }
    }

    #[test]
    fn an_image_of_the_matrix_own_extent_is_shown_as_it_is() {
        let image: Vec<f32> = (0..4).flat_map(|pixel| [2.0 * pixel as f32 / 9.0 - 1.0; 3]).collect();
        assert_eq!(levels(&image, Shape { channels: 3, height: 2, width: 2 }), [[0, 1], [2, 3]]);
    }

    /// The first of 5 columns covers 1.6 of 8 pixels, the second from there to 3.2.
    #[test]
    fn a_pixel_between_two_lamps_is_shared() {
        let mut image = [-1.0; 64];
        image.iter_mut().skip(1).step_by(8).for_each(|pixel| *pixel = 1.0);
        // 0.6 of 1.6 is 3.4 of 9; 0.4 of 1.6 is 2.3 of 9.
        assert_eq!(levels(&image, EIGHT), [[3, 2, 0, 0, 0]; 5]);
    }
}
