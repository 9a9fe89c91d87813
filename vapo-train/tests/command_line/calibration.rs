//! `vapo-train calibrate`, and what the other commands do with a model of integer arithmetic.

use crate::models::{GREY, random, write_float32, write_model};
use crate::program::{contents, names, vapo_train};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Architecture, Arithmetic, Block, Encoding, Homotopy, Model, Shape, encoder};
use vapo_train::quantise::model_file;

const CALIBRATE: &str = "calibrate --model m.vapo --out i.vapo";

fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    root
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_model_of_integers_is_written_with_its_card() {
    let root = root();
    let told = vapo_train(root.path(), &format!("{CALIBRATE} --dataset digits")).succeeded().output;
    assert_eq!(names(root.path()), ["i.vapo", "i.vapo.json", "m.vapo"]);
    let file = fs::read(root.path().join("i.vapo")).unwrap();
    let model = Model::parse(&file).unwrap();
    assert_eq!((model.encoding(), model.arithmetic()), (Encoding::Integer, Arithmetic::Integer));
    let card = json(&root.path().join("i.vapo.json"));
    assert_eq!((&card["command"], &card["settings"]["headroom"]), (&"calibrate".into(), &2.0.into()));
    assert_eq!((&card["data"][0]["dataset"], &card["models"][0]["weights"]), (&"digits".into(), &"int8".into()));
    let results = &card["results"];
    let digest = format!("{:08x}", model.calibration().unwrap());
    assert_eq!(results["calibration"], digest.as_str());
    assert!(results["mean_cosine"].as_f64().unwrap() > 0.999, "{results}");
    let expected = format!("calibration    {digest}, headroom 2, on digits:test\ndrift          cosine 0.99");
    assert!(told.starts_with(&expected), "{told}");
    assert!(told.ends_with(&format!("\nmodel          i.vapo ({} bytes)\n", file.len())), "{told}");
}

#[test]
fn threads_do_not_matter_and_headroom_and_images_do() {
    let root = root();
    let file = |options: &str| {
        vapo_train(root.path(), &format!("{CALIBRATE} --force {options}")).succeeded();
        fs::read(root.path().join("i.vapo")).unwrap()
    };
    let one = file("--threads 1");
    assert!(file("--threads 2") == one && file("--threads 3") == one);
    let exponents = |file: &[u8]| Model::parse(file).unwrap().exponents().collect::<Vec<_>>();
    let digest = |file: &[u8]| Model::parse(file).unwrap().calibration().unwrap();
    let (more, digits) = (file("--headroom 16"), file("--dataset digits"));
    assert_ne!(exponents(&more), exponents(&one));
    assert!(digest(&more) != digest(&one) && digest(&digits) != digest(&one) && digest(&digits) != digest(&more));
    assert_ne!(digest(&file("--dataset digits --split train")), digest(&digits));
}

#[test]
fn float_weights_become_int8_first() {
    let root = root();
    let int8 = write_float32(&root.path().join("f.vapo"), GREY, Homotopy::Bayes, 0.3);
    fs::write(root.path().join("q.vapo"), int8).unwrap();
    for (model, out) in [("f", "a"), ("q", "b")] {
        vapo_train(root.path(), &format!("calibrate --model {model}.vapo --out {out}.vapo")).succeeded();
    }
    let read = |name: &str| fs::read(root.path().join(name)).unwrap();
    assert!(read("a.vapo") == read("b.vapo"));
}

/// 32 channels each: matrices that have few bits where few are asked for.
fn wide() -> Architecture {
    let blocks = [Block::Conv { channels: 32 }, Block::Residual, Block::Head { channels: 32 }];
    encoder::architecture(Shape { height: 4, width: 4, ..GREY }, Homotopy::Linear, 32, &blocks).unwrap()
}

#[test]
fn weights_are_rounded_to_the_bits_that_are_asked_for() {
    let root = TempDir::new().unwrap();
    let parameters = random(&wide(), 0.05);
    for encoding in [Encoding::Float32, Encoding::Int8, Encoding::Int4] {
        fs::write(root.path().join(format!("{encoding}.vapo")), model_file(&wide(), &parameters, encoding).unwrap())
            .unwrap();
    }
    let cases = [
        ("float32", "", Encoding::Integer),
        ("float32", "--weights int4", Encoding::Integer4),
        ("int8", "--weights int6", Encoding::Integer6),
        ("int8", "--weights int8", Encoding::Integer),
        ("int4", "", Encoding::Integer4),
    ];
    let mut lengths = Vec::new();
    for (model, option, expected) in cases {
        let line = format!("calibrate --model {model}.vapo {option} --out i.vapo --force");
        vapo_train(root.path(), &line).succeeded();
        let file = fs::read(root.path().join("i.vapo")).unwrap();
        assert_eq!(Model::parse(&file).unwrap().encoding(), expected, "{line}");
        lengths.push(file.len());
    }
    assert!(lengths[0] > lengths[2] && lengths[2] > lengths[1] && lengths[1] == lengths[4], "{lengths:?}");
    vapo_train(root.path(), "calibrate --model int4.vapo --weights int8 --out j.vapo")
        .refused(2, &["--weights int8: int4.vapo has int4 weights", "leave the option out"]);
    assert!(!root.path().join("j.vapo").exists());
}

