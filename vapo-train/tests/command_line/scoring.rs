//! `vapo-train score`.

use crate::models::{GREY, write_model};
use crate::program::{names, vapo_train};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::architecture::MAX_NODES;
use vapo_format::{Encoding, Homotopy, Model, Scaling, Shape};
use vapo_sampler::{PlanFor, Sampler, Solver};
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::quantise::model_file;
use vapo_train::sampling::anomaly::{auroc, share_above, threshold};

const DIGITS: &str = "score --model m.vapo --dataset digits";

fn model() -> (TempDir, Vec<u8>) {
    let root = TempDir::new().unwrap();
    let file = write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    (root, file)
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn floats(list: &Value) -> Vec<f32> {
    list.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

/// What a device computes for every test image.
fn energies(file: &[u8], time: f32) -> Vec<f32> {
    let model = Model::parse(file).unwrap();
    let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
    let mut memory = vec![0.0; plan.elements_with(Solver::Ab2)];
    let mut sampler = Sampler::new(&model, &plan, Solver::Ab2, &mut memory).unwrap();
    let dataset = Dataset::load(Source::Digits, Split::Test, None).unwrap();
    let mut image = Vec::new();
    let mut energy = |index| {
        dataset.fill(&[index], &mut image);
        sampler.image_energy(&image, time).unwrap().unwrap()
    };
    (0..dataset.len()).map(&mut energy).collect()
}

#[test]
fn energies_are_those_of_the_device_on_any_number_of_threads() {
    let (root, file) = model();
    for (options, time) in [("", 0.5), ("--time 0.25 --threads 1", 0.25), ("--time 0.25 --threads 3", 0.25)] {
        vapo_train(root.path(), &format!("{DIGITS} --out s.json --force {options}")).succeeded();
        let found = read_json(&root.path().join("s.json"));
        assert_eq!(found["time"].as_f64(), Some(time));
        assert!(found.get("against").is_none());
        assert_eq!(floats(&found["energies"]), energies(&file, time as f32), "{options}");
    }
}

#[test]
fn arrays_hold_the_same_energies_and_their_labels() {
    let (root, _) = model();
    for out in ["s.json", "s.npy"] {
        vapo_train(root.path(), &format!("{DIGITS} --against noise --out {out}")).succeeded();
    }
    let text = read_json(&root.path().join("s.json"));
    let (ordinary, others) = (floats(&text["energies"]), floats(&text["against"]));
    let array = fs::read(root.path().join("s.npy")).unwrap();
    let header = String::from_utf8_lossy(&array[..128]).into_owned();
    assert!(header.contains("'<f4'") && header.contains("(598, 2)"), "{header}");
    let found: Vec<f32> = array[128..].as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let rows = ordinary.iter().map(|energy| [*energy, 0.0]).chain(others.iter().map(|energy| [*energy, 1.0]));
    assert_eq!(found, rows.flatten().collect::<Vec<_>>());
}

#[test]
fn the_card_holds_what_was_measured() {
    let (root, file) = model();
    let line = format!("{DIGITS} --against permuted --seed 4 --fpr 0.1 --out s.json");
    let told = vapo_train(root.path(), &line).succeeded().output;
    let text = read_json(&root.path().join("s.json"));
    let (ordinary, others) = (floats(&text["energies"]), floats(&text["against"]));
    let card = read_json(&root.path().join("s.json.json"));
    let (area, limit) = (auroc(&ordinary, &others), threshold(&ordinary, 0.1));
    assert_eq!(card["command"], "score");
    assert_eq!(card["models"][0]["sha256"], vapo_train::files::digest::sha256(&file));
    assert_eq!(card["data"][0]["count"], 299);
    assert_eq!(card["settings"], json!({"against": "permuted", "seed": 4, "fpr": 0.1, "time": 0.5}));
    // Read back, a decimal may differ in its last bit.
    let near = |found: &Value, expected: f64| (found.as_f64().unwrap() - expected).abs() < 1e-12;
    assert!(near(&card["results"]["auroc"], area));
    assert_eq!(floats(&json!([card["results"]["threshold"]["energy"]])), [limit]);
    let above = &card["results"]["threshold"]["above"];
    assert!(near(&above["digits"], share_above(&ordinary, limit)));
    assert!(near(&above["permuted"], share_above(&others, limit)));
    assert!(above["digits"].as_f64().unwrap() <= 0.1);
    for part in [format!("AUROC          {area:.4} against permuted"), format!("threshold      {limit}, for")] {
        assert!(told.contains(&part), "no {part:?} in: {told}");
    }
    // Another seed is another order.
    vapo_train(root.path(), &format!("{line} --force").replace("--seed 4", "--seed 5")).succeeded();
    let again = read_json(&root.path().join("s.json"));
    assert!(floats(&again["energies"]) == ordinary && floats(&again["against"]) != others);
}

#[test]
fn another_data_set_or_split_can_be_told_from() {
    let (root, _) = model();
    vapo_train(root.path(), &format!("{DIGITS} --against digits:train --out s.json")).succeeded();
    let text = read_json(&root.path().join("s.json"));
    assert_eq!((floats(&text["energies"]).len(), floats(&text["against"]).len()), (299, 1498));
    let card = read_json(&root.path().join("s.json.json"));
    assert_eq!((&card["data"][1]["split"], &card["data"][1]["count"]), (&json!("train"), &json!(1498)));
    // Nothing tells the same images apart.
    let parts = ["--against digits has the very images of digits:test", "--against-dir"];
    vapo_train(root.path(), &format!("{DIGITS} --against digits --out t.json")).refused(2, &parts);
    assert_eq!(names(root.path()), ["m.vapo", "s.json", "s.json.json"]);
}

/// An IDX file of these images of 8×8 pixels.
fn idx(images: &[[u8; 64]]) -> Vec<u8> {
    [&[0, 0, 8, 3, 0, 0, 0, images.len() as u8, 0, 0, 0, 8, 0, 0, 0, 8][..], &images.concat()].concat()
}

/// The files of both sets have the same names: each is read from its own folder, or from the usual place.
#[test]
fn each_set_has_its_own_folder() {
    let (root, _) = model();
    let dark = [[0; 64], [10; 64], [20; 64]];
    let light = dark.map(|image| image.map(|level| 255 - level));
    let mut sorted_otherwise = dark;
    sorted_otherwise.reverse();
    let put = |path: &str, images: &[[u8; 64]]| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, idx(images)).unwrap();
    };
    let name = "t10k-images-idx3-ubyte";
    for (folder, images) in [("a", &dark), ("b", &light), ("copy", &sorted_otherwise), ("data/fashion-mnist", &light)] {
        put(&format!("{folder}/{name}"), images);
    }
    put("a/train-images-idx3-ubyte", &light[..2]);
    let score = |options: &str| {
        vapo_train(
            root.path(),
            &format!("score --model m.vapo --dataset mnist --data-dir a {options} --out s.json --force"),
        )
    };
    let against = || floats(&read_json(&root.path().join("s.json"))["against"]);
    score("--against fashion-mnist --against-dir b").succeeded();
    let told_from = against();
    assert_ne!(told_from, floats(&read_json(&root.path().join("s.json"))["energies"]));
    // Not from `a`, where files of these names lie.
    score("--against fashion-mnist").succeeded();
    assert_eq!(against(), told_from);
    // Another split of the set itself lies where the set does.
    score("--against mnist:train").succeeded();
    assert_eq!(against(), told_from[..2]);
    for (folder, place) in [("a", " in a"), ("copy", " in copy")] {
        let parts =
            [&format!("--against fashion-mnist{place} has the very images of mnist:test in a")[..], "--against-dir"];
        score(&format!("--against fashion-mnist --against-dir {folder}")).refused(2, &parts);
    }
    let parts =
        ["--against fashion-mnist", "fashion-mnist is not here", "absent", "give their folder with --against-dir"];
    score("--against fashion-mnist --against-dir absent").refused(1, &parts);
    score("--against npy").refused(2, &["--against npy", "--against-dir"]);
    score("--against digits --against-dir b").refused(2, &["--against-dir b", "built in"]);
    score("--against noise --against-dir b").refused(2, &["--against-dir b", "noise is made, not read"]);
    score("--against-dir b").refused(2, &["--against <NAME[:SPLIT]>"]);
}

