//! `vapo-train eval` and `vapo-train fid-ref`.

use crate::models::{GREY, write_model};
use crate::program::{contents, names, vapo_train};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Homotopy, Shape};
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::evaluation::{ImageSet, Moments, statistics};

fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    root
}

fn report(root: &TempDir, name: &str) -> Value {
    serde_json::from_slice(&fs::read(root.path().join(name)).unwrap()).unwrap()
}

fn frechet(root: &TempDir, name: &str) -> f64 {
    report(root, name)["results"]["frechet_distance"].as_f64().unwrap()
}

/// The digits of a split.
fn digits(split: Split) -> ImageSet {
    ImageSet::of_dataset(&Dataset::load(Source::Digits, split, None).unwrap()).unwrap()
}

#[test]
fn a_report_says_what_was_compared_with_what() {
    let root = root();
    let line = "eval --model m.vapo --dataset digits --features pixels --count 200 --steps 3 --seed 5 --out r.json";
    let told = vapo_train(root.path(), line).succeeded();
    let report = report(&root, "r.json");
    assert_eq!(report["command"], "eval");
    assert_eq!(report["models"][0]["path"], "m.vapo");
    assert_eq!(report["data"][0]["dataset"], "digits");
    assert_eq!((&report["data"][0]["split"], &report["data"][0]["count"]), (&"test".into(), &299.into()));
    assert_eq!((&report["sampler"]["steps"], &report["sampler"]["seed"]), (&3.into(), &5.into()));
    assert_eq!((&report["settings"]["features"], &report["settings"]["dimension"]), (&"pixels".into(), &64.into()));
    assert_eq!(
        (&report["results"]["samples"], &report["results"]["kernel_distance"]["subset_size"]),
        (&200.into(), &200.into())
    );
    let distance = report["results"]["frechet_distance"].as_f64().unwrap();
    assert!(distance > 1.0, "{distance}");
    for part in [&format!("{distance:.4}")[..], "64 of pixels", "299 images of digits", "r.json"] {
        assert!(told.output.contains(part), "{part} in {}", told.output);
    }
    let next = "next: vapo-train neighbours --model m.vapo --dataset digits --out neighbours.png\n";
    assert_eq!(told.errors, next);
    // The same line on other threads gives the same bytes.
    let again = format!("{line} --force --threads 3");
    let before = contents(root.path());
    vapo_train(root.path(), &again).succeeded();
    assert!(contents(root.path()) == before);
}

#[test]
fn the_distance_is_that_of_the_moments() {
    let root = root();
    vapo_train(root.path(), "sample --model m.vapo --count 300 --steps 3 --out s.npz").succeeded();
    vapo_train(root.path(), "sample --model m.vapo --count 300 --steps 3 --out s/").succeeded();
    let line = "eval --dataset digits --features pixels";
    vapo_train(root.path(), &format!("{line} --samples s.npz --out npz.json")).succeeded();
    vapo_train(root.path(), &format!("{line} --samples s --out folder.json")).succeeded();
    vapo_train(root.path(), &format!("{line} --model m.vapo --count 300 --steps 3 --out model.json")).succeeded();
    let moments = |images: &ImageSet| {
        let pixels: Vec<f32> = images.bytes().iter().map(|&byte| f32::from(byte) / 127.5 - 1.0).collect();
        Moments::of(&pixels, 64).unwrap()
    };
    let samples = moments(&ImageSet::read(&root.path().join("s.npz")).unwrap());
    let expected = samples.distance(&moments(&digits(Split::Test))).unwrap();
    for name in ["npz.json", "folder.json", "model.json"] {
        let found = frechet(&root, name);
        assert!((found - expected).abs() < 1e-9 * expected, "{name}: {found} is not {expected}");
    }
    // Ten samples are fewer than 64 features.
    let few = vapo_train(root.path(), &format!("{line} --samples s.npz --count 10 --out few.json")).succeeded();
    assert!(few.errors.contains("warning: 10 samples for 64 features"), "{}", few.errors);
}