#[test]
fn a_threshold_is_fitted_anew_or_left_out_but_not_kept() {
    let root = root();
    vapo_train(
        root.path(),
        "score --model m.vapo --dataset digits --time 0.25 --fpr 0.2 --write-threshold m.vapo --out s.json --force",
    )
    .refused(2, &["replace what is read"]);
    vapo_train(
        root.path(),
        "score --model m.vapo --dataset digits --time 0.25 --fpr 0.2 --write-threshold t.vapo --out s.json",
    )
    .succeeded();
    let before = contents(root.path());
    let line = "calibrate --model t.vapo --out i.vapo";
    vapo_train(root.path(), line).refused(2, &["t.vapo has a threshold", "--dataset", "--drop-threshold"]);
    assert!(contents(root.path()) == before);
    let threshold = || Model::parse(&fs::read(root.path().join("i.vapo")).unwrap()).unwrap().threshold();
    let told = vapo_train(root.path(), &format!("{line} --drop-threshold")).succeeded().output;
    assert!(threshold().is_none() && told.contains("\nthreshold      left out\n"), "{told}");
    let told = vapo_train(root.path(), &format!("{line} --dataset digits --force")).succeeded().output;
    let fitted = threshold().unwrap();
    assert_eq!((fitted.time, fitted.false_positive_rate), (0.25, 0.2));
    let expected = format!("\nthreshold      {} at time 0.25, for a false-positive rate of 0.2; ", fitted.energy);
    assert!(told.contains(&expected), "{told}");
    // It is what `score` finds through integers, and near that of float arithmetic.
    let line = "score --model i.vapo --dataset digits --fpr 0.2 --out s.json --force";
    let told = vapo_train(root.path(), line).succeeded().output;
    assert!(told.contains(&format!("\nthreshold      {}, for", fitted.energy)), "{told}");
    let float = Model::parse(&fs::read(root.path().join("t.vapo")).unwrap()).unwrap().threshold().unwrap().energy;
    assert!(fitted.energy != float && (fitted.energy / float - 1.0).abs() < 0.01, "{} and {float}", fitted.energy);
}

#[test]
fn what_cannot_be_calibrated_is_refused_and_leaves_nothing() {
    let root = root();
    vapo_train(root.path(), &format!("{CALIBRATE} --threads 1")).succeeded();
    fs::rename(root.path().join("i.vapo"), root.path().join("integer.vapo")).unwrap();
    fs::remove_file(root.path().join("i.vapo.json")).unwrap();
    fs::write(root.path().join("taken.vapo"), "precious").unwrap();
    fs::write(root.path().join("card.vapo.json"), "precious").unwrap();
    write_model(&root.path().join("nan.vapo"), GREY, Homotopy::Linear, 1e30);
    write_model(&root.path().join("wide.vapo"), Shape { width: 16, ..GREY }, Homotopy::Linear, 0.3);
    let before = contents(root.path());
    let cases: &[(&str, i32, &[&str])] = &[
        ("--model m.vapo --out i.bin", 2, &["--out i.bin", ".vapo"]),
        ("--model m.vapo --out taken.vapo", 2, &["taken.vapo", "exists", "--force"]),
        ("--model m.vapo --out card.vapo", 2, &["card.vapo.json", "exists", "--force"]),
        ("--model m.vapo --out m.vapo --force", 2, &["replace what is read"]),
        (
            "--model integer.vapo --out i.vapo",
            2,
            &["integer.vapo is of integer arithmetic already", "model of float arithmetic"],
        ),
        ("--model m.vapo --out i.vapo --headroom 0.5", 2, &["--headroom", "from 1 to 1024"]),
        ("--model m.vapo --out i.vapo --headroom nan", 2, &["--headroom", "from 1 to 1024"]),
        ("--model m.vapo --out i.vapo --split train", 2, &["--dataset <NAME>"]),
        ("--model m.vapo --out i.vapo --data-dir d", 2, &["--dataset <NAME>"]),
        ("--model m.vapo --out i.vapo --window 64", 2, &["--dataset <NAME>"]),
        ("--model m.vapo --out i.vapo --rate 50", 2, &["--dataset <NAME>"]),
        ("--model wide.vapo --out i.vapo --dataset digits", 2, &["8×16×1", "digits are 8×8×1"]),
        ("--model nan.vapo --out i.vapo", 1, &["not finite"]),
        ("--model nan.vapo --out i.vapo --dataset digits", 1, &["not finite", "--lr"]),
        ("--model absent.vapo --out i.vapo", 1, &["cannot read absent.vapo"]),
        ("--model taken.vapo --out i.vapo", 1, &["taken.vapo is no model"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("calibrate {options}")).refused(*code, parts);
        assert!(contents(root.path()) == before, "{options}");
    }
}

/// Every command that takes a model takes one of integers, and two of different arithmetics have a sum.
#[test]
fn other_commands_take_models_of_integers() {
    let root = root();
    vapo_train(root.path(), CALIBRATE).succeeded();
    for line in [
        "sample --model i.vapo --count 4 --steps 4 --out x.npy",
        "eval --model i.vapo --dataset digits --features pixels --count 70 --steps 2 --out e.json",
        "neighbours --model i.vapo --dataset digits --features pixels --count 9 --steps 2 --out n.png",
        "interpolate --model i.vapo --pairs 2 --frames 2 --steps 2 --out p.png",
        "inpaint --model i.vapo --dataset digits --box 2,3,4,5 --steps 2 --out r.png",
        "score --model i.vapo --dataset digits --against permuted --out s.json --write-threshold t.vapo",
        "compose --model i.vapo --weight 0.5 --model m.vapo --weight 0.5 --count 4 --steps 4 --out c.npy",
        "inspect i.vapo --plan plan.png --report report.json",
        "inspect t.vapo --board microbit",
    ] {
        vapo_train(root.path(), line).succeeded();
    }
    assert_eq!(json(&root.path().join("x.npy.json"))["models"][0]["weights"], "integer");
    let written = fs::read(root.path().join("t.vapo")).unwrap();
    assert!(Model::parse(&written).unwrap().threshold().is_some());
    // Near the images of float arithmetic, and not the same.
    vapo_train(root.path(), "sample --model m.vapo --count 4 --steps 4 --out f.npy").succeeded();
    let floats = |name: &str| -> Vec<f32> {
        let array = npyz::NpyFile::new(fs::File::open(root.path().join(name)).unwrap()).unwrap();
        array.into_vec().unwrap()
    };
    let (float, integer, sum) = (floats("f.npy"), floats("x.npy"), floats("c.npy"));
    let largest = float.iter().zip(&integer).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest > 0.0 && largest < 0.1, "{largest}");
    let beyond = sum.iter().zip(&float).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(beyond > 0.0 && beyond < 0.1, "{beyond}");
}

