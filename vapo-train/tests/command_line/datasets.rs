//! Data sets from files: what is read, and what is refused with nothing written.

use crate::program::{Outcome, RUN_FILES, TINY, command, contents, names, outcome, vapo_train};
use flate2::{Compression, write::GzEncoder};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const IMAGES: &str = "train-images-idx3-ubyte";
const LABELS: &str = "train-labels-idx1-ubyte";

/// An IDX file of unsigned bytes.
fn idx(extents: &[u32], values: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, extents.len() as u8];
    extents.iter().for_each(|extent| file.extend(extent.to_be_bytes()));
    file.extend(values);
    file
}

/// `count` images of `side` × `side` pixels, a gradient each.
fn images(count: u32, side: u32) -> Vec<u8> {
    let pixels: Vec<u8> = (0..count * side * side).map(|value| (value * 37 % 256) as u8).collect();
    idx(&[count, side, side], &pixels)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn flipped(mut bytes: Vec<u8>, index: usize) -> Vec<u8> {
    bytes[index] ^= 0xff;
    bytes
}

/// A root with a folder `files` that holds these.
fn files(files: &[(&str, &[u8])]) -> TempDir {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("files")).unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(root.path().join("files").join(name), bytes).unwrap());
    root
}

/// Trains on them: three steps of the tiny preset.
fn train(root: &Path, dataset: &str) -> Outcome {
    vapo_train(root, &format!("{TINY} --steps 3 --dataset {dataset} --data-dir files --out run"))
}

#[test]
fn plain_and_gzipped_files_train_to_the_same_bytes() {
    let (plain, labels) = (images(10, 12), idx(&[10], &[1; 10]));
    let sets: [&[(&str, &[u8])]; 3] = [
        &[(IMAGES, &plain)],
        &[(IMAGES, &plain), (LABELS, &labels)],
        &[("train-images-idx3-ubyte.gz", &gzip(&plain)), ("train-labels-idx1-ubyte.gz", &gzip(&labels))],
    ];
    for dataset in ["mnist", "fashion-mnist"] {
        let checkpoints = sets.map(|set| {
            let root = files(set);
            let told = train(root.path(), dataset).succeeded();
            assert!(told.errors.contains(&format!("{dataset}: 10 images of 12×12×1")), "{}", told.errors);
            let run = root.path().join("run");
            assert_eq!(names(&run), RUN_FILES);
            fs::read(run.join("checkpoint.safetensors")).unwrap()
        });
        assert!(checkpoints[0] == checkpoints[1] && checkpoints[0] == checkpoints[2], "{dataset}");
    }
}

