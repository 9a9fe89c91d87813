//! Images out of files.

use crate::arithmetic::levels::value;
use crate::files::array::{Array, ArrayFileError, Class, order};
use crate::files::raster::{Background, Decoded, Opened, Undecodable};
use vapo_format::Shape;

/// Why a file holds no images of a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file is no picture, or is damaged.
    #[error("no picture that is read: {0}")]
    Picture(#[from] Undecodable),
    /// The file is no array, or is damaged.
    #[error("no NumPy array: {0}")]
    Npy(#[from] ArrayFileError),
    /// Colours of another kind.
    #[error("expected {expected}, found {found}: convert the picture")]
    Pixels {
        /// What would be right.
        expected: &'static str,
        /// What the file has.
        found: String,
    },
    /// Another width or height.
    #[error("expected {} × {} pixels (width × height), found {width} × {height}: scale or crop the picture", expected.width, expected.height)]
    Extent {
        /// Extent of the model's images.
        expected: Shape,
        /// Width of the picture.
        width: u32,
        /// Height of the picture.
        height: u32,
    },
    /// Another number or length of axes.
    #[error(
        "expected an array of axes (N, {}, {}, {}), or one image of it, found {found:?}",
        expected.height, expected.width, expected.channels
    )]
    Axes {
        /// Extent of the model's images.
        expected: Shape,
        /// Lengths of the array's axes.
        found: Vec<u64>,
    },
    /// Numbers of another type.
    #[error("expected an array of floats in -1 to 1, of uint8 or of bool, found {found}")]
    Type {
        /// What the file has.
        found: String,
    },
    /// Values outside the range of images.
    #[error(
        "expected values of about -1 to 1, found {found} at position {position}: for grey levels of 0 to 255, save x / 127.5 - 1"
    )]
    Value {
        /// The value.
        found: f32,
        /// Its position, from 0.
        position: usize,
    },
    /// No image of this position.
    #[error("expected an image below {count}, the number of images, found {index}")]
    Index {
        /// The image that was asked for.
        index: usize,
        /// Images that there are.
        count: usize,
    },
}

/// A picture as an image of `shape`: one channel from grey, three from red, green and blue. Row-major, channels last,
/// in [-1, 1].
///
/// # Errors
/// No picture, or of another extent or other colours, or partly transparent.
pub fn image(file: &[u8], shape: Shape) -> Result<Vec<f32>, ReadError> {
    let expected = match shape.channels {
        1 => "a grey picture without transparency",
        3 => "a picture of red, green and blue without transparency",
        _ => {
            let found = format!("a model of {} channels", shape.channels);
            return Err(ReadError::Pixels { expected: "a model of 1 or 3 channels for pictures", found });
        }
    };
    Ok(pixels(file, shape, shape.channels, expected)?.into_iter().map(value).collect())
}

/// A grey picture as a mask of `shape`: an element is missing where the picture is lighter than half. All channels of a
/// pixel are missing together.
///
/// # Errors
/// No picture, or of another extent or other colours, or partly transparent.
pub fn mask(file: &[u8], shape: Shape) -> Result<Vec<bool>, ReadError> {
    let expected =
        "a grey picture without transparency for a mask, white where the image is missing and black where it is known";
    let pixels = pixels(file, shape, 1, expected)?;
    let channels = usize::from(shape.channels);
    Ok(pixels.into_iter().flat_map(|level| std::iter::repeat_n(level >= 128, channels)).collect())
}

