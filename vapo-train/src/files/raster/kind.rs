//! Which files are images: by the ends of their names, and by their first bytes, which decide how one is read.

use image::ImageFormat;
use std::path::Path;

/// Ends of the names of files that are read, in lower case.
pub const EXTENSIONS: [&str; 10] = ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "tif", "tiff", "gif"];
/// Kinds that are read.
const READ: [ImageFormat; 6] =
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Gif];
/// The same for people.
pub const NAMES: &str = "JPEG, PNG, WebP, BMP, TIFF or GIF";

/// Whether the end of a file's name is that of an image.
pub fn is_image(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
    end.is_some_and(|end| EXTENSIONS.contains(&end.as_str()))
}

/// What a file is by its first bytes, whatever its name says; or why it is not read.
pub(super) fn of(bytes: &[u8]) -> Result<ImageFormat, String> {
    match image::guess_format(bytes) {
        Ok(kind) if READ.contains(&kind) => Ok(kind),
        Ok(kind) => Err(unread(kind.extensions_str().first().copied().unwrap_or("other"))),
        Err(_) => Err(other(bytes)),
    }
}

fn unread(kind: &str) -> String {
    format!("it is a .{kind} file, which is not read: convert it to PNG")
}

/// What else people find under the name of an image.
fn other(bytes: &[u8]) -> String {
    let start = bytes.get(..64).unwrap_or(bytes).to_ascii_lowercase();
    let starts = |text: &[u8]| start.trim_ascii_start().starts_with(text);
    let brand = start.get(4..12).and_then(|brand| brand.strip_prefix(b"ftyp"));
    match brand {
        _ if bytes.is_empty() => "it is empty".to_owned(),
        Some(b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" | b"heim" | b"heis") => unread("heic"),
        Some(b"avis") => unread("avif"),
        _ if starts(b"<!doctype html") || starts(b"<html") => "it is a web page: get the image anew".to_owned(),
        _ if starts(b"<svg") || starts(b"<?xml") => unread("svg"),
        _ if starts(b"version https://git-lfs") => {
            "it is a pointer of Git LFS: get the image with `git lfs pull`".to_owned()
        }
        _ if starts(b"8bps") => unread("psd"),
        _ if start.starts_with(b"\xff\x0a") || start.get(4..8) == Some(b"jxl ") => unread("jxl"),
        _ => format!("it starts like no {NAMES} file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_by_their_names() {
        for (path, expected) in [
            ("a/b.jpg", true),
            ("b.JPEG", true),
            ("b.Png", true),
            ("b.jfif", true),
            ("b.WebP", true),
            ("b.bmp", true),
            ("b.tif", true),
            ("b.gif", true),
            ("b.avif", false),
            ("b", false),
            ("png", false),
        ] {
            assert_eq!(is_image(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_read_is_named() {
        for (bytes, part) in [
            (&b""[..], "it is empty"),
            (b"\0\0\0\x1cftypavif\0\0\0\0", ".avif"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", ".heic"),
            (b"  <!DOCTYPE html><title>404", "web page"),
            (b"<?xml version='1.0'?><svg", ".svg"),
            (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
            (b"8BPS\0\x01", ".psd"),
            (b"\xff\x0a\0", ".jxl"),
            (b"DDS \0\0\0\0", ".dds"),
            (b"nonsense", "JPEG, PNG, WebP"),
        ] {
            let reason = of(bytes).unwrap_err();
            assert!(reason.contains(part), "{reason}");
        }
    }
}
