//! `vapo-train sample`.

use crate::models::{GREY, architecture, write_model};
use crate::program::{names, png_extent, vapo_train};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::architecture::MAX_NODES;
use vapo_format::{Homotopy, Model, Shape};
use vapo_sampler::{Noise, PlanFor, Sampler, Schedule, Solver};
use vapo_train::arithmetic::levels::levels;
use vapo_train::evaluation::ImageSet;
use vapo_train::export::picture::sample_grid;

fn model() -> (TempDir, Vec<u8>) {
    let root = TempDir::new().unwrap();
    let file = write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    (root, file)
}

/// The shape and the numbers of a `.npy` file.
fn npy(path: &Path) -> (String, Vec<f32>) {
    let file = fs::read(path).unwrap();
    assert_eq!(&file[..8], b"\x93NUMPY\x01\x00");
    let length = 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
    let header = std::str::from_utf8(&file[10..length]).unwrap();
    assert!(header.contains("'descr': '<f4', 'fortran_order': False"), "{header}");
    let shape = header.split(['(', ')']).nth(1).unwrap().to_owned();
    (shape, file[length..].as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
}

/// What a device draws with this seed.
fn drawn(file: &[u8], solver: Solver, schedule: Schedule, temperature: f32, seed: u64) -> Vec<f32> {
    let model = Model::parse(file).unwrap();
    let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
    let mut memory = vec![0.0; plan.elements_with(solver)];
    let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed));
    let mut image = vec![0.0; model.signal().elements()];
    let mut sampler = Sampler::new(&model, &plan, solver, &mut memory).unwrap();
    sampler.sample(schedule, temperature, &mut noise, &mut image).unwrap();
    image
}

#[test]
fn samples_are_those_of_the_device() {
    let extrapolating = |steps, exponent, factor| {
        Schedule::graded(steps, exponent).and_then(|schedule| schedule.extrapolating(factor)).unwrap()
    };
    let graded = |steps, exponent| extrapolating(steps, exponent, 1.25);
    for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
        let root = TempDir::new().unwrap();
        let file = write_model(&root.path().join("m.vapo"), GREY, homotopy, 0.3);
        for (options, solver, schedule, temperature, seed) in [
            ("", Solver::Etd2, graded(20, 0.5), 0.3, 0),
            ("--solver ab2 --steps 7 --seed 9", Solver::Ab2, graded(7, 0.5), 0.0, 9),
            ("--solver heun --steps 5 --grading 1 --temperature 0.7", Solver::Heun, graded(5, 1.0), 0.7, 0),
            ("--solver euler --steps 9 --temperature 1 --seed 3", Solver::Euler, graded(9, 0.5), 1.0, 3),
            ("--steps 1 --seed 18446744073709551615", Solver::Etd2, graded(1, 0.5), 0.3, u64::MAX),
            ("--steps 3 --temperature 0", Solver::Etd2, graded(3, 0.5), 0.0, 0),
            ("--steps 4 --extrapolation 0.5", Solver::Etd2, extrapolating(4, 0.5, 0.5), 0.3, 0),
        ] {
            let line = format!("sample --model m.vapo --count 3 --out x.npy --force {options}");
            let told = vapo_train(root.path(), &line).succeeded();
            assert_eq!(told.output, "3 samples in x.npy\n");
            let (shape, found) = npy(&root.path().join("x.npy"));
            assert_eq!(shape, "3, 8, 8, 1");
            let seeds = (0..3).map(|index| seed.wrapping_add(index));
            let expected: Vec<f32> = seeds.flat_map(|seed| drawn(&file, solver, schedule, temperature, seed)).collect();
            assert!(found == expected, "{homotopy}: {options}");
        }
    }
}

#[test]
fn a_picture_is_the_grid_of_the_numbers() {
    let (root, _) = model();
    vapo_train(root.path(), "sample --model m.vapo --count 5 --out x.npy --seed 2").succeeded();
    vapo_train(root.path(), "sample --model m.vapo --count 5 --out x.png --seed 2").succeeded();
    let (_, numbers) = npy(&root.path().join("x.npy"));
    assert_eq!(png_extent(&root.path().join("x.png")), (1 + 3 * 49, 1 + 2 * 49));
    assert!(fs::read(root.path().join("x.png")).unwrap() == sample_grid(&numbers, GREY).unwrap().png());
}