#[test]
fn reference_images_are_the_data_set_itself() {
    let root = root();
    for out in ["ref", "ref.npz"] {
        let told = vapo_train(root.path(), &format!("fid-ref --dataset digits --out {out}")).succeeded();
        assert_eq!(told.output, format!("299 images in {out}\n"));
        assert_eq!(ImageSet::read(&root.path().join(out)).unwrap(), digits(Split::Test));
    }
    vapo_train(root.path(), "fid-ref --dataset digits --split train --count 20 --out few.npz").succeeded();
    let few = ImageSet::read(&root.path().join("few.npz")).unwrap();
    assert_eq!((few.count(), few.image(19)), (20, digits(Split::Train).image(19)));
    let card = report(&root, "ref.json");
    assert_eq!((&card["command"], &card["results"]["images"]), (&"fid-ref".into(), &299.into()));
    // Nothing is compared with itself, in whatever order, but for the statistics' sake.
    let before = contents(root.path());
    let line = "eval --samples ref --dataset digits --features pixels --out r.json";
    vapo_train(root.path(), line).refused(2, &["ref", "the very images of digits:test", "compare with other images"]);
    fs::rename(root.path().join("ref/000000.png"), root.path().join("ref/000999.png")).unwrap();
    vapo_train(root.path(), line).refused(2, &["the very images of digits:test"]);
    fs::rename(root.path().join("ref/000999.png"), root.path().join("ref/000000.png")).unwrap();
    assert!(contents(root.path()) == before);
    let told = vapo_train(root.path(), &format!("{line} --write-statistics s.npz")).succeeded();
    assert!(told.errors.contains("warning: the samples of ref are the very images of digits:test"), "{}", told.errors);
    assert!(frechet(&root, "r.json") < 1e-9);
    let line = "eval --samples ref --dataset digits --features pixels --reference s.npz --out t.json";
    vapo_train(root.path(), line).refused(2, &["ref", "the very images of s.npz"]);
}

#[test]
fn statistics_are_written_and_compared_with() {
    let root = root();
    vapo_train(root.path(), "fid-ref --dataset digits --out ref.npz").succeeded();
    let line = "eval --dataset digits --features pixels";
    vapo_train(root.path(), &format!("{line} --samples ref.npz --write-statistics s.npz --out a.json")).succeeded();
    assert_eq!(statistics::read(&root.path().join("s.npz")).unwrap().dimension(), 64);
    let model = format!("{line} --model m.vapo --count 100 --steps 2");
    vapo_train(root.path(), &format!("{model} --out data.json")).succeeded();
    vapo_train(root.path(), &format!("{model} --reference s.npz --out statistics.json")).succeeded();
    let [data, statistics] = ["data.json", "statistics.json"].map(|name| frechet(&root, name));
    assert!((data - statistics).abs() < 1e-9 * data, "{data} is not {statistics}");
    assert!(report(&root, "statistics.json")["results"].get("kernel_distance").is_none());
    let again = format!("{model} --write-statistics s.npz --out b.json");
    vapo_train(root.path(), &again).refused(2, &["--write-statistics s.npz", "exists", "--force"]);
}

