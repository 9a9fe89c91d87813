//! Made-up faces in the official layout of CelebA.

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Name of the archive.
pub(crate) const ARCHIVE: &str = "img_align_celeba.zip";
/// Name of the partition.
pub(crate) const PARTITION: &str = "list_eval_partition.txt";

/// Writes archive and partition of `count` images into a folder. Neither may be there. As in the original, most
/// images are to train on, the next tenth to choose by and the last tenth to test with.
pub(crate) fn write(folder: &Path, count: u32) -> io::Result<()> {
    let mut zip = ZipWriter::new(File::create_new(folder.join(ARCHIVE))?);
    let mut partition = File::create_new(folder.join(PARTITION))?;
    zip.add_directory("img_align_celeba", SimpleFileOptions::default())?;
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for index in 1..=count {
        let name = format!("{index:06}.jpg");
        zip.start_file(format!("img_align_celeba/{name}"), options)?;
        zip.write_all(&jpeg(&face(index)))?;
        let tenth = u64::from(index - 1) * 10 / u64::from(count);
        writeln!(partition, "{name} {}", tenth.saturating_sub(7))?;
    }
    zip.finish()?;
    Ok(())
}

/// A file of quality 90.
pub(crate) fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut file = Vec::new();
    // Memory takes every byte.
    JpegEncoder::new_with_quality(&mut file, 90).encode_image(image).expect("a colour image is a JPEG");
    file
}

/// An oval with two eyes and a mouth, of colours and places that depend on the index.
pub(crate) fn face(index: u32) -> RgbImage {
    let vary = |prime: u32, most: u32| (index.wrapping_mul(prime) >> 3) % (most + 1);
    let skin = [150 + vary(2_654_435_761, 100), 100 + vary(40_503, 90), 70 + vary(97, 90)];
    let ground = [vary(7919, 255), vary(104_729, 255), vary(1_299_709, 255)];
    let (x0, y0) = (84.0 + vary(31, 10) as f32, 112.0 + vary(57, 10) as f32);
    let inside =
        |x: f32, y: f32, cx: f32, cy: f32, rx: f32, ry: f32| ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) < 1.0;
    RgbImage::from_fn(178, 218, |column, row| {
        let (x, y) = (column as f32, row as f32);
        let eye = inside(x, y, x0 - 20.0, y0 - 10.0, 8.0, 5.0) || inside(x, y, x0 + 20.0, y0 - 10.0, 8.0, 5.0);
        let colour = if eye {
            [20, 30, 50]
        } else if inside(x, y, x0, y0 + 35.0, 18.0, 6.0) {
            [170, 40, 50]
        } else if inside(x, y, x0, y0, 50.0, 70.0) {
            skin
        } else {
            ground.map(|level| (level + row / 4).min(255))
        };
        Rgb(colour.map(|level| level as u8))
    })
}