#[test]
fn the_report_says_what_there_is_to_know() {
    let root = root();
    vapo_train(root.path(), CALIBRATE).succeeded();
    let told = vapo_train(root.path(), "inspect i.vapo --report r.json").succeeded().output;
    let (file, report) = (fs::read(root.path().join("i.vapo")).unwrap(), json(&root.path().join("r.json")));
    let model = Model::parse(&file).unwrap();
    let digest = format!("{:08x}", model.calibration().unwrap());
    assert!(told.contains(&format!("\narithmetic       integer, calibration {digest}\n")), "{told}");
    assert!(told.contains("\ndrift            cosine 0.99") && told.contains("\nreport           r.json\n"), "{told}");
    assert_eq!((report["bytes"].as_u64(), &report["calibration"]), (Some(file.len() as u64), &digest.as_str().into()));
    let exponents: Vec<_> = model.exponents().collect();
    let tensors = report["tensors"].as_array().unwrap();
    // Every node has a value but the read-out; those of the signal have cotangents.
    let of = |what: &'static str| tensors.iter().filter(move |tensor| tensor["activation"] == what);
    assert_eq!(of("value").count(), exponents.len() - 1);
    let of_signal = model.walk().filter(|placed| placed.output.of_signal).count() - 1;
    assert_eq!(of("cotangent").count(), of_signal);
    for tensor in tensors {
        let exponents = exponents[tensor["node"].as_u64().unwrap() as usize];
        let exponent = if tensor["activation"] == "value" { exponents.value } else { exponents.cotangent };
        assert_eq!(tensor["exponent"], exponent);
        let largest = ["largest", "largest_on_no_data"].map(|key| tensor[key].as_f64().unwrap());
        if let Some(headroom) = tensor["headroom"].as_f64() {
            let room = 2_f64.powi(15 - i32::from(exponent));
            assert!((headroom * largest[0].max(largest[1]) / room - 1.0).abs() < 1e-5, "{tensor}");
        }
    }
    assert_eq!(report["steps"].as_array().unwrap().len(), 20);
    assert_eq!(report["matrices"].as_array().unwrap().len(), model.matrices().count());
    assert!(report["matrices"][0]["largest_sum"].as_u64().unwrap() <= 65_535);
    assert_eq!(report["boards"].as_array().unwrap().len(), 12);
    assert!(report["boards"][0]["milliseconds"].as_f64().unwrap() > 0.0);
    assert!(!report["buffers"].as_array().unwrap().is_empty());
    for (line, parts) in [
        ("inspect m.vapo --report x.json", ["expected a model of integer arithmetic", "vapo-train calibrate"]),
        ("inspect i.vapo --report x.txt", ["--report x.txt", ".json"]),
        ("inspect i.vapo --report r.json", ["--report r.json", "--force"]),
        ("inspect i.vapo --force", ["--force", "--report"]),
    ] {
        vapo_train(root.path(), line).refused(2, &parts);
    }
}
