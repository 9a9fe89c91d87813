//! `vapo-train neighbours` and `vapo-train interpolate`.

use crate::models::{GREY, write_model};
use crate::program::{names, png_extent, vapo_train};
use serde_json::Value;
use std::fs;
use tempfile::TempDir;
use vapo_format::{Homotopy, Shape};
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::evaluation::ImageSet;
use vapo_train::export::picture::Picture;

fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    root
}

fn card(root: &TempDir, name: &str) -> Value {
    serde_json::from_slice(&fs::read(root.path().join(name)).unwrap()).unwrap()
}

#[test]
fn each_row_is_a_sample_and_its_nearest_training_images() {
    let root = root();
    let line = "--dataset digits --features pixels --count 40 --steps 3 --rows 3 --nearest 2 --out n.png";
    let told = vapo_train(root.path(), &format!("neighbours --model m.vapo {line}")).succeeded();
    assert_eq!(png_extent(&root.path().join("n.png")), (1 + 3 * 49, 1 + 3 * 49));
    // By plain search, in whole levels.
    vapo_train(root.path(), "sample --model m.vapo --count 40 --steps 3 --out s.npz").succeeded();
    let samples = ImageSet::read(&root.path().join("s.npz")).unwrap();
    let training = ImageSet::of_dataset(&Dataset::load(Source::Digits, Split::Train, None).unwrap()).unwrap();
    let distance =
        |a: &[u8], b: &[u8]| -> u32 { a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    let mut expected = Vec::new();
    for row in 0..3 {
        let sample = samples.image(row);
        let mut order: Vec<usize> = (0..training.count()).collect();
        order.sort_by_key(|&index| distance(sample, training.image(index)));
        expected.extend(sample.iter().chain(training.image(order[0])).chain(training.image(order[1])));
    }
    let picture = vapo_train::export::picture::grid(&expected, GREY, std::num::NonZeroU32::new(3)).unwrap();
    assert!(fs::read(root.path().join("n.png")).unwrap() == Picture::png(&picture));
    let card = card(&root, "n.png.json");
    let nearest = |sample: usize| {
        let all = (0..training.count()).map(|index| distance(samples.image(sample), training.image(index)));
        f64::from(all.min().unwrap()).sqrt() / 127.5
    };
    let mut distances: Vec<f64> = (0..40).map(nearest).collect();
    distances.sort_by(f64::total_cmp);
    let found = card["results"]["sample_median_distance"].as_f64().unwrap();
    let median = (distances[19] + distances[20]) / 2.0;
    assert!((found - median).abs() < 1e-5, "{found} is not {median}");
    assert!(told.output.contains(&format!("{found:.4}")), "{}", told.output);
    for (key, value) in [("held_out_images", 40), ("training_images", 1498)] {
        assert_eq!(card["settings"][key], value);
    }
}

#[test]
fn samples_unlike_the_data_are_far_from_it_and_no_copies() {
    let root = root();
    let line = "neighbours --model m.vapo --dataset digits --features pixels --count 100 --steps 3 --out n.png";
    vapo_train(root.path(), line).succeeded();
    let results = card(&root, "n.png.json")["results"].clone();
    assert_eq!(results["share_of_samples_below_it"], 0.0);
    assert!(results["sample_median_distance"].as_f64() > results["held_out_median_distance"].as_f64());
    assert!(results["mann_whitney_p_value"].as_f64().unwrap() > 0.999, "{results}");
}

#[test]
fn what_has_no_neighbours_is_refused() {
    let root = root();
    write_model(&root.path().join("wide.vapo"), Shape { width: 16, ..GREY }, Homotopy::Linear, 0.3);
    let cases: &[(&str, i32, &[&str])] = &[
        ("--model m.vapo --split train --out n.png", 2, &["--split train", "never saw"]),
        ("--model m.vapo --out n.npz", 2, &["n.npz", ".png"]),
        ("--model m.vapo --features nothing --out n.png", 2, &["nothing", "classifier, pixels"]),
        ("--model wide.vapo --count 2 --features pixels --out n.png", 2, &["8×8×1", "8×16×1"]),
        ("--model m.vapo --nearest 0 --out n.png", 2, &["--nearest"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("neighbours --dataset digits {options}")).refused(*code, parts);
    }
    assert_eq!(names(root.path()), ["m.vapo", "wide.vapo"]);
}

#[test]
fn a_strip_goes_from_one_sample_to_another() {
    let root = root();
    vapo_train(root.path(), "interpolate --model m.vapo --pairs 2 --frames 5 --seed 3 --steps 4 --out i.png")
        .succeeded();
    assert_eq!(png_extent(&root.path().join("i.png")), (1 + 5 * 49, 1 + 2 * 49));
    // Ends are samples of four seeds in a row: as a strip of two frames shows them, a grid of two columns.
    vapo_train(root.path(), "interpolate --model m.vapo --pairs 2 --frames 2 --seed 3 --steps 4 --out ends.png")
        .succeeded();
    vapo_train(root.path(), "sample --model m.vapo --count 4 --seed 3 --steps 4 --temperature 0 --out s.png")
        .succeeded();
    let file = |name: &str| fs::read(root.path().join(name)).unwrap();
    assert!(file("ends.png") == file("s.png"));
    let before = file("i.png");
    let line = "interpolate --model m.vapo --pairs 2 --frames 5 --seed 3 --steps 4 --threads 3 --out i.png";
    vapo_train(root.path(), line).refused(2, &["i.png", "--force"]);
    vapo_train(root.path(), &format!("{line} --force")).succeeded();
    assert!(file("i.png") == before);
    let card = card(&root, "i.png.json");
    assert_eq!((&card["settings"]["pairs"], &card["settings"]["frames"]), (&2.into(), &5.into()));
}

#[test]
fn what_cannot_be_interpolated_is_refused() {
    let root = root();
    let cases: &[(&str, &[&str])] = &[
        ("--out i.png --temperature 1", &["--temperature 1", "expected 0"]),
        ("--out i.png --frames 1", &["--frames", "2..="]),
        ("--out i.gif", &["i.gif", ".png"]),
    ];
    for (options, parts) in cases {
        vapo_train(root.path(), &format!("interpolate --model m.vapo {options}")).refused(2, parts);
    }
    assert_eq!(names(root.path()), ["m.vapo"]);
}
