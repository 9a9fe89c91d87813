//! From the bytes of a JPEG or PNG file to pixels of one byte a value.

use crate::dataset::images::resize::Raster;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Ends of the file names that are read, in lower case.
pub(super) const EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];

/// Why a file's image is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The file is damaged: others of the data set may be sound.
    Damaged(String),
    /// The file is of a kind that is not read.
    Unsupported(&'static str),
}

/// Decodes an image as it is: grey or colour. 16 bits a value are rounded to 8; an alpha channel that is opaque
/// everywhere is dropped.
pub(super) fn decode(bytes: &[u8]) -> Result<Raster, Refusal> {
    let damaged = |cause: ImageError| Refusal::Damaged(cause.to_string());
    let format = image::guess_format(bytes).ok().filter(|kind| matches!(kind, ImageFormat::Jpeg | ImageFormat::Png));
    let format = format.ok_or_else(|| Refusal::Damaged("it starts neither as a JPEG nor as a PNG".to_owned()))?;
    if format == ImageFormat::Jpeg {
        check_jpeg(bytes)?;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(Limits::default());
    let decoded = reader.decode().map_err(damaged)?;
    let (width, height) = (decoded.width(), decoded.height());
    if !opaque(&decoded) {
        return Err(Refusal::Unsupported("it is partly transparent: put it on a background"));
    }
    let (channels, pixels) = match decoded {
        DynamicImage::ImageLuma8(grey) => (1, grey.into_raw()),
        DynamicImage::ImageRgb8(colour) => (3, colour.into_raw()),
        other if other.color().has_color() => (3, other.into_rgb8().into_raw()),
        other => (1, other.into_luma8().into_raw()),
    };
    Ok(Raster { width, height, channels, pixels })
}

fn opaque(image: &DynamicImage) -> bool {
    match image {
        DynamicImage::ImageLumaA8(image) => image.pixels().all(|pixel| pixel.0[1] == u8::MAX),
        DynamicImage::ImageRgba8(image) => image.pixels().all(|pixel| pixel.0[3] == u8::MAX),
        DynamicImage::ImageLumaA16(image) => image.pixels().all(|pixel| pixel.0[1] == u16::MAX),
        DynamicImage::ImageRgba16(image) => image.pixels().all(|pixel| pixel.0[3] == u16::MAX),
        _ => true,
    }
}

/// What the decoder lets pass: a file cut off in the middle, whose rest it makes up, and the four inks of printing,
/// whose colours depend on a profile.
fn check_jpeg(bytes: &[u8]) -> Result<(), Refusal> {
    let cut_off = || Refusal::Damaged("the JPEG is cut off".to_owned());
    let mut rest = bytes.get(2..).ok_or_else(cut_off)?;
    loop {
        // A segment: ff, its kind, its length with these two bytes. Any number of ff may fill the space before.
        let [0xff, kind, tail @ ..] = rest else { return Err(cut_off()) };
        match kind {
            0xff => {
                rest = &rest[1..];
                continue;
            }
            // Kinds without contents.
            0x01 | 0xd0..=0xd8 => {
                rest = tail;
                continue;
            }
            0xd9 => return Err(Refusal::Damaged("the JPEG holds no image".to_owned())),
            _ => {}
        }
        let length = tail.first_chunk().map(|&length| usize::from(u16::from_be_bytes(length))).ok_or_else(cut_off)?;
        let (segment, next) = tail.split_at_checked(length).ok_or_else(cut_off)?;
        match kind {
            // A frame: length, bits, height, width, number of components.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf if segment.get(7) == Some(&4) => {
                return Err(Refusal::Unsupported("it is a CMYK JPEG: convert it to RGB"));
            }
            // The scan. In its data ff is followed by 00, so ff d9 is the end and nothing else.
            0xda => return if next.windows(2).any(|pair| pair == [0xff, 0xd9]) { Ok(()) } else { Err(cut_off()) },
            _ => rest = next,
        }
    }
}

/// Grey to colour: the same value thrice. Colour to grey: the brightness of ITU-R BT.709.
pub(super) fn with_channels(raster: Raster, channels: u16) -> Raster {
    let Raster { width, height, pixels, .. } = raster;
    let pixels = match (raster.channels, channels) {
        (1, 3) => pixels.into_iter().flat_map(|value| [value; 3]).collect(),
        (3, 1) => pixels.as_chunks().0.iter().map(|&[red, green, blue]| luma(red, green, blue)).collect(),
        _ => pixels,
    };
    Raster { width, height, channels, pixels }
}

fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let [red, green, blue] = [red, green, blue].map(u32::from);
    ((2126 * red + 7152 * green + 722 * blue + 5000) / 10_000) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage};

    fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        image.into().write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn jpeg() -> Vec<u8> {
        let image = RgbImage::from_fn(24, 16, |x, y| Rgb([10 * x as u8, 12 * y as u8, 100]));
        encoded(image, ImageFormat::Jpeg)
    }

    #[test]
    fn grey_and_colour_stay_what_they_are() {
        let grey = decode(&encoded(GrayImage::from_raw(2, 1, vec![7, 200]).unwrap(), ImageFormat::Png)).unwrap();
        assert_eq!(grey, Raster { width: 2, height: 1, channels: 1, pixels: vec![7, 200] });
        let colour = decode(&jpeg()).unwrap();
        assert_eq!((colour.width, colour.height, colour.channels), (24, 16, 3));
        // Lossy, but near.
        for (at, &[red, green, blue]) in colour.pixels.as_chunks().0.iter().enumerate() {
            let (x, y) = ((at % 24) as u8, (at / 24) as u8);
            let far = [red.abs_diff(10 * x), green.abs_diff(12 * y), blue.abs_diff(100)];
            assert!(far.into_iter().max().unwrap() < 32, "{at}: {far:?}");
        }
        let grey_jpeg = decode(&encoded(GrayImage::from_pixel(9, 9, Luma([80])), ImageFormat::Jpeg)).unwrap();
        assert_eq!((grey_jpeg.channels, grey_jpeg.pixels[40].abs_diff(80) < 3), (1, true));
    }

    #[test]
    fn sixteen_bits_are_rounded_to_eight() {
        let deep = ImageBuffer::<Luma<u16>, _>::from_raw(3, 1, vec![0_u16, 32_768, 65_535]).unwrap();
        assert_eq!(decode(&encoded(deep, ImageFormat::Png)).unwrap().pixels, [0, 128, 255]);
        let deep = ImageBuffer::<Rgb<u16>, _>::from_raw(1, 1, vec![257_u16 * 9, 0, 257 * 3]).unwrap();
        assert_eq!(decode(&encoded(deep, ImageFormat::Png)).unwrap().pixels, [9, 0, 3]);
    }

    #[test]
    fn alpha_is_dropped_where_it_hides_nothing() {
        let image = |alpha| RgbaImage::from_raw(2, 1, vec![1, 2, 3, 255, 4, 5, 6, alpha]).unwrap();
        let opaque = decode(&encoded(image(255), ImageFormat::Png)).unwrap();
        assert_eq!((opaque.channels, opaque.pixels), (3, vec![1, 2, 3, 4, 5, 6]));
        let refused = decode(&encoded(image(254), ImageFormat::Png)).unwrap_err();
        assert!(matches!(refused, Refusal::Unsupported(why) if why.contains("transparent")));
        let deep = ImageBuffer::<Rgba<u16>, _>::from_raw(1, 1, vec![0_u16, 0, 0, 65_534]).unwrap();
        assert!(matches!(decode(&encoded(deep, ImageFormat::Png)), Err(Refusal::Unsupported(_))));
    }

    #[test]
    fn every_cut_is_damage() {
        for file in [jpeg(), encoded(GrayImage::new(5, 5), ImageFormat::Png)] {
            for length in 0..file.len() {
                let cut = decode(&file[..length]);
                // The last twelve bytes of a PNG say only that it ends.
                let harmless = file.starts_with(&[0x89]) && length + 12 >= file.len();
                assert!(matches!(cut, Err(Refusal::Damaged(_))) || harmless, "{length}: {cut:?}");
            }
        }
    }

    #[test]
    fn the_inks_of_printing_are_refused() {
        let mut file = jpeg();
        let frame = file.windows(2).position(|pair| pair[0] == 0xff && matches!(pair[1], 0xc0..=0xc2)).unwrap();
        assert_eq!(file[frame + 9], 3);
        file[frame + 9] = 4;
        assert!(matches!(decode(&file), Err(Refusal::Unsupported(why)) if why.contains("CMYK")));
    }

    #[test]
    fn other_files_are_damage() {
        for bytes in [&b""[..], b"GIF89a", b"<!DOCTYPE html>", &[0xff, 0xd8, 0xff], &[0xff, 0xd8, 0xff, 0xd9]] {
            assert!(matches!(decode(bytes), Err(Refusal::Damaged(_))));
        }
    }

    #[test]
    fn channels_are_repeated_or_weighted() {
        let colour = Raster { width: 2, height: 1, channels: 3, pixels: vec![255, 255, 255, 100, 200, 50] };
        // 0.2126·100 + 0.7152·200 + 0.0722·50 = 167.9
        let grey = with_channels(colour.clone(), 1);
        assert_eq!((grey.channels, grey.pixels.as_slice()), (1, &[255, 168][..]));
        assert_eq!(with_channels(grey, 3).pixels, [255, 255, 255, 168, 168, 168]);
        assert_eq!(with_channels(colour.clone(), 3), colour);
    }
}