#[test]
fn the_preset_of_larger_images_is_small() {
    let root = files(&[(IMAGES, &images(4, 12))]);
    vapo_train(root.path(), "--dataset mnist --data-dir files --steps 1 --batch 1").succeeded();
    let config = fs::read_to_string(root.path().join("runs/mnist/config.json")).unwrap();
    assert!(config.contains(r#""preset": "small""#) && config.contains(r#""data_dir": "files""#), "{config}");
}

#[test]
fn damaged_files_are_refused_by_name_and_nothing_is_written() {
    let (good, labels) = (images(2, 8), idx(&[2], &[3, 4]));
    let zipped = gzip(&good);
    let float = [&[0, 0, 0x0d, 3], &good[4..]].concat();
    // The last eight bytes of a gzip stream are its own sum and length.
    let damaged = flipped(zipped.clone(), zipped.len() - 8);
    let images_cases: [(Vec<u8>, &[&str]); 14] = [
        (labels.clone(), &["magic", "0x00000803", "0x00000801"]),
        (float, &["magic", "0x00000d03"]),
        (b"<!DOCTYPE html><title>404</title>".to_vec(), &["found a page of the web", "the download went wrong"]),
        (vec![], &["expected 4 bytes", "found 0"]),
        (good[..10].to_vec(), &["expected 16 bytes", "found 10"]),
        (good[..143].to_vec(), &["expected 144 bytes", "found 143"]),
        ([&good[..], &[0]].concat(), &["expected 144 bytes", "found more"]),
        (zipped[..20].to_vec(), &["gzip"]),
        (damaged, &["gzip"]),
        ([&zipped[..], b"rubbish"].concat(), &["gzip"]),
        (idx(&[0, 8, 8], &[]), &["at least one image", "none"]),
        (idx(&[2, 0, 8], &[]), &["1×0×8"]),
        (idx(&[1, 2048, 2048], &[0]), &["1 to 1024", "1×2048×2048"]),
        (idx(&[u32::MAX, 1024, 1024], &[0]), &["expected 4503599626321936 bytes", "found 17"]),
    ];
    let labels_cases: [(Vec<u8>, &[&str]); 4] = [
        (idx(&[3], &[3, 4, 5]), &["expected 2 labels", "found 3"]),
        (good.clone(), &["magic", "0x00000801"]),
        (idx(&[0], &[]), &["none"]),
        (gzip(&labels)[..12].to_vec(), &["gzip"]),
    ];
    let refused = |images: &[u8], labels: &[u8], culprit: &str, parts: &[&str]| {
        let root = files(&[(IMAGES, images), (LABELS, labels)]);
        let before = contents(root.path());
        let named = format!("files/{culprit}: ");
        train(root.path(), "mnist").refused(1, &[&[named.as_str()], parts].concat());
        assert!(contents(root.path()) == before && !root.path().join("run").exists());
    };
    for (images, parts) in images_cases {
        refused(&images, &labels, IMAGES, parts);
    }
    for (damaged_labels, parts) in labels_cases {
        refused(&good, &damaged_labels, LABELS, parts);
    }
}

#[test]
fn missing_files_are_told_with_where_they_were_looked_for() {
    let root = files(&[("t10k-images-idx3-ubyte", &images(2, 8))]);
    for (dataset, below) in [("mnist", "files/MNIST/raw"), ("fashion-mnist", "files/FashionMNIST/raw")] {
        let (here, fetch) = (format!("{dataset} is not here"), format!("`vapo-train fetch {dataset}`"));
        let parts = [&here, IMAGES, ".gz", below, "--data-dir", &fetch];
        train(root.path(), dataset).refused(1, &parts);
    }
    vapo_train(root.path(), "--dataset mnist").refused(1, &["data/mnist/raw"]);
    assert_eq!(names(root.path()), ["files/t10k-images-idx3-ubyte"]);
}

#[test]
fn images_that_the_preset_cannot_halve_are_refused() {
    let root = files(&[(IMAGES, &images(2, 7))]);
    train(root.path(), "mnist").refused(2, &["preset tiny", "7×7 images of mnist", "windows of 2×2 must tile"]);
    assert!(!root.path().join("run").exists());
}

#[test]
fn a_resumed_run_finds_files_that_were_moved_and_refuses_others() {
    let root = files(&[(IMAGES, &images(10, 12))]);
    train(root.path(), "mnist").succeeded();
    let run = root.path().join("run");
    let before = contents(&run);
    fs::rename(root.path().join("files"), root.path().join("moved")).unwrap();
    vapo_train(root.path(), "--resume --out run").refused(1, &["mnist is not here", "files/mnist"]);
    fs::create_dir(root.path().join("others")).unwrap();
    fs::write(root.path().join("others").join(IMAGES), images(10, 8)).unwrap();
    let told = vapo_train(root.path(), "--resume --out run --data-dir others");
    told.refused(2, &["8×8×1", "12×12×1"]);
    assert!(contents(&run) == before);
    vapo_train(root.path(), "--resume --out run --data-dir moved").succeeded();
    // Nothing changed but where the files lie, which is remembered.
    let text = |files: &BTreeMap<PathBuf, Vec<u8>>| String::from_utf8(files[Path::new("config.json")].clone()).unwrap();
    let after = contents(&run);
    assert_eq!(text(&after), text(&before).replace(r#""data_dir": "files""#, r#""data_dir": "moved""#));
    assert!(after.iter().all(|(path, bytes)| path.ends_with("config.json") || before[path] == *bytes));
    vapo_train(root.path(), "--resume --out run").succeeded();
    assert!(contents(&run) == after);
}

/// A root with an array `a.npy` of ten images of 8×8 pixels, so many channels each.
fn channels(channels: usize) -> TempDir {
    let root = TempDir::new().unwrap();
    let values: Vec<u8> = (0..10 * 64 * channels).map(|value| (value * 37 % 256) as u8).collect();
    let header = vapo_train::files::array::write::header("|u1", &[10, 8, 8, channels]);
    fs::write(root.path().join("a.npy"), [header, values].concat()).unwrap();
    root
}

#[test]
fn images_that_make_no_picture_are_trained_on_and_that_is_said_at_the_start() {
    for count in [2, 4, 5] {
        let root = channels(count);
        let line = format!("{TINY} --steps 3 --dataset npy --data-dir a.npy --out");
        // The folder's name takes quotes in what is printed.
        let mut command = command(root.path(), &line);
        let told = outcome(command.arg("my run").output().unwrap()).succeeded();
        let run = root.path().join("my run");
        let files: Vec<&str> = RUN_FILES.into_iter().filter(|name| !name.starts_with("samples")).collect();
        assert_eq!(names(&run), files);
        let none =
            format!("none: a picture shows images of 1 channel (grey) or 3 (red, green, blue), these have {count}");
        assert_eq!(told.output.matches(&none).count(), 2, "{}", told.output);
        assert_eq!(told.errors.contains("is the fourth channel transparency?"), count == 4, "{}", told.errors);
        assert!(told.errors.contains("samples.png and samples-integer.png are left out"), "{}", told.errors);
        // What is printed can be pasted.
        let (_, advice) = told.errors.split_once("vapo-train ").unwrap();
        let words = shlex::split(advice.lines().next().unwrap()).unwrap();
        assert_eq!(words[..3], ["sample", "--model", "my run/model.vapo"]);
        outcome(crate::program::command(root.path(), "").args(words).output().unwrap()).succeeded();
        assert!(root.path().join("samples.npy").is_file());
    }
}
