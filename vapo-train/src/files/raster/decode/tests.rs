use super::*;
use image::{GrayAlphaImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn on_white(bytes: &[u8]) -> Result<Decoded, Undecodable> {
    decode(bytes, Background::WHITE)
}

fn raster(bytes: &[u8]) -> Raster {
    on_white(bytes).unwrap().raster
}

fn reason(bytes: &[u8]) -> String {
    on_white(bytes).unwrap_err().to_string()
}

/// Three columns and two rows of grey, or of their likes in colour.
fn greys() -> GrayImage {
    GrayImage::from_raw(3, 2, vec![0, 40, 80, 120, 160, 255]).unwrap()
}

fn jpeg() -> Vec<u8> {
    let image = RgbImage::from_fn(24, 16, |x, y| Rgb([10 * x as u8, 12 * y as u8, 100]));
    encoded(image, ImageFormat::Jpeg)
}

#[test]
fn grey_and_colour_stay_what_they_are() {
    let grey = raster(&encoded(GrayImage::from_raw(2, 1, vec![7, 200]).unwrap(), ImageFormat::Png));
    assert_eq!(grey, Raster { width: 2, height: 1, channels: 1, pixels: vec![7, 200] });
    let colour = raster(&jpeg());
    assert_eq!((colour.width, colour.height, colour.channels), (24, 16, 3));
    // Lossy, but near.
    for (at, &[red, green, blue]) in colour.pixels.as_chunks().0.iter().enumerate() {
        let (x, y) = ((at % 24) as u8, (at / 24) as u8);
        let far = [red.abs_diff(10 * x), green.abs_diff(12 * y), blue.abs_diff(100)];
        assert!(far.into_iter().max().unwrap() < 32, "{at}: {far:?}");
    }
    let grey_jpeg = raster(&encoded(GrayImage::from_pixel(9, 9, Luma([80])), ImageFormat::Jpeg));
    assert_eq!((grey_jpeg.channels, grey_jpeg.pixels[40].abs_diff(80) < 3), (1, true));
}

#[test]
fn every_kind_is_read_to_the_same_pixels() {
    let colours = DynamicImage::from(greys()).into_rgb8().into_raw();
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Gif] {
        let image: DynamicImage = match format {
            ImageFormat::Gif => DynamicImage::from(greys()).into_rgba8().into(),
            _ => DynamicImage::from(greys()).into_rgb8().into(),
        };
        let found = on_white(&encoded(image, format)).unwrap();
        assert_eq!((found.raster.width, found.raster.height, found.raster.channels), (3, 2, 3), "{format:?}");
        assert_eq!((found.raster.pixels, found.transparent, found.peak), (colours.clone(), false, None), "{format:?}");
    }
}

#[test]
fn sixteen_bits_are_rounded_to_eight_and_their_peak_is_kept() {
    let deep = ImageBuffer::<Luma<u16>, _>::from_raw(3, 1, vec![0_u16, 32_768, 65_535]).unwrap();
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let found = on_white(&encoded(deep.clone(), format)).unwrap();
        assert_eq!((found.raster.pixels, found.peak), (vec![0, 128, 255], Some(65_535)));
    }
    let deep = ImageBuffer::<Rgb<u16>, _>::from_raw(1, 1, vec![257_u16 * 9, 0, 257 * 3]).unwrap();
    let found = on_white(&encoded(deep, ImageFormat::Png)).unwrap();
    assert_eq!((found.raster.pixels, found.peak), (vec![9, 0, 3], Some(257 * 9)));
    // Opacity is no value.
    let deep = ImageBuffer::<Rgba<u16>, _>::from_raw(1, 1, vec![12_u16, 4095, 7, 65_535]).unwrap();
    assert_eq!(on_white(&encoded(deep, ImageFormat::Png)).unwrap().peak, Some(4095));
}

