//! `vapo-train inpaint`.

use crate::models::{GREY, write_model};
use crate::program::{names, vapo_train};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::architecture::MAX_NODES;
use vapo_format::{Homotopy, Model, Shape};
use vapo_sampler::{Noise, PlanFor, Sampler, Schedule, Solver};
use vapo_train::arithmetic::levels::levels;
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::export::npy;
use vapo_train::export::picture::{Picture, grid};

const BOX: &str = "inpaint --model m.vapo --dataset digits --box 2,3,4,5";

fn model() -> (TempDir, Vec<u8>) {
    let root = TempDir::new().unwrap();
    let file = write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    (root, file)
}

fn digit(index: usize) -> Vec<f32> {
    let mut image = Vec::new();
    Dataset::load(Source::Digits, Split::Test, None).unwrap().fill(&[index], &mut image);
    image
}

/// Whether the box 2,3,4,5 covers an element.
fn covered(index: usize) -> bool {
    (3..8).contains(&(index / 8)) && (2..6).contains(&(index % 8))
}

/// What a device restores: ten steps of Heun at temperature 1.
fn restored(file: &[u8], image: &[f32], seed: u64) -> Vec<f32> {
    let model = Model::parse(file).unwrap();
    let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
    let mut memory = vec![0.0; plan.elements_with(Solver::Heun)];
    let mut sampler = Sampler::new(&model, &plan, Solver::Heun, &mut memory).unwrap();
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed));
    let (mut x, schedule) = (vec![0.0; image.len()], Schedule::graded(10, 0.8).unwrap());
    let known = |index: usize| (!covered(index)).then(|| image[index]);
    sampler.inpaint(schedule, 1.0, &mut noise, known, &mut x).unwrap();
    x
}

/// The picture of the program for these images.
fn picture(file: &[u8], images: &[Vec<f32>], count: u64, seed: u64) -> Vec<u8> {
    let mut tiles = Vec::new();
    for (image, seed) in images.iter().zip((seed..).step_by(count as usize)) {
        tiles.extend(image);
        tiles.extend(image.iter().enumerate().map(|(index, value)| if covered(index) { 0.0 } else { *value }));
        tiles.extend((seed..seed + count).flat_map(|seed| restored(file, image, seed)));
    }
    grid(&levels(&tiles), GREY, NonZeroU32::new(2 + count as u32)).unwrap().png()
}

const SAMPLER: &str = "--solver heun --steps 10 --grading 0.8 --temperature 1";

#[test]
fn restorations_are_those_of_the_device_on_any_number_of_threads() {
    let (root, file) = model();
    let expected = picture(&file, &[digit(7), digit(0)], 3, 5);
    for threads in [1, 3] {
        let line = format!("{BOX} {SAMPLER} --index 7,0 --count 3 --seed 5 --threads {threads} --out x.png --force");
        assert_eq!(vapo_train(root.path(), &line).succeeded().output, "6 restorations in x.png\n");
        assert!(fs::read(root.path().join("x.png")).unwrap() == expected, "{threads} threads");
    }
    let card: serde_json::Value = serde_json::from_slice(&fs::read(root.path().join("x.png.json")).unwrap()).unwrap();
    let settings = serde_json::json!({"box": [2, 3, 4, 5], "index": [7, 0], "missing": 20.0 / 64.0});
    assert_eq!((&card["command"], &card["settings"]), (&"inpaint".into(), &settings));
    assert_eq!((&card["sampler"]["solver"], &card["sampler"]["seed"]), (&"heun".into(), &5.into()));
    assert_eq!(card["data"][0]["dataset"], "digits");
}

/// Not those of sampling.
#[test]
fn defaults_are_those_of_restoring() {
    let (root, _) = model();
    vapo_train(root.path(), &format!("{BOX} --count 2 --out x.png")).succeeded();
    vapo_train(
        root.path(),
        &format!("{BOX} --count 2 --temperature 8 --steps 20 --solver etd2 --grading 0.5 --out y.png"),
    )
    .succeeded();
    let [x, y] = ["x.png", "y.png"].map(|name| fs::read(root.path().join(name)).unwrap());
    assert!(x == y);
    vapo_train(root.path(), &format!("{BOX} --count 2 --temperature 0 --out y.png --force")).succeeded();
    assert!(x != fs::read(root.path().join("y.png")).unwrap());
    // The solvers that bear no heat get none.
    let [x, y] = ["", "--temperature 0"].map(|option| {
        let line = format!("{BOX} --count 2 --solver ab2 {option} --out y.png --force");
        vapo_train(root.path(), &line).succeeded();
        fs::read(root.path().join("y.png")).unwrap()
    });
    assert!(x == y);
}

#[test]
fn arrays_hold_the_restorations_alone() {
    let (root, file) = model();
    let images = [digit(7), digit(0)];
    vapo_train(root.path(), &format!("{BOX} {SAMPLER} --index 7,0 --count 2 --seed 5 --out x.npy")).succeeded();
    let expected: Vec<f32> = [(0, 5), (0, 6), (1, 7), (1, 8)]
        .iter()
        .flat_map(|&(image, seed)| restored(&file, &images[image], seed))
        .collect();
    assert!(fs::read(root.path().join("x.npy")).unwrap() == npy(&expected, GREY).unwrap());
}

fn write_png(path: &Path, pixels: &[u8], shape: Shape) {
    fs::write(path, Picture::of(pixels, shape).unwrap().png()).unwrap();
}