#[test]
fn a_classifier_is_trained_once_and_kept() {
    let root = root();
    let line = "eval --model m.vapo --dataset digits --count 150 --steps 2 --out r.json --force --cache kept";
    let first = vapo_train(root.path(), line).succeeded();
    assert!(first.errors.contains("trained a classifier on the 1498 images of digits"), "{}", first.errors);
    let accuracy = report(&root, "r.json")["settings"]["test_accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.95, "{accuracy}");
    let before = contents(root.path());
    let second = vapo_train(root.path(), line).succeeded();
    let next = "next: vapo-train neighbours --model m.vapo --dataset digits --out neighbours.png\n";
    assert_eq!((second.errors.as_str(), second.output), (next, first.output));
    assert!(contents(root.path()) == before);
    // Digits are nearer to digits than the samples of random weights are.
    vapo_train(root.path(), "fid-ref --dataset digits --split train --count 150 --out t.npz").succeeded();
    vapo_train(root.path(), "eval --samples t.npz --dataset digits --out t.json --cache kept").succeeded();
    assert!(10.0 * frechet(&root, "t.json") < frechet(&root, "r.json"));
    // A damaged file is told by name, and is not overwritten.
    let kept = root.path().join("kept").join(&names(&root.path().join("kept"))[0]);
    fs::write(&kept, "damaged").unwrap();
    vapo_train(root.path(), line).refused(1, &["classifier-digits-", "delete the file"]);
    assert_eq!(fs::read(&kept).unwrap(), b"damaged");
}

#[test]
fn what_cannot_be_evaluated_is_refused_and_leaves_nothing() {
    let root = root();
    write_model(&root.path().join("wide.vapo"), Shape { channels: 1, height: 8, width: 16 }, Homotopy::Linear, 0.3);
    fs::create_dir(root.path().join("empty")).unwrap();
    fs::write(root.path().join("old.json"), "precious").unwrap();
    vapo_train(root.path(), "fid-ref --dataset digits --count 5 --out five.npz").succeeded();
    let before = contents(root.path());
    let cases: &[(&str, i32, &[&str])] = &[
        ("--dataset digits --out r.json", 2, &["--model", "--samples"]),
        ("--model m.vapo --samples empty --dataset digits --out r.json", 2, &["cannot be used with"]),
        ("--samples five.npz --steps 3 --dataset digits --out r.json", 2, &["--steps", "cannot be used with"]),
        (
            "--model m.vapo --dataset digits --features inception --out r.json",
            2,
            &["inception", "classifier, pixels", ".onnx"],
        ),
        ("--model m.vapo --dataset digits --onnx-range 1,0 --out r.json", 2, &["--onnx-range", "-1,1 or 0,1"]),
        ("--model m.vapo --dataset digits --onnx-range 1,2,3 --out r.json", 2, &["--onnx-range", "two numbers"]),
        ("--model m.vapo --dataset digits --out old.json", 2, &["old.json", "exists", "--force"]),
        ("--samples five.npz --count 6 --dataset digits --out r.json", 2, &["--count 6", "holds 5 images"]),
        ("--samples empty --dataset digits --out r.json", 1, &["empty", "GIF), found none"]),
        ("--samples absent --dataset digits --out r.json", 1, &["absent"]),
        ("--samples m.vapo --dataset digits --out r.json", 1, &["m.vapo", "arr_0"]),
        ("--model wide.vapo --dataset digits --features pixels --out r.json", 2, &["8×8×1", "8×16×1"]),
        (
            "--model m.vapo --count 1 --dataset digits --features pixels --out r.json",
            1,
            &["at least 2 images, found 1"],
        ),
        ("--model m.vapo --dataset digits --features pixels --reference absent.npz --out r.json", 1, &["absent.npz"]),
        ("--model m.vapo --dataset digits --features pixels --reference five.npz --out r.json", 1, &["five.npz", "mu"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("eval {options}")).refused(*code, parts);
    }
    vapo_train(root.path(), "fid-ref --dataset digits --count 300 --out x.npz").refused(2, &["300", "299"]);
    vapo_train(root.path(), "fid-ref --dataset digits --out x.jpg").refused(2, &["x.jpg", ".npz"]);
    assert!(contents(root.path()) == before);
}

#[test]
fn samples_of_another_extent_are_refused_at_the_first_and_transparent_ones_lie_on_the_background() {
    let root = root();
    let path = |name: &str| root.path().join(name);
    for (name, side) in [("large", 40), ("clear", 8)] {
        fs::create_dir(path(name)).unwrap();
        for number in 0..3u8 {
            let image = image::GrayAlphaImage::from_fn(side, side, |x, _| image::LumaA([99, x as u8 * number]));
            image.save(path(name).join(format!("{number}.png"))).unwrap();
        }
    }
    // Not looked at, or this would be what is wrong.
    fs::write(path("large/1.png"), "").unwrap();
    let line = "eval --dataset digits --features pixels --out r.json";
    let told = ["expected samples of 8×8×1, as the data set has, found 40×40×1 in 0.png"];
    vapo_train(root.path(), &format!("{line} --samples large")).refused(2, &told);
    let done = vapo_train(root.path(), &format!("{line} --samples clear --background 7")).succeeded();
    assert!(done.errors.contains("laid on 7 (--background)"), "{}", done.errors);
    let card = fs::read_to_string(path("r.json")).unwrap();
    assert!(card.contains(r#""samples_background": "7""#), "{card}");
    // It is for samples: those of a model have none.
    let line = format!("{line} --force --model m.vapo --count 2");
    vapo_train(root.path(), &format!("{line} --background 7")).refused(2, &["--background 7", "as they are"]);
}

#[cfg(not(feature = "onnx"))]
#[test]
fn a_program_without_onnx_says_how_to_build_one() {
    let root = root();
    let line = "eval --model m.vapo --dataset digits --features f.onnx --out r.json";
    vapo_train(root.path(), line).refused(2, &["f.onnx", "--features vapo-train/onnx"]);
}

#[test]
fn other_programs_files_are_not_replaced_by_a_folder() {
    let root = root();
    let photos = root.path().join("photos");
    fs::create_dir(&photos).unwrap();
    fs::write(photos.join("holiday.png"), "precious").unwrap();
    let line = "fid-ref --dataset digits --count 2 --out photos/";
    vapo_train(root.path(), line).refused(2, &["photos/", "exists", "--force"]);
    vapo_train(root.path(), &format!("{line} --force")).refused(2, &["photos", "holiday.png", "not replaced"]);
    assert_eq!(names(Path::new(&photos)), ["holiday.png"]);
    assert_eq!(names(root.path()), ["m.vapo", "photos/holiday.png"]);
}
