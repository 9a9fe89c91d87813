//! CelebA and folders of images, from their files to samples.

use crate::program::{RUN_FILES, command, contents, names, outcome, vapo_train};
use crate::stand_in;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use vapo_format::Model;

const SHORT: &str = "--dataset celeba --data-dir data --batch 4 --threads 2 --preset tiny --size 8";

/// A root with the stand-in in `data`.
fn root(count: u32) -> TempDir {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("data")).unwrap();
    stand_in::write(&root.path().join("data"), count).unwrap();
    root
}

fn caches(folder: &Path) -> Vec<String> {
    names(folder).into_iter().filter(|name| name.ends_with(".vapo-images") || name.ends_with(".part")).collect()
}

#[test]
fn from_the_archive_to_samples_of_the_int8_model() {
    let root = root(200);
    let line = "--dataset celeba --data-dir data --preset celeba-device --steps 2 --batch 4 --out run";
    let told = vapo_train(root.path(), line).succeeded();
    assert!(told.errors.contains("celeba: 160 images of 64×64×3"), "{}", told.errors);
    let run = root.path().join("run");
    assert_eq!(names(&run), RUN_FILES);
    assert_eq!(caches(&root.path().join("data")), ["celeba-train-140-64-triangle-3.vapo-images"]);
    let config = fs::read_to_string(run.join("config.json")).unwrap();
    for part in [r#""crop": "140""#, r#""size": "64""#, r#""filter": "triangle""#, r#""flip": true"#] {
        assert!(config.contains(part), "no {part} in {config}");
    }
    let file = fs::read(run.join("model.vapo")).unwrap();
    assert_eq!(Model::parse(&file).unwrap().signal().to_string(), "64×64×3");
    let page = vapo_train(root.path(), "inspect run/model.vapo --board stm32h743").succeeded().output;
    assert!(page.contains("the model fits stm32h743"), "{page}");
}

#[test]
fn archive_and_folder_train_to_the_same_bytes_on_any_number_of_threads() {
    let root = root(120);
    vapo_train(root.path(), &format!("{SHORT} --steps 40 --out zipped")).succeeded();
    let mut zip = zip::ZipArchive::new(fs::File::open(root.path().join("data/img_align_celeba.zip")).unwrap()).unwrap();
    zip.extract(root.path().join("other")).unwrap();
    fs::copy(root.path().join("data/list_eval_partition.txt"), root.path().join("other/list_eval_partition.txt"))
        .unwrap();
    let line = SHORT.replace("data-dir data", "data-dir other").replace("--threads 2", "--threads 1");
    vapo_train(root.path(), &format!("{line} --steps 40 --out unpacked")).succeeded();
    vapo_train(root.path(), &format!("{SHORT} --steps 40 --no-flip --out straight")).succeeded();
    let checkpoint = |run| fs::read(root.path().join(run).join("checkpoint.safetensors")).unwrap();
    assert!(checkpoint("zipped") == checkpoint("unpacked"));
    assert!(checkpoint("zipped") != checkpoint("straight"));
}

#[test]
fn a_resumed_run_keeps_how_images_are_prepared() {
    let root = root(100);
    vapo_train(root.path(), &format!("{SHORT} --steps 2 --out run")).succeeded();
    let before = contents(&root.path().join("run"));
    for (chosen, found) in [
        ("--crop 148", "--crop 140"),
        ("--size 16", "--size 8"),
        ("--filter box", "--filter triangle"),
        ("--channels 1", "--channels 3"),
        ("--no-flip", "--flip"),
    ] {
        let told = vapo_train(root.path(), &format!("--resume --out run {chosen}"));
        told.refused(2, &[&format!("{chosen}: the run in run has {found},")]);
    }
    vapo_train(root.path(), "--resume --out run --crop 140 --size 8 --filter triangle --channels 3 --flip").succeeded();
    assert!(contents(&root.path().join("run")) == before);
}

