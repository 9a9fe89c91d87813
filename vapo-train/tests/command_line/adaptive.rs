//! Solvers of adaptive steps: what they draw, what the card says, and who refuses them.

use crate::models::{GREY, SERIES, write_float32, write_model, write_series_model};
use crate::program::{names, vapo_train};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Homotopy, Model};
use vapo_train::sampling::Asked;
use vapo_train::sampling::adaptive::{Adaptive, sample};
use vapo_train::sampling::ode::Method;

fn card(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The numbers of a file whose header takes 128 bytes.
fn numbers(path: &Path) -> Vec<f32> {
    fs::read(path).unwrap()[128..].as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

#[test]
fn samples_and_their_card_say_how_many_evaluations_each_took() {
    let root = TempDir::new().unwrap();
    write_float32(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    let file = fs::read(root.path().join("m.vapo")).unwrap();
    let model = Model::parse(&file).unwrap();
    for (options, method, tolerance) in
        [("--solver rk45", Method::Rk45, 1e-3), ("--solver rk23 --temperature 0 --tolerance 0.01", Method::Rk23, 1e-2)]
    {
        let line = format!("sample --model m.vapo --count 9 --seed 4 --out x.npy --force {options}");
        let told = vapo_train(root.path(), &line).succeeded().output;
        let expected = sample(&model, Adaptive { method, tolerance }, 9, 4, Asked::default()).unwrap();
        assert!(numbers(&root.path().join("x.npy")) == expected.images);
        let counts = expected.evaluations;
        let mean = f64::from(counts.iter().sum::<u32>()) / 9.0;
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(least < most, "the mean is none of the others: {counts:?}");
        assert_eq!(told, format!("9 samples in x.npy\nevaluations {mean:.1} on average, {least} to {most}\n"));
        let expected = json!({
            "count": 9, "solver": method.name(), "tolerance": tolerance, "temperature": 0.0, "seed": 4,
            "evaluations": { "mean": mean, "least": least, "most": most },
        });
        assert_eq!(card(&root.path().join("x.npy.json"))["sampler"], expected);
    }
}

#[test]
fn evaluation_and_neighbours_draw_in_adaptive_steps_too() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    let options = "--model m.vapo --dataset digits --count 12 --features pixels --solver rk23 --tolerance 0.1";
    let told = vapo_train(root.path(), &format!("eval {options} --out e.json")).succeeded().output;
    assert!(told.contains("evaluations        "), "{told}");
    vapo_train(root.path(), &format!("neighbours {options} --out n.png")).succeeded();
    let cards = ["e.json", "n.png.json"].map(|name| card(&root.path().join(name))["sampler"].clone());
    assert_eq!(cards[0], cards[1]);
    assert_eq!((&cards[0]["solver"], &cards[0]["tolerance"]), (&json!("rk23"), &json!(0.1)));
    assert!(cards[0]["evaluations"]["least"].as_u64() >= Some(5), "{}", cards[0]);
}

#[test]
fn windows_of_a_series_are_drawn_in_adaptive_steps_too() {
    let root = TempDir::new().unwrap();
    write_series_model(&root.path().join("m.vapo"), SERIES);
    let told = vapo_train(root.path(), "sample --model m.vapo --count 2 --solver rk45 --out x.npy").succeeded().output;
    assert!(told.starts_with("2 samples in x.npy\nevaluations "), "{told}");
    assert!(card(&root.path().join("x.npy.json"))["sampler"]["evaluations"]["mean"].is_f64());
}

#[test]
fn the_threads_and_the_number_of_images_leave_the_bytes_as_they_are() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Bayes, 0.3);
    let drawn = |options: &str| {
        vapo_train(root.path(), &format!("sample --model m.vapo --solver rk45 --out x.npy --force {options}"))
            .succeeded();
        numbers(&root.path().join("x.npy"))
    };
    let all = drawn("--count 7 --seed 3 --threads 1");
    assert!(all == drawn("--count 7 --seed 3 --threads 3"));
    assert!(all[5 * 64..6 * 64] == drawn("--count 1 --seed 8"));
}

#[test]
fn options_without_use_are_refused_and_leave_nothing() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    let cases: &[(&str, &[&str])] = &[
        ("--solver rk45 --steps 20", &["--steps 20", "steps of rk45", "--tolerance", "leave the option out"]),
        ("--solver rk23 --grading 0.5", &["--grading 0.5", "steps of rk23", "leave the option out"]),
        ("--solver rk45 --extrapolation 1", &["--extrapolation 1", "steps of rk45", "etd2"]),
        ("--solver rk45 --temperature 0.3", &["--temperature 0.3", "expected 0", "deterministic"]),
        ("--solver rk45 --temperature nan", &["--temperature NaN", "expected 0"]),
        ("--tolerance 0.001", &["--tolerance 0.001", "etd2 takes --steps", "--solver rk45"]),
        ("--solver heun --tolerance 0.1", &["--tolerance 0.1", "heun takes --steps"]),
        ("--solver rk45 --tolerance 0", &["--tolerance 0: expected a number from 0.0000001 to 1"]),
        ("--solver rk45 --tolerance -1", &["--tolerance -1: expected"]),
        ("--solver rk45 --tolerance 1.5", &["--tolerance 1.5: expected"]),
        ("--solver rk45 --tolerance nan", &["--tolerance NaN: expected"]),
        ("--solver rk45 --tolerance small", &["--tolerance", "'small'"]),
        ("--solver rk45 --class 1", &["--class 1", "no classes"]),
    ];
    for (options, parts) in cases {
        for command in
            ["sample --out x.npy", "eval --dataset digits --out x.json", "neighbours --dataset digits --out x.png"]
        {
            vapo_train(root.path(), &format!("{command} --model m.vapo --count 2 {options}")).refused(2, parts);
        }
    }
    let steps_alone = "its steps are as long as their error allows, which sample, eval and neighbours take";
    for command in [
        "paths --model m.vapo --out x.png",
        "interpolate --model m.vapo --out x.png",
        "inpaint --model m.vapo --dataset digits --box 0,0,8,4 --out x.png",
        "compose --model m.vapo --weight 0.5 --model m.vapo --weight 0.5 --out x.png",
    ] {
        vapo_train(root.path(), &format!("{command} --solver rk45")).refused(2, &["--solver rk45", steps_alone]);
        vapo_train(root.path(), &format!("{command} --tolerance 0.1")).refused(2, &["--tolerance"]);
        let page =
            vapo_train(root.path(), &format!("{} --help", command.split(' ').next().unwrap())).succeeded().output;
        assert!(page.contains("etd2:") && !page.contains("rk45"), "{page}");
    }
    fs::write(root.path().join("s.csv"), "1\n2\n").unwrap();
    vapo_train(root.path(), "restore --model m.vapo --series s.csv --solver rk23 --out x.csv")
        .refused(2, &["--solver rk23", steps_alone]);
    vapo_train(root.path(), "eval --samples folder --dataset digits --tolerance 0.1 --out x.json")
        .refused(2, &["--samples", "--tolerance"]);
    assert_eq!(names(root.path()), ["m.vapo", "s.csv"]);
}

#[test]
fn a_model_that_diverges_is_told_by_its_image() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 1e15);
    vapo_train(root.path(), "sample --model m.vapo --solver rk45 --out x.npy").refused(1, &["image 0", "not finite"]);
    assert_eq!(names(root.path()), ["m.vapo"]);
}