#[test]
fn what_is_transparent_lies_on_the_background() {
    let image = |alpha| RgbaImage::from_raw(2, 1, vec![1, 2, 3, 255, 200, 100, 0, alpha]).unwrap();
    let opaque = on_white(&encoded(image(255), ImageFormat::Png)).unwrap();
    assert_eq!((opaque.raster.channels, opaque.transparent), (3, false));
    assert_eq!(opaque.raster.pixels, [1, 2, 3, 200, 100, 0]);
    let file = encoded(image(51), ImageFormat::Png);
    let white = on_white(&file).unwrap();
    assert_eq!((white.raster.pixels, white.transparent), (vec![1, 2, 3, 244, 224, 204], true));
    let blue = decode(&file, "0,0,255".parse().unwrap()).unwrap();
    assert_eq!(blue.raster.pixels, [1, 2, 3, 40, 20, 204]);
    // Grey stays grey on grey.
    let grey = GrayAlphaImage::from_raw(2, 1, vec![9, 255, 200, 0]).unwrap();
    let file = encoded(grey, ImageFormat::Png);
    for (background, expected) in [("0", vec![9, 0]), ("255", vec![9, 255]), ("255,0,0", vec![9, 9, 9, 255, 0, 0])] {
        let found = decode(&file, background.parse().unwrap()).unwrap().raster;
        assert_eq!((usize::from(found.channels), found.pixels), (expected.len() / 2, expected), "{background}");
    }
    let deep = ImageBuffer::<LumaA<u16>, _>::from_raw(1, 1, vec![0_u16, 0]).unwrap();
    let found = on_white(&encoded(deep, ImageFormat::Png)).unwrap();
    assert_eq!((found.raster.pixels, found.transparent), (vec![255], true));
}

/// The segment that a camera puts behind the start of a JPEG: EXIF with an orientation and nothing else.
fn exif(orientation: u8) -> Vec<u8> {
    let mut contents = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    contents.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = (contents.len() + 2) as u16;
    [&[0xff, 0xe1][..], &length.to_be_bytes(), &contents].concat()
}

#[test]
fn images_are_turned_upright() {
    // Dark on the left of the file.
    let image = GrayImage::from_fn(32, 16, |x, _| Luma([if x < 16 { 20 } else { 230 }]));
    let file = encoded(image, ImageFormat::Jpeg);
    // Orientation, extent, and where the dark half lies: left, right, top, bottom.
    for (orientation, extent, dark) in [
        (1, (32, 16), "left"),
        (2, (32, 16), "right"),
        (3, (32, 16), "right"),
        (4, (32, 16), "left"),
        (5, (16, 32), "top"),
        (6, (16, 32), "top"),
        (7, (16, 32), "bottom"),
        (8, (16, 32), "bottom"),
        (9, (32, 16), "left"),
    ] {
        let turned = raster(&[&file[..2], &exif(orientation), &file[2..]].concat());
        assert_eq!((turned.width, turned.height), extent, "{orientation}");
        let level = |x: u32, y: u32| turned.pixels[(y * turned.width + x) as usize];
        let (right, bottom) = (turned.width - 3, turned.height - 3);
        let found = match (level(2, 2) < 128, level(right, 2) < 128, level(2, bottom) < 128) {
            (true, false, true) => "left",
            (false, true, false) => "right",
            (true, true, false) => "top",
            (false, false, true) => "bottom",
            other => panic!("{orientation}: {other:?}"),
        };
        assert_eq!(found, dark, "{orientation}");
    }
}

#[test]
fn every_cut_is_damage() {
    for file in [jpeg(), encoded(GrayImage::new(5, 5), ImageFormat::Png)] {
        for length in 0..file.len() {
            let cut = on_white(&file[..length]);
            // The last twelve bytes of a PNG say only that it ends.
            let harmless = file.starts_with(&[0x89]) && length + 12 >= file.len();
            assert!(cut.is_err() || harmless, "{length}: {cut:?}");
        }
    }
}