#[test]
fn images_and_masks_come_from_files_too() {
    let (root, file) = model();
    let pixels: Vec<u8> = (0..64).map(|value| 4 * value).collect();
    let image: Vec<f32> = pixels.iter().map(|&level| f32::from(level) / 127.5 - 1.0).collect();
    let mask: Vec<u8> = (0..64).map(|index| if covered(index) { 255 } else { 0 }).collect();
    write_png(&root.path().join("image.png"), &pixels, GREY);
    write_png(&root.path().join("mask.png"), &mask, GREY);
    fs::write(root.path().join("images.npy"), npy(&[digit(3), image.clone()].concat(), GREY).unwrap()).unwrap();
    let expected = picture(&file, &[image], 2, 0);
    for (source, missing) in [
        ("--images image.png", "--mask mask.png"),
        ("--images image.png", "--box 2,3,4,5"),
        ("--images images.npy --index 1", "--mask mask.png"),
    ] {
        let line = format!("inpaint --model m.vapo {source} {missing} {SAMPLER} --count 2 --out x.png --force");
        vapo_train(root.path(), &line).succeeded();
        assert!(fs::read(root.path().join("x.png")).unwrap() == expected, "{source} {missing}");
    }
}

#[test]
fn floats_without_a_negative_one_get_a_note() {
    let (root, _) = model();
    let line =
        |image: &str| format!("inpaint --model m.vapo --images {image} --box 2,3,4,5 --count 1 --out x.png --force");
    fs::write(root.path().join("unit.npy"), npy(&[0.5; 64], GREY).unwrap()).unwrap();
    fs::write(root.path().join("signed.npy"), npy(&digit(3), GREY).unwrap()).unwrap();
    write_png(&root.path().join("bright.png"), &[200; 64], GREY);
    let told = vapo_train(root.path(), &line("unit.npy")).succeeded().errors;
    assert!(told.contains("no value is negative: values are taken as [-1, 1], as `sample` writes them"), "{told}");
    for image in ["signed.npy", "bright.png"] {
        let told = vapo_train(root.path(), &line(image)).succeeded().errors;
        assert!(!told.contains("negative"), "{told}");
    }
}

#[test]
fn what_cannot_be_restored_is_refused_and_leaves_nothing() {
    let (root, _) = model();
    write_png(&root.path().join("small.png"), &[0; 49], Shape { channels: 1, height: 7, width: 7 });
    write_png(&root.path().join("black.png"), &[0; 64], GREY);
    write_png(&root.path().join("colour.png"), &[0; 192], Shape { channels: 3, ..GREY });
    fs::write(root.path().join("text.png"), "no picture").unwrap();
    fs::write(root.path().join("taken.png"), "precious").unwrap();
    write_model(&root.path().join("wide.vapo"), Shape { width: 16, ..GREY }, Homotopy::Linear, 0.3);
    write_model(&root.path().join("wild.vapo"), GREY, Homotopy::Linear, 1e15);
    let before = names(root.path());
    let cases: &[(&str, i32, &[&str])] = &[
        ("--dataset digits --box 2,3,4,5 --out x.jpg", 2, &["--out x.jpg", ".png, .npy or .npz"]),
        ("--dataset digits --box 2,3,4,5 --out folder", 2, &["--out folder", ".png, .npy or .npz"]),
        ("--dataset digits --box 2,3,4,5 --out taken.png", 2, &["taken.png", "exists", "--force"]),
        ("--dataset digits --out x.png", 2, &["--mask", "--box"]),
        ("--dataset digits --box 2,3,4,5 --mask black.png --out x.png", 2, &["--box", "--mask"]),
        ("--box 2,3,4,5 --out x.png", 2, &["--images", "--dataset"]),
        ("--dataset digits --images black.png --box 2,3,4,5 --out x.png", 2, &["--images", "--dataset"]),
        ("--dataset digits --box 2,3,7,5 --out x.png", 2, &["--box 2,3,7,5", "8 pixels wide and 8 high"]),
        ("--dataset digits --box 2,3,4 --out x.png", 2, &["--box", "X,Y,W,H"]),
        ("--dataset digits --index 299 --box 2,3,4,5 --out x.png", 2, &["--index 299", "299, the number of images"]),
        ("--dataset digits --mask black.png --out x.png", 2, &["nothing is missing"]),
        ("--dataset digits --mask small.png --out x.png", 2, &["--mask small.png", "8 × 8", "found 7 × 7"]),
        ("--dataset digits --mask colour.png --out x.png", 2, &["--mask colour.png", "found red, green and blue"]),
        ("--dataset digits --mask text.png --out x.png", 1, &["--mask text.png", "no picture"]),
        ("--dataset digits --mask absent.png --out x.png", 1, &["--mask absent.png", "cannot read"]),
        (
            "--images colour.png --box 2,3,4,5 --out x.png",
            2,
            &["--images colour.png", "grey", "found red, green and blue"],
        ),
        ("--images black.png --index 1 --box 2,3,4,5 --out x.png", 1, &["--images black.png", "below 1", "found 1"]),
        ("--images text.npy --box 2,3,4,5 --out x.png", 1, &["--images text.npy", "cannot read"]),
        ("--dataset digits --box 2,3,4,5 --temperature -1 --out x.png", 2, &["--temperature -1"]),
        ("--dataset digits --box 2,3,4,5 --grading 0 --out x.png", 2, &["--grading 0"]),
        ("--dataset digits --box 2,3,4,5 --count 0 --out x.png", 2, &["--count"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("inpaint --model m.vapo {options}")).refused(*code, parts);
    }
    let line = "--dataset digits --box 2,3,4,5 --out x.png";
    vapo_train(root.path(), &format!("inpaint --model wide.vapo {line}")).refused(2, &["8×16×1", "digits are 8×8×1"]);
    vapo_train(root.path(), &format!("inpaint --model wild.vapo {line}")).refused(1, &["not finite"]);
    assert_eq!(names(root.path()), before);
    assert_eq!(fs::read(root.path().join("taken.png")).unwrap(), b"precious");
}