#[test]
fn a_threshold_is_written_into_a_copy_of_the_model() {
    let (root, file) = model();
    let line = format!("{DIGITS} --time 0.25 --fpr 0.2 --write-threshold t.vapo --out s.json");
    vapo_train(root.path(), &line).succeeded();
    assert!(fs::read(root.path().join("m.vapo")).unwrap() == file);
    let written = fs::read(root.path().join("t.vapo")).unwrap();
    let (model, thresholded) = (Model::parse(&file).unwrap(), Model::parse(&written).unwrap());
    assert_eq!((model.architecture(), model.weights()), (thresholded.architecture(), thresholded.weights()));
    let found = thresholded.threshold().unwrap();
    assert_eq!((found.time, found.false_positive_rate), (0.25, 0.2));
    assert_eq!(found.energy, threshold(&energies(&file, 0.25), 0.2));
    assert_eq!(names(root.path()), ["m.vapo", "s.json", "s.json.json", "t.vapo", "t.vapo.json"]);

    // The copy is scored at the time of its threshold, and that is said beside the new one.
    let line = "score --model t.vapo --dataset digits --out s.json --force";
    let told = vapo_train(root.path(), line).succeeded().output;
    assert!(told.contains("time           0.25\n"), "{told}");
    assert!(
        told.contains(&format!("model's own    {}, for a false-positive rate of 0.2; above it", found.energy)),
        "{told}"
    );
    assert!(!vapo_train(root.path(), &format!("{line} --time 0.5")).succeeded().output.contains("model's own"));
}

