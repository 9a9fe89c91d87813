//! Runs that straighten the ways of a model.

use crate::program::{RUN_FILES, TINY, names, vapo_train};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const REFLOW: &str = "--batch 8 --threads 1 --steps 20 --out straight";

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A root with a finished run `teacher`.
fn taught(options: &str) -> TempDir {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 40 --out teacher {options}")).succeeded();
    root
}

#[test]
fn a_reflow_has_the_network_of_its_teacher_keeps_its_pairs_and_goes_on_with_them() {
    let root = taught("");
    let told = vapo_train(root.path(), &format!("{REFLOW} --reflow teacher --pairs 515")).succeeded();
    assert!(told.errors.contains("straightening teacher/model-float32.vapo"), "{}", told.errors);
    let straight = root.path().join("straight");
    let mut files: Vec<String> =
        RUN_FILES.iter().map(|&name| name.to_owned()).chain(["pairs.f16".to_owned()]).collect();
    files.sort();
    assert_eq!(names(&straight), files);
    let config = json(&straight.join("config.json"));
    assert_eq!(config["architecture"], json(&root.path().join("teacher/config.json"))["architecture"]);
    assert_eq!((&config["reflow"]["pairs"], &config["reflow"]["real"]), (&515.into(), &0.25.into()));
    assert_eq!((&config["times"], &config["data_noise"]), (&"uniform".into(), &0.0.into()));
    // 512 before the first step, one more with each, and no more than were asked for. Two bytes a value.
    let pairs = || fs::metadata(straight.join("pairs.f16")).unwrap().len();
    assert_eq!(pairs(), 515 * 2 * 64);

    // More steps give what as many at once give, while the teacher lies elsewhere.
    fs::rename(root.path().join("teacher/model-float32.vapo"), root.path().join("t.vapo")).unwrap();
    let more = "--resume --out straight --steps 30";
    vapo_train(root.path(), more).refused(1, &["teacher/model-float32.vapo"]);
    vapo_train(root.path(), &format!("{more} --reflow teacher/model-int8.vapo"))
        .refused(2, &["it is not the model that the run in straight learns from", "SHA-256", "--reflow"]);
    vapo_train(root.path(), &format!("{more} --distil t.vapo")).refused(2, &["--distil", "by --reflow", "--out"]);
    vapo_train(root.path(), &format!("{more} --pairs 600")).refused(2, &["--pairs 515"]);
    vapo_train(root.path(), &format!("{more} --real 0.5")).refused(2, &["--real 0.25"]);
    vapo_train(root.path(), &format!("{more} --reflow t.vapo")).succeeded();
    assert_eq!(json(&straight.join("config.json"))["reflow"]["teacher"], "t.vapo");
    assert_eq!(pairs(), 515 * 2 * 64);

    // What is replaced takes its pairs along: those of another teacher are another's.
    let model = |out: &str| fs::read(root.path().join(out).join("model.vapo")).unwrap();
    vapo_train(root.path(), &format!("{REFLOW} --reflow t.vapo --force --seed 5")).succeeded();
    let same = REFLOW.replace("straight", "same");
    vapo_train(root.path(), &format!("{same} --reflow t.vapo --seed 5")).succeeded();
    assert!(model("straight") == model("same"));
}

#[test]
fn a_straightened_model_can_be_straightened_again_or_distilled() {
    let root = TempDir::new().unwrap();
    // Of classes.
    vapo_train(root.path(), "--preset tiny --batch 8 --threads 1 --steps 10 --out teacher").succeeded();
    vapo_train(root.path(), &format!("{REFLOW} --reflow teacher")).succeeded();
    let [again, two] = ["again", "two"].map(|out| REFLOW.replace("straight", out));
    vapo_train(root.path(), &format!("{again} --reflow straight")).succeeded();
    vapo_train(root.path(), &format!("{two} --distil straight")).succeeded();
    let sample = "sample --model again/model.vapo --steps 4 --class 3 --count 2 --out s.npy";
    vapo_train(root.path(), sample).succeeded();
}

#[test]
fn what_cannot_be_straightened_is_refused_before_anything_is_trained() {
    let root = taught("");
    for (line, parts) in [
        (
            "--reflow teacher/model.vapo",
            &["--reflow", "expected weights of float arithmetic", "model-float32.vapo"][..],
        ),
        ("--reflow teacher --distil teacher", &["--reflow", "--distil"]),
        ("--reflow teacher --coupling ot", &["--coupling"]),
        ("--reflow teacher --data-noise 0.1", &["--data-noise"]),
        ("--reflow teacher --flip", &["--flip"]),
        ("--reflow teacher --evaluations 2", &["--evaluations", "--distil"]),
        ("--reflow teacher --pairs 0", &["--pairs"]),
        ("--reflow teacher --real 1.5", &["--real", "0 to 1"]),
        ("--pairs 100", &["--pairs", "--reflow"]),
        ("--real 0.5", &["--real", "--reflow"]),
    ] {
        let told = vapo_train(root.path(), &format!("{REFLOW} {line}"));
        assert_eq!(told.code, Some(2), "{line}: {}", told.errors);
        for part in parts {
            assert!(told.errors.contains(part), "{line}: no {part:?} in: {}", told.errors);
        }
        assert!(!root.path().join("straight/config.json").exists(), "{line}");
    }
    // A run would take the place of what it learns from.
    let before = fs::read(root.path().join("teacher/model-float32.vapo")).unwrap();
    for teacher in ["teacher", "teacher/model-int8.vapo"] {
        let over = REFLOW.replace("--out straight", "--out teacher");
        vapo_train(root.path(), &format!("{over} --force --reflow {teacher}"))
            .refused(2, &["--out teacher", "would replace the model", "give another folder"]);
    }
    assert_eq!(fs::read(root.path().join("teacher/model-float32.vapo")).unwrap(), before);
    let bayes = taught("--homotopy bayes");
    vapo_train(bayes.path(), &format!("{REFLOW} --reflow teacher")).refused(2, &["--homotopy bayes", "linear"]);
}
