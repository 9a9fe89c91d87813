//! From the bytes of an image file to pixels. What a file claims is checked before memory is taken for it.

use super::{Background, Raster, jpeg, kind, profile};
use image::{ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

/// Bytes of the largest image file that is read: 256 MiB.
pub const MAX_FILE: u64 = 1 << 28;
/// Pixels of the largest image that is decoded: 134 million.
const MAX_PIXELS: u64 = 1 << 27;
/// Bytes of memory that an image may take while it is decoded: 512 MiB.
const MAX_MEMORY: u64 = 1 << 29;
/// Images of more pixels are decoded one at a time, so that memory does not grow with the number of threads.
const LARGE: u64 = 1 << 24;

static LARGE_ONE: Mutex<()> = Mutex::new(());

/// Why a file is not taken for an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Undecodable(String);

/// An image, and what a person may want to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Its pixels: grey or colour, as the file is.
    pub raster: Raster,
    /// Whether it is partly transparent: it lies on the background then.
    pub transparent: bool,
    /// The largest value of an image of 16 bits a value, before it was rounded to 8; none for others.
    pub peak: Option<u16>,
}

/// A file whose kind and extent are known, and within bounds.
pub struct Opened<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    limits: Limits,
}

/// Decodes an image as it is, upright by its EXIF orientation: grey or colour. 16 bits a value are rounded to 8. What
/// is transparent is laid on the background. Of many images in a file it takes the first.
///
/// # Errors
/// The file is damaged, of a kind that is not read, or larger than what is decoded: with the reason.
pub fn decode(bytes: &[u8], background: Background) -> Result<Decoded, Undecodable> {
    Opened::new(bytes)?.decode(background)
}

impl<'a> Opened<'a> {
    /// Reads what comes before the pixels.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Undecodable> {
        let format = kind::of(bytes).map_err(Undecodable)?;
        if format == ImageFormat::Jpeg {
            jpeg::check(bytes).map_err(refused)?;
        }
        let mut limits = Limits::default();
        limits.max_alloc = Some(MAX_MEMORY);
        let bytes = if format == ImageFormat::Png { profile::without_profile(bytes) } else { bytes.into() };
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits.clone());
        let decoder = Box::new(reader.into_decoder().map_err(undecodable)?);
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            return Err(Undecodable(format!("it has {width}×{height} pixels")));
        }
        if pixels > MAX_PIXELS || decoder.total_bytes() > MAX_MEMORY {
            return Err(Undecodable(format!(
                "it claims {width}×{height} pixels, and more than {MAX_PIXELS} pixels or {MAX_MEMORY} bytes are not decoded"
            )));
        }
        if matches!(decoder.original_color_type(), ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16) {
            return Err(refused("it is in the four inks of printing (CMYK): convert it to RGB"));
        }
        if matches!(decoder.color_type(), ColorType::Rgb32F | ColorType::Rgba32F) {
            return Err(refused("its values are floats, of no known range: convert it to 8 or 16 bits"));
        }
        Ok(Opened { decoder, limits })
    }

    /// Columns and rows that the file claims, before it is turned upright.
    pub fn extent(&self) -> (u32, u32) {
        self.decoder.dimensions()
    }

    /// Decodes the pixels. See [`decode`].
    ///
    /// # Errors
    /// The file is damaged.
    pub fn decode(self, background: Background) -> Result<Decoded, Undecodable> {
        let Opened { mut decoder, mut limits } = self;
        let (width, height) = decoder.dimensions();
        let large = u64::from(width) * u64::from(height) > LARGE;
        let _alone = large.then(|| LARGE_ONE.lock().unwrap_or_else(PoisonError::into_inner));
        // Where the orientation itself is damaged, the image is as it is.
        let orientation = decoder.orientation().ok();
        limits.reserve(decoder.total_bytes()).and_then(|()| decoder.set_limits(limits)).map_err(undecodable)?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(undecodable)?;
        if let Some(orientation) = orientation {
            image.apply_orientation(orientation);
        }
        Ok(eight_bits(image, background))
    }
}

fn refused(reason: &str) -> Undecodable {
    Undecodable(reason.to_owned())
}

fn undecodable(cause: ImageError) -> Undecodable {
    Undecodable(match cause {
        ImageError::Unsupported(cause) => format!("{cause}: convert it to a PNG of 8 bits"),
        cause => cause.to_string(),
    })
}

/// A byte a value, grey or colour, without transparency.
fn eight_bits(image: DynamicImage, background: Background) -> Decoded {
    let peak = peak(&image);
    let (width, height) = (image.width(), image.height());
    let (colour, alpha) = (image.color().has_color(), image.color().has_alpha());
    let raster = |channels, pixels| Raster { width, height, channels, pixels };
    if !alpha {
        let raster =
            if colour { raster(3, image.into_rgb8().into_raw()) } else { raster(1, image.into_luma8().into_raw()) };
        return Decoded { raster, transparent: false, peak };
    }
    let image = image.into_rgba8();
    let transparent = image.pixels().any(|pixel| pixel.0[3] != u8::MAX);
    let channels = if colour || transparent && !background.is_grey() { 3 } else { 1 };
    let mut pixels = Vec::with_capacity(width as usize * height as usize * usize::from(channels));
    for &[red, green, blue, alpha] in image.as_raw().as_chunks().0 {
        pixels.extend_from_slice(&background.behind([red, green, blue], alpha)[..channels.into()]);
    }
    Decoded { raster: raster(channels, pixels), transparent, peak }
}

/// The largest value of an image of 16 bits a value, opacity apart.
fn peak(image: &DynamicImage) -> Option<u16> {
    let largest = |values: &[u16], channels: usize, alpha: usize| {
        values.chunks_exact(channels).flat_map(|pixel| &pixel[..channels - alpha]).max().copied()
    };
    match image {
        DynamicImage::ImageLuma16(image) => largest(image, 1, 0),
        DynamicImage::ImageLumaA16(image) => largest(image, 2, 1),
        DynamicImage::ImageRgb16(image) => largest(image, 3, 0),
        DynamicImage::ImageRgba16(image) => largest(image, 4, 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