#[test]
fn damaged_archives_are_refused_and_leave_no_cache() {
    let root = root(100);
    let path = root.path().join("data/img_align_celeba.zip");
    let whole = fs::read(&path).unwrap();
    let train = || vapo_train(root.path(), &format!("{SHORT} --steps 1 --out run"));
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    train().refused(1, &["img_align_celeba.zip", "zip archive", "cut off"]);
    // Of the 80 to train on, more than one image is wrong by its CRC.
    let mut damaged = whole.clone();
    let (third, half) = (whole.len() / 3, whole.len() / 2);
    damaged[third..half].fill(0x55);
    fs::write(&path, &damaged).unwrap();
    train().refused(1, &["img_align_celeba.zip", "cannot be decoded", "1 in 100"]);
    fs::write(&path, &whole).unwrap();
    let list = root.path().join("data/list_eval_partition.txt");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, format!("{text}999999.jpg 0\n")).unwrap();
    train().refused(1, &["list_eval_partition.txt", "1 images", "999999.jpg"]);
    fs::write(&list, text).unwrap();
    let large = SHORT.to_owned() + " --crop 179 --steps 1 --out run";
    vapo_train(root.path(), &large).refused(1, &["000001.jpg", "178×218", "--crop 179"]);
    assert!(caches(&root.path().join("data")).is_empty() && !root.path().join("run").exists());
    fs::remove_file(&list).unwrap();
    let told = train().succeeded();
    assert!(told.errors.contains("all 100 images"), "{}", told.errors);
}

#[test]
fn one_damaged_image_of_many_is_left_out_and_named() {
    let root = root(250);
    let path = root.path().join("data/img_align_celeba.zip");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3000..3010].fill(0x55);
    fs::write(&path, bytes).unwrap();
    for _ in 0..2 {
        let told = vapo_train(root.path(), &format!("{SHORT} --steps 1 --out run --force")).succeeded();
        assert!(
            told.errors.contains("1 of 200 images cannot be decoded and are left out: 000001.jpg"),
            "{}",
            told.errors
        );
        assert!(told.errors.contains("celeba: 199 images of 8×8×3"), "{}", told.errors);
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_no_half_cache() {
    let root = root(100);
    let program = command(root.path(), "").get_program().to_owned();
    let limit = "trap '' XFSZ; ulimit -f 32; exec \"$0\" \"$@\"";
    let line =
        format!("{SHORT} --size 64 --preset celeba-device --steps 1 --out run").replace("--preset tiny --size 8", "");
    let mut child = Command::new("sh");
    child.current_dir(root.path()).args(["-c", limit]).arg(program).args(line.split_whitespace());
    outcome(child.output().unwrap()).refused(1, &["cannot write the prepared images", "--cache-dir"]);
    assert!(caches(&root.path().join("data")).is_empty() && !root.path().join("run").exists());
}

#[test]
fn a_folder_of_images_trains_at_its_own_extent() {
    let root = TempDir::new().unwrap();
    fs::create_dir_all(root.path().join("mine/a")).unwrap();
    for index in 0..8_u8 {
        let image = image::GrayImage::from_fn(16, 16, |x, y| image::Luma([(x * y) as u8 + index]));
        image.save_with_format(root.path().join(format!("mine/a/{index}.png")), image::ImageFormat::Png).unwrap();
    }
    let line = "--dataset folder --data-dir mine --preset tiny --steps 2 --batch 4";
    let told = vapo_train(root.path(), line).succeeded();
    assert!(told.errors.contains("folder: 8 images of 16×16×1"), "{}", told.errors);
    let config = fs::read_to_string(root.path().join("runs/folder/config.json")).unwrap();
    assert!(config.contains(r#""flip": false"#) && config.contains(r#""size": null"#), "{config}");
    let cache = root.path().join("elsewhere");
    vapo_train(root.path(), &format!("{line} --size 8 --cache-dir elsewhere --out b")).succeeded();
    assert_eq!(caches(&cache).len(), 1);
    vapo_train(root.path(), &format!("{line} --size 15 --out c")).refused(2, &["15×15", "14x14 and 16x16"]);
    image::GrayImage::new(9, 9).save_with_format(root.path().join("mine/z.png"), image::ImageFormat::Png).unwrap();
    vapo_train(root.path(), &format!("{line} --out d")).refused(1, &["z.png has 9×9", "--size"]);
    vapo_train(root.path(), "--dataset folder --data-dir absent --out d").refused(1, &["absent"]);
}