#[test]
fn the_seed_alone_decides_the_bytes() {
    let (root, _) = model();
    let file = |options: &str| {
        let line = format!("sample --model m.vapo --count 9 --temperature 0.5 --out x.npy --force {options}");
        vapo_train(root.path(), &line).succeeded();
        fs::read(root.path().join("x.npy")).unwrap()
    };
    let one = file("--seed 7 --threads 1");
    assert!(one == file("--seed 7 --threads 1") && one == file("--seed 7 --threads 3"));
    assert!(one != file("--seed 8"));
}

#[test]
fn an_image_does_not_depend_on_the_number_of_images() {
    let (root, _) = model();
    // More than a chunk, and few.
    for (name, count) in [("many", 1030), ("few", 5)] {
        for kind in [".npy", ".npz", "/"] {
            let line = format!("sample --model m.vapo --count {count} --steps 2 --seed 4 --out {name}{kind}");
            vapo_train(root.path(), &line).succeeded();
        }
    }
    let numbers = |name: &str| npy(&root.path().join(name)).1;
    let (many, few) = (numbers("many.npy"), numbers("few.npy"));
    assert!(many.len() == 1030 * 64 && many[..few.len()] == few[..]);
    let images = |name: &str| ImageSet::read(&root.path().join(name)).unwrap();
    for kind in [".npz", ""] {
        let (many, few) = (images(&format!("many{kind}")), images(&format!("few{kind}")));
        assert_eq!((many.count(), few.count()), (1030, 5));
        assert!(few.bytes() == &many.bytes()[..few.bytes().len()] && few == images("few.npz"));
        assert!(many.bytes() == levels(&numbers("many.npy")));
    }
    // After the first chunk the seeds go on.
    vapo_train(root.path(), "sample --model m.vapo --count 1 --steps 2 --seed 1033 --out last.npy").succeeded();
    assert!(numbers("last.npy")[..] == many[1029 * 64..]);
}

#[test]
fn a_folder_holds_one_picture_an_image_and_its_card_lies_beside() {
    let (root, _) = model();
    vapo_train(root.path(), "sample --model m.vapo --count 3 --out x/").succeeded();
    let expected = ["m.vapo", "x/000000.png", "x/000001.png", "x/000002.png", "x.json"];
    assert_eq!(names(root.path()), expected);
    assert_eq!(png_extent(&root.path().join("x/000002.png")), (8, 8));
    vapo_train(root.path(), "sample --model m.vapo --count 1 --out x").refused(2, &["--out x", "--force"]);
    assert_eq!(names(root.path()), expected);
    vapo_train(root.path(), "sample --model m.vapo --count 1 --out x --force").succeeded();
    assert_eq!(names(root.path()), ["m.vapo", "x/000000.png", "x.json"]);
}

#[test]
fn a_file_is_not_overwritten_unasked() {
    let (root, _) = model();
    fs::write(root.path().join("x.png"), "precious").unwrap();
    vapo_train(root.path(), "sample --model m.vapo --out x.png").refused(2, &["x.png", "exists", "--force"]);
    assert_eq!(fs::read(root.path().join("x.png")).unwrap(), b"precious");
    vapo_train(root.path(), "sample --model m.vapo --out x.png --force").succeeded();
    assert_eq!(png_extent(&root.path().join("x.png")), (1 + 8 * 49, 1 + 8 * 49));
    assert_eq!(names(root.path()), ["m.vapo", "x.png", "x.png.json"]);
}