fn pixels(file: &[u8], shape: Shape, channels: u16, expected: &'static str) -> Result<Vec<u8>, ReadError> {
    let opened = Opened::new(file)?;
    let other = |(width, height): (u32, u32)| ReadError::Extent { expected: shape, width, height };
    // First, so that a huge picture takes no memory; it may yet be turned.
    let (width, height) = opened.extent();
    let (columns, rows) = (u32::from(shape.width), u32::from(shape.height));
    if (width, height) != (columns, rows) && (height, width) != (columns, rows) {
        return Err(other((width, height)));
    }
    let Decoded { raster, transparent, .. } = opened.decode(Background::WHITE)?;
    if (raster.width, raster.height) != (columns, rows) {
        return Err(other((raster.width, raster.height)));
    }
    if transparent || raster.channels != channels {
        let colours = if raster.channels == 1 { "grey" } else { "red, green and blue" };
        let found = if transparent { "a partly transparent picture".to_owned() } else { colours.to_owned() };
        return Err(ReadError::Pixels { expected, found });
    }
    Ok(raster.pixels)
}

/// Values beyond are no image's, whatever a sampler made of it: grey levels that were not scaled, for instance.
const MOST: f32 = 16.0;

/// Image `index` of a NumPy array (N, H, W, C), or of one image alone, whose axis of one channel may be left out:
/// floats in [-1, 1], as `vapo-train sample` writes them, uint8, or bool. Row-major, channels last, in [-1, 1].
///
/// # Errors
/// No array, or of other axes or another type, or without image `index`.
pub fn array(file: &[u8], shape: Shape, index: usize) -> Result<Vec<f32>, ReadError> {
    let array = Array::of_bytes("array", file)?;
    let header = array.header.clone();
    let found = header.shape.clone();
    let extents = [shape.height, shape.width, shape.channels].map(u64::from);
    let one_channel = shape.channels == 1;
    let count = match found.as_slice() {
        rest if rest == extents || one_channel && rest == &extents[..2] => 1,
        [count, rest @ ..] if rest == extents || one_channel && rest == &extents[..2] => *count,
        _ => return Err(ReadError::Axes { expected: shape, found }),
    };
    if index as u64 >= count {
        return Err(ReadError::Index { index, count: count as usize });
    }
    let Some(element) = header.element.filter(|element| element.is_number()) else {
        return Err(ReadError::Type { found: header.description });
    };
    let scale = match (element.class, element.width) {
        (Class::Uint, 1) => |level: f64| value(level as u8),
        (Class::Bool, _) => |truth: f64| if truth == 0.0 { -1.0 } else { 1.0 },
        (Class::Float, _) => |value: f64| value as f32,
        _ => return Err(ReadError::Type { found: header.description }),
    };
    let mut bytes = array.values(element)?;
    let width = element.width as usize;
    if header.fortran {
        let values: Vec<&[u8]> = bytes.chunks_exact(width).collect();
        bytes = order::row_major(&values, &found).concat();
    }
    let elements = shape.elements() * width;
    let values: Vec<f32> = element.numbers(&bytes[index * elements..][..elements]).map(scale).collect();
    match values.iter().position(|value| !(-MOST..=MOST).contains(value)) {
        Some(position) => Err(ReadError::Value { found: values[position], position }),
        None => Ok(values),
    }
}

