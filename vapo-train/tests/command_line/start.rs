//! Runs that begin with the weights of a model.

use crate::archives::npz;
use crate::program::{TINY, vapo_train};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const START: &str = "--batch 8 --threads 1 --steps 20 --out next";

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A root with a finished run `first`.
fn first(options: &str) -> TempDir {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 40 --out first {options}")).succeeded();
    root
}

#[test]
fn a_run_begins_with_the_weights_of_a_model_and_goes_on_without_it() {
    let root = first("");
    let file = |name: &str| fs::read(root.path().join(name)).unwrap();
    // A step of no length, with other images and another objective: the weights are still those of the model.
    let still = "--batch 8 --threads 1 --steps 1 --lr 1e-30 --int8-part 0 --seed 9 --objective energy --out still";
    let told = vapo_train(root.path(), &format!("{still} --from first")).succeeded();
    assert!(told.errors.contains("starting from the weights of first/model-float32.vapo"), "{}", told.errors);
    assert!(file("still/model-float32.vapo") == file("first/model-float32.vapo"));
    let config = json(&root.path().join("still/config.json"));
    assert_eq!((&config["objective"], &config["seed"]), (&"energy".into(), &9.into()));
    assert_eq!(config["architecture"], json(&root.path().join("first/config.json"))["architecture"]);

    // It begins near to where it will be, and so by shorter steps, unless others are asked for.
    vapo_train(root.path(), &format!("{START} --from first")).succeeded();
    let rate = |run: &str| json(&root.path().join(run).join("config.json"))["learning_rate"].as_f64().unwrap();
    assert!((rate("next") - 0.25 * rate("first")).abs() < 1e-6);
    assert!(file("next/model-float32.vapo") != file("first/model-float32.vapo"));

    // The model may go: the run has weights of its own. More steps give what as many at once give.
    fs::remove_dir_all(root.path().join("first")).unwrap();
    vapo_train(root.path(), "--resume --out next --steps 30").succeeded();
    vapo_train(root.path(), "--resume --out next --steps 40 --from still").refused(2, &["--from", "--resume"]);
}

#[test]
fn a_model_learns_other_data_of_its_extent_scaled_as_these_are() {
    let root = TempDir::new().unwrap();
    for (name, height) in [("small", 1.0_f64), ("large", 100.0)] {
        let rows = (0..400).map(|n| format!("{}\n", height * f64::from(n % 17)));
        fs::write(root.path().join(format!("{name}.csv")), format!("x\n{}", rows.collect::<String>())).unwrap();
    }
    let series = "--dataset series --window 32 --batch 8 --threads 1 --steps 10";
    vapo_train(root.path(), &format!("{series} --data-dir small.csv --out first")).succeeded();
    vapo_train(root.path(), &format!("{series} --data-dir large.csv --from first --out next")).succeeded();
    let scale = |run: &str| {
        let config = json(&root.path().join(run).join("config.json"));
        config["architecture"]["scaling"][0]["scale"].as_f64().unwrap()
    };
    let ratio = scale("next") / scale("first");
    assert!((ratio - 100.0).abs() < 1.0 || (1.0 / ratio - 100.0).abs() < 1.0, "{ratio}");
}

#[test]
fn a_model_of_classes_is_trained_without_them_too() {
    let root = TempDir::new().unwrap();
    let tiny = TINY.replace("--no-classes", "");
    vapo_train(root.path(), &format!("{tiny} --steps 2 --out first")).succeeded();
    let pixels: Vec<u8> = (0..40 * 64).map(|n| (n * 7 % 256) as u8).collect();
    let labels: Vec<u8> = (0..40).map(|n| n % 10).collect();
    let arrays: [(&str, &[usize], &[u8]); 2] = [("x_train", &[40, 8, 8], &pixels), ("y_train", &[40], &labels)];
    npz(&root.path().join("l.npz"), &arrays);
    for (option, expected) in [("", 0.3), ("--unconditional 0.4", 0.4)] {
        let line = format!("{START} --force --dataset npy --data-dir l.npz --from first {option}");
        vapo_train(root.path(), &line).succeeded();
        let found = json(&root.path().join("next/config.json"))["unconditional"].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-6, "{option}: {found}");
    }
}

#[test]
fn what_cannot_be_begun_with_is_refused_before_anything_is_trained() {
    let root = first("");
    vapo_train(root.path(), "--distil first --batch 8 --threads 1 --steps 5 --out two").succeeded();
    for (line, parts) in [
        ("--from first/model.vapo", &["--from", "expected weights of float arithmetic", "model-float32.vapo"][..]),
        ("--from absent.vapo", &["absent.vapo"]),
        ("--from two", &["--from two", "distilled to draw in 2 evaluations", "distilled from"]),
        ("--from first --distil first", &["--from", "--distil"]),
        ("--from first --reflow first", &["--from", "--reflow"]),
        ("--from first --preset tiny", &["--preset"]),
        ("--from first --homotopy bayes", &["--homotopy"]),
        ("--from first --classes", &["--classes"]),
        ("--from first --unconditional 0.1", &["--unconditional"]),
    ] {
        let told = vapo_train(root.path(), &format!("{START} {line}"));
        assert!(told.code == Some(2) || line.contains("absent"), "{line}: {}", told.errors);
        assert_ne!(told.code, Some(0), "{line}");
        for part in parts {
            assert!(told.errors.contains(part), "{line}: no {part:?} in: {}", told.errors);
        }
        assert!(!root.path().join("next/config.json").exists(), "{line}");
    }
    // A run would take the place of what it begins as.
    let before = fs::read(root.path().join("first/model-float32.vapo")).unwrap();
    let over = START.replace("--out next", "--out first");
    vapo_train(root.path(), &format!("{over} --force --from first"))
        .refused(2, &["--out first", "would replace the model", "give another folder"]);
    // Also by a folder that is not there yet.
    let around = START.replace("--out next", "--out new/../first");
    vapo_train(root.path(), &format!("{around} --force --from first")).refused(2, &["would replace the model"]);
    assert!(fs::read(root.path().join("first/model-float32.vapo")).unwrap() == before);
    // Data of another extent.
    let rows: String = (0..100).map(|n| format!("{n}\n")).collect();
    fs::write(root.path().join("x.csv"), format!("x\n{rows}")).unwrap();
    vapo_train(root.path(), &format!("{START} --dataset series --window 32 --data-dir x.csv --from first"))
        .refused(2, &["--from first/model-float32.vapo", "8×8", "give a data set of such samples"]);
}
