//! Folders of images as people have them: what is taken of them, what is passed over, and that it is said.

use crate::program::{Outcome, vapo_train};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, RgbImage, Rgba, RgbaImage};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const TRAIN: &str = "--dataset folder --preset tiny --size 8 --steps 1 --batch 4 --threads 1 --out run --force";

fn train(root: &Path, data: &str) -> Outcome {
    vapo_train(root, &format!("{TRAIN} --data-dir {data}")).succeeded()
}

/// A grey image of 8 × 8 pixels.
fn put(root: &Path, path: &str, level: u8) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let end = path.extension().unwrap().to_str().unwrap();
    let format = ImageFormat::from_extension(if end == "jfif" { "jpg" } else { end }).unwrap();
    let image = DynamicImage::from(GrayImage::from_pixel(8, 8, Luma([level])));
    // GIF and WebP have no grey.
    let image = if end == "gif" { image.into_rgba8().into() } else { DynamicImage::from(image.into_rgb8()) };
    image.save_with_format(path, format).unwrap();
}

#[test]
fn train_and_test_beside_each_other_are_told_apart_in_any_case() {
    let root = TempDir::new().unwrap();
    for index in 0..6 {
        put(root.path(), &format!("data/Train/{index}.png"), index);
    }
    put(root.path(), "data/Test/0.png", 200);
    put(root.path(), "data/Validation/0.png", 100);
    let told = train(root.path(), "data").errors;
    assert!(told.contains("folder: 6 images of 8×8×3"), "{told}");
    let said = "folder: 6 images of Train/ are the train split; 1 of Validation/ are the valid split; 1 of Test/ are the test split";
    assert!(told.contains(said), "{told}");
    let line = |split| format!("fid-ref --dataset folder --data-dir data --split {split} --out {split}.npz");
    for split in ["train", "valid", "test"] {
        let expected = if split == "train" { "6 images" } else { "1 images" };
        let told = vapo_train(root.path(), &line(split)).succeeded();
        assert!(told.output.starts_with(expected), "{split}: {}", told.output);
    }
}

#[test]
fn every_kind_is_read_and_what_is_left_out_is_named() {
    let root = TempDir::new().unwrap();
    for (index, end) in ["png", "webp", "bmp", "tiff", "tif", "gif", "jfif", "jpg", "WEBP"].into_iter().enumerate() {
        put(root.path(), &format!("data/{index}.{}", end.to_lowercase()), 20 * index as u8);
        let name = |end: &str| root.path().join(format!("data/{index}.{end}"));
        fs::rename(name(&end.to_lowercase()), name(end)).unwrap();
    }
    // A PNG under the name of a JPEG.
    put(root.path(), "x.png", 9);
    fs::rename(root.path().join("x.png"), root.path().join("data/x.jpg")).unwrap();
    for name in ["a.avif", "b.avif", "c.txt"] {
        fs::write(root.path().join("data").join(name), "").unwrap();
    }
    let told = train(root.path(), "data").errors;
    assert!(told.contains("folder: 10 images of 8×8×3"), "{told}");
    let said = "folder: 10 images; left out: 2 .avif (not read: convert to PNG), 1 .txt";
    assert!(told.contains(said), "{told}");
}

/// A dangling link, a link that leads back, and what systems leave.
#[cfg(unix)]
#[test]
fn incidental_things_stop_no_command_and_are_counted_the_same() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let root = TempDir::new().unwrap();
    for (folder, first) in [("data", 0), ("samples", 100)] {
        for index in 0..4 {
            put(root.path(), &format!("{folder}/{index}.png"), first + index);
        }
        let folder = root.path().join(folder);
        for name in ["._0.png", ".DS_Store", "Thumbs.db", "desktop.ini"] {
            fs::write(folder.join(name), "x").unwrap();
        }
        for name in ["__MACOSX", "lost+found"] {
            fs::create_dir(folder.join(name)).unwrap();
            fs::write(folder.join(name).join("0.png"), "x").unwrap();
        }
        fs::set_permissions(folder.join("lost+found"), fs::Permissions::from_mode(0o000)).unwrap();
        symlink("gone.png", folder.join("9.png")).unwrap();
    }
    let said = "4 images; left out: 6 hidden or system files, 1 link that leads nowhere";
    for line in [
        format!("{TRAIN} --data-dir data"),
        "fid-ref --dataset folder --data-dir data --split train --out f.npz".to_owned(),
        "eval --samples samples --dataset folder --data-dir data --split train --features pixels --out r.json"
            .to_owned(),
    ] {
        let told = vapo_train(root.path(), &line).succeeded().errors;
        assert!(told.contains(said), "{line}: {told}");
        // Of the samples and of the data set.
        let times = if line.starts_with("eval") { 2 } else { 1 };
        assert_eq!(told.matches(said).count(), times, "{line}: {told}");
    }
    for folder in ["data", "samples"] {
        let closed = root.path().join(folder).join("lost+found");
        fs::set_permissions(closed, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn images_lie_upright_and_on_the_background() {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("data")).unwrap();
    let mut jpeg = std::io::Cursor::new(Vec::new());
    RgbImage::new(16, 8).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    // EXIF: turned by a quarter.
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    fs::write(root.path().join("data/a.jpg"), [&jpeg[..2], exif, &jpeg[2..]].concat()).unwrap();
    let clear = RgbaImage::from_pixel(8, 16, Rgba([9, 9, 9, 0]));
    clear.save_with_format(root.path().join("data/b.png"), ImageFormat::Png).unwrap();
    let line = "fid-ref --dataset folder --data-dir data --split train --out";
    let told = vapo_train(root.path(), &format!("{line} white/")).succeeded().errors;
    assert!(
        told.contains("folder: 1 of 2 images are partly transparent, and are laid on 255 (--background)"),
        "{told}"
    );
    vapo_train(root.path(), &format!("{line} red/ --background 255,0,0")).succeeded();
    for (folder, expected) in [("white", [255; 3]), ("red", [255, 0, 0])] {
        let image = |name: &str| {
            let file = fs::read(root.path().join(folder).join(name)).unwrap();
            image::load_from_memory_with_format(&file, ImageFormat::Png).unwrap().into_rgb8()
        };
        assert_eq!(image("000000.png").dimensions(), (8, 16));
        assert_eq!(image("000001.png").get_pixel(3, 3).0, expected, "{folder}");
    }
    let card = fs::read_to_string(root.path().join("red.json")).unwrap();
    assert!(card.contains(r#""background": "255,0,0""#), "{card}");
}

#[test]
fn a_resumed_run_keeps_its_background() {
    let root = TempDir::new().unwrap();
    put(root.path(), "data/a.png", 7);
    vapo_train(root.path(), &format!("{TRAIN} --data-dir data --background 10,20,30")).succeeded();
    let config = fs::read_to_string(root.path().join("run/config.json")).unwrap();
    assert!(config.contains(r#""background": "10,20,30""#), "{config}");
    let told = vapo_train(root.path(), "--resume --out run --background 0");
    told.refused(2, &["--background 0: the run in run has --background 10,20,30,"]);
    vapo_train(root.path(), "--resume --out run --background #0a141e").succeeded();
    let told = vapo_train(root.path(), "--dataset digits --background 0");
    told.refused(2, &["--background 0: the images of digits are used as they are"]);
    vapo_train(root.path(), &format!("{TRAIN} --data-dir data --background white")).refused(2, &["255,128,0"]);
}