#[test]
fn what_cannot_be_sampled_is_refused_and_leaves_nothing() {
    let (root, _) = model();
    let cases: &[(&str, i32, &[&str])] = &[
        ("--model m.vapo --out x.jpg", 2, &["x.jpg", ".png, .npy or .npz"]),
        ("--model m.vapo --out .png", 2, &[".png, .npy or .npz", "folder"]),
        ("--model m.vapo --out absent/folder/", 1, &["cannot write absent/folder", "there is no folder absent"]),
        ("--model m.vapo --out x.png --temperature -1", 2, &["--temperature -1", "at least 0"]),
        ("--model m.vapo --out x.png --temperature nan", 2, &["--temperature NaN", "finite"]),
        ("--model m.vapo --out x.png --temperature inf", 2, &["--temperature inf", "finite"]),
        ("--model m.vapo --out x.png --temperature warm", 2, &["--temperature", "'warm'"]),
        ("--model m.vapo --out x.npy --solver ab2 --temperature 1e38", 1, &["image 0", "not finite", "temperature"]),
        ("--model absent.vapo --out x.png", 1, &["cannot read absent.vapo"]),
        ("--model . --out x.png", 1, &["cannot read ."]),
        ("--model m.vapo --out absent/x.png", 1, &["cannot write absent/x.png"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("sample --count 2 {options}")).refused(*code, parts);
    }
    let parts = ["--out x.png", "49001 × 49001 pixels", "ask for fewer"];
    vapo_train(root.path(), "sample --model m.vapo --out x.png --count 1000000").refused(2, &parts);
    assert_eq!(names(root.path()), ["m.vapo"]);
}

#[test]
fn damaged_models_are_refused_by_name() {
    let (root, file) = model();
    let mut flipped = file.clone();
    flipped[file.len() / 2] ^= 1;
    let mut newer = file.clone();
    newer[4] = 3;
    let longer = [&file[..], &[0]].concat();
    let cases: [(&[u8], &str); 6] = [
        (b"", "cut off"),
        (b"\x89PNG\r\n\x1a\nand so on", "not a .vapo file"),
        (&file[..file.len() - 1], "cut off"),
        (&longer, "its own bytes"),
        (&flipped, "damaged"),
        (&newer, "version 3"),
    ];
    for (bytes, part) in cases {
        fs::write(root.path().join("bad.vapo"), bytes).unwrap();
        for line in ["sample --out x.png --model bad.vapo", "inspect bad.vapo"] {
            vapo_train(root.path(), line).refused(1, &["bad.vapo is no model", part]);
        }
    }
    assert_eq!(names(root.path()), ["bad.vapo", "m.vapo"]);
}

#[test]
fn colours_make_a_picture_and_other_channels_numbers_alone() {
    let root = TempDir::new().unwrap();
    for (name, channels) in [("rgb", 3), ("two", 2)] {
        let image = Shape { channels, height: 4, width: 8 };
        assert!(architecture(image, Homotopy::Linear).validate().is_ok());
        write_model(&root.path().join(format!("{name}.vapo")), image, Homotopy::Linear, 0.3);
        vapo_train(root.path(), &format!("sample --model {name}.vapo --count 2 --out {name}.npy")).succeeded();
        assert_eq!(npy(&root.path().join(format!("{name}.npy"))).0, format!("2, 4, 8, {channels}"));
    }
    vapo_train(root.path(), "sample --model rgb.vapo --count 2 --out rgb.png").succeeded();
    assert_eq!(png_extent(&root.path().join("rgb.png")), (1 + 2 * 49, 1 + 25));
    let before = names(root.path());
    for out in ["two.png", "two/"] {
        let line = format!("sample --model two.vapo --count 2 --out {out}");
        let parts = [&format!("--out {out}")[..], "1 channel", "these have 2", "a name that ends in .npy"];
        vapo_train(root.path(), &line).refused(2, &parts);
    }
    assert_eq!(names(root.path()), before);
}

#[test]
fn a_model_that_diverges_makes_no_samples() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 1e15);
    vapo_train(root.path(), "sample --model m.vapo --out x.npy").refused(1, &["image 0", "not finite"]);
    assert_eq!(names(root.path()), ["m.vapo"]);
}

#[test]
fn a_card_beside_the_samples_says_how_to_draw_them_again() {
    let (root, file) = model();
    let options = "--count 2 --steps 7 --solver heun --temperature 0.5 --seed 3";
    vapo_train(root.path(), &format!("sample --model m.vapo --out x.png {options}")).succeeded();
    let card = fs::read_to_string(root.path().join("x.png.json")).unwrap();
    let card: serde_json::Value = serde_json::from_str(&card).unwrap();
    let parameters = Model::parse(&file).unwrap().architecture().parameters();
    let sha256 = vapo_train::files::digest::sha256(&file);
    let expected = serde_json::json!({
        "command": "sample",
        "settings": { "values": "uint8, rounded to nearest" },
        "version": env!("CARGO_PKG_VERSION"),
        "models": [{ "path": "m.vapo", "sha256": sha256, "parameters": parameters, "weights": "int8" }],
        "sampler": {
            "count": 2, "solver": "heun", "steps": 7, "evaluations": 13, "grading": 0.5,
            "temperature": 0.5, "seed": 3
        },
    });
    assert_eq!(card, expected);
}
