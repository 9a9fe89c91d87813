//! Pictures for people to look at. Nothing here writes a file: every
//! function returns the file's bytes or something that makes them.
//!
//! | module | concept |
//! |---|---|
//! | [`mod@grid`] | samples side by side |
//! | [`chart`] | the loss over the steps |
//! | [`mod@confusion`] | how often images of each class were taken for each other |
//! | [`series`] | readings over time, with scores, and before and after a restoration |
//! | [`mod@plan`] | where a model's activations lie, over the time of one drift |
//! | [`mod@paths`] | ways from noise to data in a plane |
//! | `axis` | a chart's scales and the numbers beside them |
//! | `canvas` | lines and letters |

mod axis;
mod canvas;
pub mod chart;
pub mod confusion;
pub mod grid;
pub mod paths;
pub mod plan;
pub mod series;

pub use chart::loss_curve;
pub use grid::{grid, refuse_grid, sample_grid};
pub use paths::paths;
pub use plan::plan;

use vapo_format::Shape;

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Neither grey nor red, green and blue.
    #[error("a picture shows images of 1 channel (grey) or 3 (red, green, blue), these have {found}")]
    Channels {
        /// Channels of the samples.
        found: u16,
    },
    /// More pixels than a picture should have.
    #[error("all images in one picture would be {width} × {height} pixels (width × height), which is too large")]
    Large {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
    },
    /// The values do not make up whole samples, or there are none.
    #[error("expected at least one sample of {elements} values and a multiple of them, found {found}")]
    Elements {
        /// Values of a sample.
        elements: usize,
        /// Values given.
        found: usize,
    },
    /// No point of the curve is finite.
    #[error("expected a finite loss to draw, found {points} points and none finite")]
    Curve {
        /// Points given.
        points: usize,
    },
}

/// Number of images of extent `shape` in `found` values.
pub(in crate::export) fn count(found: usize, shape: Shape) -> Result<usize, PictureError> {
    let elements = shape.elements();
    if elements == 0 || found == 0 || !found.is_multiple_of(elements) {
        return Err(PictureError::Elements { elements, found });
    }
    Ok(found / elements)
}

/// An image of 8 bits a channel, grey or RGB, of at least one pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    /// One or three.
    channels: usize,
    /// Row-major, channels last.
    bytes: Vec<u8>,
}

impl Picture {
    fn filled(width: u32, height: u32, channels: usize, value: u8) -> Self {
        Picture { width, height, channels, bytes: vec![value; width as usize * height as usize * channels] }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The channels of a pixel: one for grey, three for red, green and blue.
    ///
    /// # Panics
    /// The pixel is outside the picture.
    pub fn pixel(&self, x: u32, y: u32) -> &[u8] {
        assert!(x < self.width && y < self.height, "pixel ({x}, {y}) of {}×{}", self.width, self.height);
        &self.bytes[self.offset(x, y)..][..self.channels]
    }

    fn pixel_mut(&mut self, x: u32, y: u32) -> &mut [u8] {
        let offset = self.offset(x, y);
        &mut self.bytes[offset..][..self.channels]
    }

    fn offset(&self, x: u32, y: u32) -> usize {
        (y as usize * self.width as usize + x as usize) * self.channels
    }

    /// One image of extent `shape`, as it is.
    ///
    /// # Errors
    /// [`PictureError::Channels`] for a number of channels other than one and three, [`PictureError::Elements`] for
    /// anything but one image.
    pub fn of(image: &[u8], shape: Shape) -> Result<Self, PictureError> {
        let Shape { channels, height, width } = shape;
        if !matches!(channels, 1 | 3) {
            return Err(PictureError::Channels { found: channels });
        }
        if count(image.len(), shape)? != 1 {
            return Err(PictureError::Elements { elements: shape.elements(), found: image.len() });
        }
        Ok(Picture { width: width.into(), height: height.into(), channels: channels.into(), bytes: image.to_vec() })
    }

    /// The bytes of a PNG file.
    pub fn png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(if self.channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&self.bytes));
        written.expect("memory takes every byte and a picture has as many as its extent says");
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_decodes_to_the_same_pixels() {
        for channels in [1, 3] {
            let mut picture = Picture::filled(5, 3, channels, 7);
            picture.pixel_mut(4, 2).fill(200);
            let file = picture.png();
            let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
            let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut bytes).unwrap();
            assert_eq!((info.width, info.height, bytes), (5, 3, picture.bytes));
        }
    }
}
