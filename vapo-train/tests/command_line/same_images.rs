//! A resumed run goes on with the images that it began with, or not at all.

use crate::program::{TINY, contents, vapo_train};
use image::{GrayImage, ImageFormat, Luma};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// An array of `count` grey images of 8 × 8 pixels, as NumPy writes it.
fn array(count: usize, first: u8) -> Vec<u8> {
    let mut header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({count}, 8, 8), }}");
    // Ten bytes before it and a line feed after it fill two lines of 64.
    header += &" ".repeat(2 * 64 - 11 - header.len());
    let pixels = (0..count * 64).map(|index| (index * 7 % 251) as u8 ^ first);
    let start = [b"\x93NUMPY\x01\x00", &(header.len() as u16 + 1).to_le_bytes()[..], header.as_bytes(), b"\n"];
    start.concat().into_iter().chain(pixels).collect()
}

/// The part of `config.json` that says which images there were: their number and the start of their digest.
fn fingerprint(run: &Path) -> String {
    let text = fs::read_to_string(run.join("config.json")).unwrap();
    let config: serde_json::Value = serde_json::from_str(&text).unwrap();
    let images = &config["images"];
    format!("{} images of SHA-256 {}…", images["images"], &images["sha256"].as_str().unwrap()[..16])
}

#[test]
fn an_array_that_was_replaced_is_refused_with_both() {
    let root = TempDir::new().unwrap();
    let at = |name: &str| root.path().join(name);
    fs::write(at("a.npy"), array(100, 0)).unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 3 --dataset npy --data-dir a.npy --out run")).succeeded();
    let first = fingerprint(&at("run"));
    assert!(first.starts_with("100 images"), "{first}");
    fs::rename(at("a.npy"), at("first.npy")).unwrap();
    for (images, count) in [(array(7, 0), "7 images"), (array(100, 1), "100 images")] {
        fs::write(at("a.npy"), images).unwrap();
        let before = contents(root.path());
        let told = vapo_train(root.path(), "--resume --out run");
        let found = format!("found {count} of SHA-256 ");
        told.refused(2, &["error[V0405]: ", &format!("expected {first}, "), &found, "--data-dir", "--out"]);
        assert!(contents(root.path()) == before);
        vapo_train(root.path(), &format!("{TINY} --steps 3 --dataset npy --data-dir a.npy --out other --force"))
            .succeeded();
        let told = vapo_train(root.path(), "--resume --out run");
        told.refused(2, &[&format!("found {}; ", fingerprint(&at("other")))]);
    }
    // The images are the same wherever they lie.
    let told = vapo_train(root.path(), "--resume --out run --data-dir first.npy").succeeded();
    assert!(told.errors.contains("resuming run after step 3"), "{}", told.errors);
    // Where they lie is remembered.
    let remembered = fs::read_to_string(at("run/config.json")).unwrap();
    assert!(remembered.contains(r#""data_dir": "first.npy""#), "{remembered}");
    vapo_train(root.path(), "--resume --out run").succeeded();
    assert!(fs::read_to_string(at("run/config.json")).unwrap() == remembered);
}

/// Grey images, `level` and the three above it, of a time.
fn folder(path: &Path, level: u8, time: SystemTime) {
    fs::create_dir_all(path).unwrap();
    for index in 0..4 {
        let file = path.join(format!("{index}.png"));
        GrayImage::from_pixel(8, 8, Luma([level + index])).save_with_format(&file, ImageFormat::Png).unwrap();
        fs::File::options().append(true).open(&file).unwrap().set_modified(time).unwrap();
    }
}

#[test]
fn a_folder_whose_pixels_changed_is_refused_and_a_copy_is_not() {
    let root = TempDir::new().unwrap();
    let at = |name: &str| root.path().join(name);
    let time = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds);
    folder(&at("images"), 100, time(0));
    let options = format!("{TINY} --steps 3 --dataset folder --data-dir images --cache-dir cache --out run");
    vapo_train(root.path(), &options).succeeded();
    let first = fingerprint(&at("run"));
    folder(&at("images"), 50, time(1));
    let told = vapo_train(root.path(), "--resume --out run");
    told.refused(2, &[&format!("expected {first}, found 4 images of SHA-256 "), "--data-dir"]);
    // The same pixels in another folder, of another day.
    folder(&at("copy"), 100, time(100));
    vapo_train(root.path(), "--resume --out run --data-dir copy").succeeded();
    // And out of the cache, which is found in place of reading them again.
    vapo_train(root.path(), "--resume --out run --data-dir copy").succeeded();
    folder(&at("images"), 100, time(2));
    vapo_train(root.path(), "--resume --out run").succeeded();
}

#[test]
fn a_run_that_does_not_say_which_images_it_had_goes_on_with_a_note() {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 3 --out run")).succeeded();
    let path = root.path().join("run/config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config.as_object_mut().unwrap().remove("images").unwrap();
    fs::write(&path, config.to_string()).unwrap();
    let told = vapo_train(root.path(), "--resume --out run").succeeded();
    assert!(told.errors.contains("the run in run does not say which images it began with"), "{}", told.errors);
}
