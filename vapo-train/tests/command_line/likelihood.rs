//! `vapo-train likelihood`.

use crate::models::{GREY, SERIES, write_float32, write_model, write_series_model};
use crate::program::{names, vapo_train};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Homotopy, Model};
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::sampling::likelihood::{Settings, likelihoods};

fn json_of(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn bits_are_printed_with_their_error_and_written_image_by_image() {
    let root = TempDir::new().unwrap();
    write_float32(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    let options = "likelihood --model m.vapo --dataset digits --count 5 --probes 2 --seed 3 --tolerance 0.001";
    let told = vapo_train(root.path(), &format!("{options} --out l.json")).succeeded().output;
    vapo_train(root.path(), &format!("{options} --threads 1 --out l.csv")).succeeded();

    let file = fs::read(root.path().join("m.vapo")).unwrap();
    let model = Model::parse(&file).unwrap();
    let digits = Dataset::load(Source::Digits, Split::Test, None).unwrap();
    let settings = Settings { probes: 2, seed: 3, tolerance: 1e-3 };
    let found = likelihoods(&model, &digits, &digits.spread(5), &settings, || ()).unwrap();
    let bits: Vec<f64> = found.iter().map(|found| found.bits).collect();
    let written = json_of(&root.path().join("l.json"));
    // What is read may differ from what was written in its last digit.
    let near = |found: f64, expected: f64| (found - expected).abs() < 1e-12;
    let read = numbers(&written["bits_per_dimension"]);
    assert!(read.len() == 5 && read.iter().zip(&bits).all(|(read, bits)| near(*read, *bits)), "{read:?}");
    assert_eq!(written["images"], json!(digits.spread(5)));
    assert_eq!(written["evaluations"], json!(found.iter().map(|found| found.evaluations).collect::<Vec<_>>()));
    let lines: Vec<String> = found
        .iter()
        .map(|found| format!("{},{},{},{}\n", found.image, found.bits, found.log_density, found.evaluations))
        .collect();
    let table = fs::read_to_string(root.path().join("l.csv")).unwrap();
    assert_eq!(table, format!("image,bits_per_dimension,log_density,evaluations\n{}", lines.concat()));

    let mean = bits.iter().sum::<f64>() / 5.0;
    let error = (bits.iter().map(|bits| (bits - mean).powi(2)).sum::<f64>() / 4.0 / 5.0).sqrt();
    assert!(told.starts_with(&format!("bits a dimension   {mean:.4} ± {error:.4}, the standard error\n")), "{told}");
    let test = digits.len();
    assert!(
        told.contains(&format!("images             5 of {test} of digits\n")) && told.ends_with("l.json\n"),
        "{told}"
    );
    let card = json_of(&root.path().join("l.json.json"));
    assert!(near(card["results"]["bits_per_dimension"].as_f64().unwrap(), mean));
    assert!(near(card["results"]["standard_error"].as_f64().unwrap(), error));
    let settings = json!({ "count": 5, "probes": 2, "seed": 3, "solver": "rk45", "tolerance": 0.001 });
    assert_eq!((&card["settings"], &card["data"][0]["split"]), (&settings, &json!("test")));
}

#[test]
fn one_image_has_no_standard_error() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Bayes, 0.1);
    let options = "--dataset digits --split train --count 1 --tolerance 0.01 --out l.csv";
    let told = vapo_train(root.path(), &format!("likelihood --model m.vapo {options}")).succeeded().output;
    assert!(!told.contains('±'), "{told}");
    assert_eq!(json_of(&root.path().join("l.csv.json"))["results"]["standard_error"], Value::Null);
}

#[test]
fn what_has_no_likelihood_is_refused_and_leaves_nothing() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    write_series_model(&root.path().join("s.vapo"), SERIES);
    fs::write(root.path().join("s.csv"), "1\n2\n").unwrap();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vapo-sampler/firmware/models");
    let integers = models.join("digits.vapo").display().to_string();
    let fashion = models.join("fashion-int8.vapo").display().to_string();
    let cases: &[(&str, i32, &[&str])] = &[
        ("--model m.vapo --dataset digits --out l.png", 2, &["--out l.png", ".json or .csv"]),
        ("--model m.vapo --dataset digits --tolerance 0 --out l.csv", 2, &["--tolerance 0: expected"]),
        ("--model m.vapo --dataset digits --tolerance nan --out l.csv", 2, &["--tolerance NaN: expected"]),
        ("--model m.vapo --dataset digits --probes 0 --out l.csv", 2, &["--probes", "0 is not in 1..="]),
        ("--model m.vapo --dataset digits --count 100000 --out l.csv", 2, &["--count 100000", "digits has", "fewer"]),
        ("--model m.vapo --dataset series --data-dir s.csv --out l.csv", 2, &["expected images", "series"]),
        ("--model s.vapo --dataset digits --out l.csv", 1, &["expected a model of pictures"]),
        (&format!("--model {integers} --dataset digits --out l.csv"), 2, &["integers", "model-int8.vapo"]),
        (&format!("--model {fashion} --dataset digits --out l.csv"), 2, &["28", "8", "extent"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("likelihood {options}")).refused(*code, parts);
    }
    assert_eq!(names(root.path()), ["m.vapo", "s.csv", "s.vapo"]);
}