#[test]
fn the_inks_of_printing_are_refused() {
    let mut file = jpeg();
    let frame = file.windows(2).position(|pair| pair[0] == 0xff && matches!(pair[1], 0xc0..=0xc2)).unwrap();
    assert_eq!(file[frame + 9], 3);
    file[frame + 9] = 4;
    assert!(reason(&file).contains("CMYK"));
}

#[test]
fn floats_have_no_known_range() {
    let floats = ImageBuffer::<Rgb<f32>, _>::from_raw(1, 1, vec![0.5_f32, 100.0, -3.0]).unwrap();
    assert!(reason(&encoded(floats, ImageFormat::Tiff)).contains("floats"));
}

#[test]
fn other_files_are_refused() {
    for bytes in [&b""[..], b"GIF89a", b"<!DOCTYPE html>", &[0xff, 0xd8, 0xff], &[0xff, 0xd8, 0xff, 0xd9]] {
        assert!(on_white(bytes).is_err());
    }
}

/// The sum of a PNG chunk, over its kind and contents.
fn png_sum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// A small file of each kind that claims a huge image. Were it believed, gigabytes would be taken.
#[test]
fn huge_claims_are_refused_before_memory_is_taken() {
    let mut png = encoded(greys(), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let sum = png_sum(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    let mut jpeg = jpeg();
    let frame = jpeg.windows(2).position(|pair| pair[0] == 0xff && matches!(pair[1], 0xc0..=0xc2)).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xf0, 0xff, 0xf0]);
    let mut bmp = encoded(greys(), ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[0, 0, 1, 0, 0, 0, 1, 0]);
    let mut gif = encoded(DynamicImage::from(greys()).into_rgba8(), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    let mut tiff = encoded(greys(), ImageFormat::Tiff);
    for tag in [[0, 1], [1, 1]] {
        let entry = tiff.windows(8).position(|start| start[..2] == tag && start[4..] == [1, 0, 0, 0]).unwrap();
        tiff[entry + 8..entry + 12].copy_from_slice(&[0, 0, 1, 0]);
    }
    let mut webp = encoded(DynamicImage::from(greys()).into_rgb8(), ImageFormat::WebP);
    assert_eq!((&webp[12..16], webp[20]), (&b"VP8L"[..], 0x2f));
    // Twice 14 bits: width and height, less one.
    webp[21..24].copy_from_slice(&[0xfe, 0xbf, 0xff]);
    webp[24] |= 0x0f;
    for (kind, file) in [("png", png), ("jpeg", jpeg), ("bmp", bmp), ("gif", gif), ("tiff", tiff), ("webp", webp)] {
        let why = reason(&file);
        assert!(why.contains("claims") || why.contains("limit"), "{kind}: {why}");
    }
}

/// A whole image of more pixels than are decoded, in few bytes: a bomb that keeps what it claims.
#[test]
fn an_image_that_is_too_large_is_refused_though_its_file_is_small() {
    let (width, height) = (1 << 14, (1 << 13) + 1);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.write_header().unwrap().write_image_data(&vec![0; (width / 8 * height) as usize]).unwrap();
    assert!(file.len() < 1 << 20, "{}", file.len());
    assert!(reason(&file).contains("claims 16384×8193"), "{}", reason(&file));
}

#[test]
fn a_colour_profile_takes_no_memory() {
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    image::ImageEncoder::set_icc_profile(&mut encoder, vec![0; 1 << 20]).unwrap();
    greys().write_with_encoder(encoder).unwrap();
    let mut with = ImageReader::with_format(Cursor::new(&file), ImageFormat::Png).into_decoder().unwrap();
    assert_eq!(with.icc_profile().unwrap().map(|profile| profile.len()), Some(1 << 20));
    assert_eq!(Opened::new(&file).unwrap().decoder.icc_profile().unwrap(), None);
    assert_eq!(raster(&file).pixels, greys().into_raw());
}
