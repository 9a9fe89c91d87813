//! `--json`: one object on the standard output, for programs.

use crate::models::{GREY, write_model};
use crate::program::{TINY, vapo_train};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::Homotopy;

/// What a command answers. Text beside the object does not parse.
#[track_caller]
fn answer(root: &Path, line: &str) -> Value {
    serde_json::from_str(&vapo_train(root, &format!("{line} --json")).succeeded().output).unwrap()
}

fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    root
}

#[test]
fn a_command_answers_with_its_card() {
    for (line, card) in [
        ("sample --model m.vapo --count 2 --steps 2 --out x.npy", "x.npy.json"),
        ("eval --model m.vapo --dataset digits --features pixels --count 70 --steps 2 --out e.json", "e.json"),
        ("fid-ref --dataset digits --count 2 --out x.npz", "x.npz.json"),
        ("neighbours --model m.vapo --dataset digits --features pixels --count 9 --steps 2 --out x.png", "x.png.json"),
        ("paths --model m.vapo --count 4 --steps 2 --out x.png", "x.png.json"),
        ("interpolate --model m.vapo --pairs 2 --frames 2 --steps 2 --out x.png", "x.png.json"),
        ("inpaint --model m.vapo --dataset digits --box 2,3,4,5 --steps 2 --out x.png", "x.png.json"),
        (
            "compose --model m.vapo --weight 0.5 --model m.vapo --weight 0.5 --count 2 --steps 2 --out x.png",
            "x.png.json",
        ),
        ("score --model m.vapo --dataset digits --fpr 0.2 --out s.json --write-threshold t.vapo", "s.json.json"),
        ("likelihood --model m.vapo --dataset digits --count 1 --tolerance 0.1 --out l.json", "l.json.json"),
        ("calibrate --model m.vapo --out i.vapo", "i.vapo.json"),
        ("export --c m.vapo --name digits --out c", "c/digits.c.json"),
    ] {
        let root = root();
        let found = answer(root.path(), line);
        let file: Value = serde_json::from_slice(&fs::read(root.path().join(card)).unwrap()).unwrap();
        assert_eq!(found, file, "{line}");
        assert_eq!(found["command"], line.split(' ').next().unwrap(), "{line}");
    }
}

#[test]
fn a_training_answers_with_its_model() {
    let root = root();
    let found = answer(root.path(), &format!("{TINY} --steps 3 --out run"));
    let bytes = fs::metadata(root.path().join("run/model.vapo")).unwrap().len();
    let samples = [&found["samples_float"], &found["samples_integer"]];
    assert_eq!((&found["model"], &found["bytes"]), (&json!("run/model.vapo"), &json!(bytes)));
    assert_eq!(
        (&found["command"], samples),
        (&json!("train"), [&json!("run/samples.png"), &json!("run/samples-integer.png")])
    );
    assert!(found["drift"][0]["mean_cosine"].as_f64().unwrap() > 0.9, "{found}");
}

/// The numbers are those of the text.
#[test]
fn inspect_answers_with_nodes_memory_and_whether_the_model_fits() {
    let root = root();
    let found = answer(root.path(), "inspect m.vapo --board microbit");
    let text = vapo_train(root.path(), "inspect m.vapo --board microbit").succeeded().output;
    let nodes = found["nodes"].as_array().unwrap();
    assert!(nodes.len() > 5 && text.contains(&format!("{} bytes of model", found["bytes"])), "{text}");
    for node in nodes {
        let start = format!("{:>4}  ", node["node"].as_u64().unwrap());
        let row = text.lines().find(|line| line.starts_with(&start)).unwrap();
        for key in ["parameters", "bytes", "multiplications"] {
            let number = node[key].to_string();
            assert!(row.split(' ').any(|word| word == number), "{row} {node}");
        }
    }
    for memory in found["memory"].as_array().unwrap() {
        assert!(text.contains(&format!("arena {}, image {}", memory["arena"], memory["image"])), "{text}");
    }
    let device = &found["device"];
    assert_eq!((&device["name"], &device["fits"]), (&json!("microbit"), &json!(true)));
    assert!(text.contains(&device["ram"]["needed"].to_string()), "{text} {device}");

    // A refusal answers too, and its exit code says so.
    let refused = vapo_train(root.path(), "inspect m.vapo --flash 1K --ram 1K --json");
    let found: Value = serde_json::from_str(&refused.output).unwrap();
    assert_eq!((refused.code, &found["device"]["fits"]), (Some(1), &json!(false)));
}

#[test]
fn text_is_answered_as_text() {
    let root = root();
    for line in ["explain V0203", "explain", "completions bash", "man", "--version --verbose"] {
        let text = vapo_train(root.path(), line).succeeded().output;
        assert!(text.len() > 20, "{text}");
        assert_eq!(answer(root.path(), line)["text"], text, "{line}");
    }
}

#[test]
fn an_error_answers_nothing() {
    let root = root();
    let refused = vapo_train(root.path(), "sample --model none.vapo --out x.npy --json");
    assert_eq!((refused.code, refused.output.as_str()), (Some(1), ""));
}
