//! Pictures from outside, as pixels of one byte a value: the one door for every kind of image file.
//!
//! | module | concept |
//! |---|---|
//! | [`kind`] | which files are images, by their names and by their first bytes |
//! | `jpeg` | what the decoder of JPEG lets pass |
//! | `profile` | what the decoder of PNG takes memory for though nothing here uses it |
//! | [`mod@decode`] | from the bytes of a file to pixels, within stated bounds of memory |
//! | [`background`] | what lies behind transparent pixels |
//! | [`seen`] | what a person should know of many images |

pub mod background;
pub mod decode;
mod jpeg;
pub mod kind;
mod profile;
pub mod seen;

pub use background::Background;
pub use decode::{Decoded, MAX_FILE, Opened, Undecodable, decode};
pub use seen::Seen;

/// Pixels of an image, row-major with channels last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: u16,
    /// A byte a value.
    pub pixels: Vec<u8>,
}

impl Raster {
    /// The image in grey (1) or in colour (3). Grey to colour: the same value thrice. Colour to grey: the brightness
    /// of ITU-R BT.709.
    pub fn with_channels(self, channels: u16) -> Raster {
        let Raster { width, height, pixels, .. } = self;
        let pixels = match (self.channels, channels) {
            (1, 3) => pixels.into_iter().flat_map(|value| [value; 3]).collect(),
            (3, 1) => pixels.as_chunks().0.iter().map(|&[red, green, blue]| luma(red, green, blue)).collect(),
            _ => pixels,
        };
        Raster { width, height, channels, pixels }
    }
}

fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let [red, green, blue] = [red, green, blue].map(u32::from);
    ((2126 * red + 7152 * green + 722 * blue + 5000) / 10_000) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_repeated_or_weighted() {
        let colour = Raster { width: 2, height: 1, channels: 3, pixels: vec![255, 255, 255, 100, 200, 50] };
        // 0.2126·100 + 0.7152·200 + 0.0722·50 = 167.9
        let grey = colour.clone().with_channels(1);
        assert_eq!((grey.channels, grey.pixels.as_slice()), (1, &[255, 168][..]));
        assert_eq!(grey.with_channels(3).pixels, [255, 255, 255, 168, 168, 168]);
        assert_eq!(colour.clone().with_channels(3), colour);
    }
}