/// Whether the file is an array of floats.
pub fn is_of_floats(file: &[u8]) -> bool {
    let element = Array::of_bytes("array", file).ok().and_then(|array| array.header.element);
    element.is_some_and(|element| element.class == Class::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::array::write::header;

    const GREY: Shape = Shape { channels: 1, height: 2, width: 3 };
    const COLOUR: Shape = Shape { channels: 3, ..GREY };

    fn png(width: u32, height: u32, color: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(color);
        encoder.set_depth(depth);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        file
    }

    fn grey(levels: &[u8]) -> Vec<u8> {
        png(3, 2, png::ColorType::Grayscale, png::BitDepth::Eight, levels)
    }

    #[test]
    fn pictures_are_scaled_to_minus_one_and_one() {
        assert_eq!(image(&grey(&[0, 255, 51, 0, 0, 204]), GREY).unwrap(), [-1.0, 1.0, -0.6, -1.0, -1.0, 0.6]);
        let colours: Vec<u8> = (0..18).map(|value| 15 * value).collect();
        let file = png(3, 2, png::ColorType::Rgb, png::BitDepth::Eight, &colours);
        let expected: Vec<f32> = colours.iter().map(|&level| f32::from(level) / 127.5 - 1.0).collect();
        assert_eq!(image(&file, COLOUR).unwrap(), expected);
    }

    #[test]
    fn white_is_missing_in_every_channel() {
        let file = grey(&[0, 127, 128, 255, 1, 200]);
        assert_eq!(mask(&file, GREY).unwrap(), [false, false, true, true, false, true]);
        let all: Vec<bool> =
            [false, false, true, true, false, true].into_iter().flat_map(|missing| [missing; 3]).collect();
        assert_eq!(mask(&file, COLOUR).unwrap(), all);
    }

    #[test]
    fn pictures_of_another_kind_are_refused_by_name() {
        use png::{BitDepth::*, ColorType::*};
        let rgb = png(3, 2, Rgb, Eight, &[0; 18]);
        for (file, shape, parts) in [
            (png(1, 3, Grayscale, Eight, &[0; 3]), GREY, ["3 × 2 pixels", "found 1 × 3"]),
            (png(2, 3, Grayscale, Eight, &[0; 6]), GREY, ["3 × 2 pixels", "found 2 × 3"]),
            (rgb.clone(), GREY, ["a grey picture", "found red, green and blue"]),
            (grey(&[0; 6]), COLOUR, ["red, green and blue", "found grey"]),
            (png(3, 2, Rgba, Eight, &[0; 24]), COLOUR, ["without transparency", "partly transparent"]),
            (b"not a picture".to_vec(), GREY, ["no picture", "JPEG, PNG"]),
            (grey(&[0; 6])[..50].to_vec(), GREY, ["no picture", ""]),
            (vec![], GREY, ["no picture", "empty"]),
            (rgb, Shape { channels: 2, ..GREY }, ["1 or 3 channels", "2 channels"]),
        ] {
            let error = image(&file, shape).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{parts:?}: {error}");
        }
        let error = mask(&png(3, 2, Rgb, Eight, &[0; 18]), COLOUR).unwrap_err().to_string();
        assert!(error.contains("white where the image is missing") && error.contains("found red"), "{error}");
        // A header that promises a huge picture takes no memory for it.
        let mut huge = grey(&[0; 6]);
        huge[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        assert!(image(&huge, GREY).is_err());
    }

    #[test]
    fn other_depths_are_brought_to_eight_bits() {
        use png::{BitDepth::*, ColorType::*};
        let deep: Vec<u8> = [0_u16, 257 * 51, u16::MAX, 0, 0, 0].iter().flat_map(|value| value.to_be_bytes()).collect();
        let read = image(&png(3, 2, Grayscale, Sixteen, &deep), GREY).unwrap();
        assert_eq!(read, [-1.0, -0.6, 1.0, -1.0, -1.0, -1.0]);
        let mask = mask(&png(3, 2, Grayscale, One, &[0b0110_0000, 0b1000_0000]), GREY).unwrap();
        assert_eq!(mask, [false, true, true, true, false, false]);
    }

    #[test]
    fn arrays_are_what_sampling_wrote() {
        let values: Vec<f32> = (0..12).map(|value| value as f32 / 6.0 - 1.0).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let file = of("<f4", &[2, 2, 3, 1], &bytes);
        assert_eq!(array(&file, GREY, 0).unwrap(), values[..6]);
        assert_eq!(array(&file, GREY, 1).unwrap(), values[6..]);
        let error = array(&file, GREY, 2).unwrap_err().to_string();
        assert!(error.contains("below 2") && error.contains("found 2"), "{error}");
    }

    /// An array of these axes and bytes.
    fn of(descr: &str, axes: &[usize], bytes: &[u8]) -> Vec<u8> {
        [&header(descr, axes), bytes].concat()
    }

    #[test]
    fn axes_may_leave_out_what_is_one() {
        let bytes: Vec<u8> = (0..12).map(|value| 20 * value).collect();
        let expected: Vec<f32> = bytes.iter().map(|&level| f32::from(level) / 127.5 - 1.0).collect();
        for axes in [&[2, 2, 3, 1][..], &[2, 2, 3]] {
            assert_eq!(array(&of("|u1", axes, &bytes), GREY, 1).unwrap(), expected[6..], "{axes:?}");
        }
        for axes in [&[2, 3, 1][..], &[2, 3], &[1, 2, 3]] {
            assert_eq!(array(&of("|u1", axes, &bytes[..6]), GREY, 0).unwrap(), expected[..6], "{axes:?}");
        }
        let colour: Vec<u8> = (0..18).collect();
        for axes in [&[1, 2, 3, 3][..], &[2, 3, 3]] {
            assert_eq!(array(&of("|u1", axes, &colour), COLOUR, 0).unwrap().len(), 18, "{axes:?}");
        }
    }

    #[test]
    fn other_arrays_are_refused_by_name() {
        for (file, parts) in [
            (of("|u1", &[3, 2], &[0; 6]), ["(N, 2, 3, 1)", "found [3, 2]"]),
            (of("|u1", &[6], &[0; 6]), ["(N, 2, 3, 1)", "found [6]"]),
            (of("|u1", &[1, 2, 3, 3], &[0; 18]), ["(N, 2, 3, 1)", "found [1, 2, 3, 3]"]),
            (of("<i4", &[2, 3], &[0; 24]), ["of uint8 or of bool", "<i4"]),
            (of("|O", &[2, 3], &[]), ["floats in -1 to 1", "|O"]),
            (of("<f4", &[2, 3], &[0; 20]), ["no NumPy array", "20"]),
            (of("|u1", &[1 << 40, 2, 3], &[0; 6]), ["expected 6597069766656 bytes", "found 6"]),
            (of("<f4", &[2, 3], &[0xff; 24]), ["about -1 to 1, found NaN", "position 0"]),
            (of("<f4", &[2, 3], &[200.0_f32.to_le_bytes(); 6].concat()), ["found 200 at", "x / 127.5 - 1"]),
            (b"not an array".to_vec(), ["no NumPy array", ""]),
            (vec![], ["no NumPy array", ""]),
        ] {
            let error = array(&file, GREY, 0).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{parts:?}: {error}");
        }
    }

    #[test]
    fn every_type_and_order_gives_the_same_image() {
        let levels: [u8; 6] = [0, 255, 0, 255, 255, 0];
        let expected = levels.map(|level| if level == 0 { -1.0 } else { 1.0 });
        let floats = |to_bytes: fn(f64) -> Vec<u8>| expected.iter().flat_map(|&value| to_bytes(value.into())).collect();
        let files: [(&str, Vec<u8>); 5] = [
            ("|u1", levels.to_vec()),
            ("|b1", levels.map(|level| level / 255).to_vec()),
            ("<f8", floats(|value| value.to_le_bytes().to_vec())),
            (">f4", floats(|value| (value as f32).to_be_bytes().to_vec())),
            // One is 0x3c00, minus one is 0xbc00.
            ("<f2", floats(|value| vec![0, if value < 0.0 { 0xbc } else { 0x3c }])),
        ];
        for (descr, bytes) in files {
            assert_eq!(array(&of(descr, &[1, 2, 3], &bytes), GREY, 0).unwrap(), expected, "{descr}");
        }
        let mut fortran = of("|u1", &[2, 3], &[0, 255, 255, 255, 0, 0]);
        let at = fortran.windows(5).position(|word| word == b"False").unwrap();
        fortran[at..at + 5].copy_from_slice(b"True ");
        assert_eq!(array(&fortran, GREY, 0).unwrap(), expected);
    }
}