#[test]
fn what_cannot_be_scored_is_refused_and_leaves_nothing() {
    let (root, _) = model();
    fs::write(root.path().join("taken.json"), "precious").unwrap();
    fs::write(root.path().join("taken.vapo"), "precious").unwrap();
    write_model(&root.path().join("nan.vapo"), GREY, Homotopy::Linear, 1e30);
    write_model(&root.path().join("wide.vapo"), Shape { width: 16, ..GREY }, Homotopy::Linear, 0.3);
    let before = names(root.path());
    let cases: &[(&str, i32, &[&str])] = &[
        ("--model m.vapo --out s.csv", 2, &["--out s.csv", ".json or .npy"]),
        ("--model m.vapo --out taken.json", 2, &["taken.json", "exists", "--force"]),
        ("--model m.vapo --out s.json --write-threshold taken.vapo", 2, &["--write-threshold taken.vapo", "--force"]),
        ("--model m.vapo --out s.json --write-threshold t.bin", 2, &["--write-threshold t.bin", ".vapo"]),
        ("--model m.vapo --out s.json --time 1", 2, &["--time 1", "below 1 for the homotopy linear"]),
        ("--model m.vapo --out s.json --time -0.5", 2, &["--time -0.5", "from 0"]),
        ("--model m.vapo --out s.json --time nan", 2, &["--time NaN"]),
        ("--model m.vapo --out s.json --fpr 0", 2, &["--fpr 0", "above 0"]),
        ("--model m.vapo --out s.json --fpr 1", 2, &["--fpr 1", "below 1"]),
        ("--model m.vapo --out s.json --against cifar", 2, &["--against cifar", "digits", "noise, permuted"]),
        (
            "--model m.vapo --out s.json --against digits:valid",
            2,
            &["digits has no valid split", "--split train or --split test"],
        ),
        ("--model m.vapo --out s.json --seed 3", 2, &["--against"]),
        ("--model m.vapo --out s.json --against mnist", 1, &["mnist is not here"]),
        ("--model wide.vapo --out s.json", 2, &["8×16×1", "digits are 8×8×1"]),
        ("--model nan.vapo --out s.json", 1, &["image 0", "not a finite number"]),
        ("--model absent.vapo --out s.json", 1, &["cannot read absent.vapo"]),
        ("--model taken.vapo --out s.json", 1, &["taken.vapo is no model"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("score --dataset digits {options}")).refused(*code, parts);
    }
    assert_eq!(names(root.path()), before);
    assert_eq!(fs::read(root.path().join("taken.vapo")).unwrap(), b"precious");
}

/// A file of version 1 keeps its version, with a threshold that it had or had not.
#[test]
fn models_of_version_1_take_a_threshold() {
    let root = TempDir::new().unwrap();
    let old = include_bytes!("../../../vapo-sampler/tests/version-1/digits.vapo");
    fs::write(root.path().join("old.vapo"), old).unwrap();
    for (model, judged) in [("old", "once"), ("once", "twice")] {
        let line = format!(
            "score --model {model}.vapo --dataset digits --fpr 0.05 --write-threshold {judged}.vapo --out {judged}.json"
        );
        vapo_train(root.path(), &line).succeeded();
        let file = fs::read(root.path().join(format!("{judged}.vapo"))).unwrap();
        let found = Model::parse(&file).unwrap();
        assert_eq!((found.version(), file.len()), (1, old.len() + 12));
        assert!(found.threshold().is_some());
    }
}

/// Samples of such a model are no grey levels.
#[test]
fn models_of_other_raw_numbers_are_refused() {
    let root = TempDir::new().unwrap();
    let mut architecture = crate::models::architecture(crate::models::GREY, Homotopy::Linear);
    architecture.scaling = [Scaling { offset: 20.0, scale: 5.0 }].into_iter().collect();
    let file = model_file(&architecture, &vec![0.1; architecture.parameters()], Encoding::Int8).unwrap();
    fs::write(root.path().join("m.vapo"), file).unwrap();
    vapo_train(root.path(), "sample --model m.vapo --out x.npy")
        .refused(1, &["20 + 5 · value", "expected a model of pictures"]);
    let page = vapo_train(root.path(), "inspect m.vapo").succeeded().output;
    assert!(page.contains("raw numbers      20 + 5·value"), "{page}");
}
