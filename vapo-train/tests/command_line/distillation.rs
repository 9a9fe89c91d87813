//! Runs that learn from a model, runs whose noise is assigned to images, and how straight the ways of a model are.

use crate::program::{RUN_FILES, TINY, names, png_extent, vapo_train};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A root with a finished run `teacher`.
fn taught(options: &str) -> TempDir {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 40 --out teacher {options}")).succeeded();
    root
}

const DISTIL: &str = "--batch 8 --threads 1 --steps 20 --out student";

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_student_has_the_network_of_its_teacher_and_goes_on_where_it_was() {
    let root = taught("");
    let line = format!("{DISTIL} --distil teacher --evaluations 3");
    let told = vapo_train(root.path(), &line).succeeded();
    assert!(told.errors.contains("samples will be those of `sample --solver euler --steps 3`"), "{}", told.errors);
    assert!(told.output.contains("(solver euler)"), "{}", told.output);
    let student = root.path().join("student");
    assert_eq!(names(&student), RUN_FILES);
    let config = json(&student.join("config.json"));
    assert_eq!(config["architecture"], json(&root.path().join("teacher/config.json"))["architecture"]);
    assert_eq!((&config["preset"], &config["distillation"]["evaluations"]), (&"tiny".into(), &3.into()));
    assert_eq!(config["distillation"]["teacher"], "teacher/model-float32.vapo");
    // Integers are chosen on samples of three evaluations, as `calibrate` chooses them where it is told.
    let calibrate = "calibrate --model student/model-int8.vapo --dataset digits --split train --out";
    vapo_train(root.path(), &format!("{calibrate} three.vapo --evaluations 3")).succeeded();
    vapo_train(root.path(), &format!("{calibrate} any.vapo")).succeeded();
    let [model, three, any] =
        ["student/model.vapo", "three.vapo", "any.vapo"].map(|name| fs::read(root.path().join(name)).unwrap());
    assert!(model == three && model != any);

    // More steps, while the teacher lies elsewhere.
    fs::rename(root.path().join("teacher/model-float32.vapo"), root.path().join("t.vapo")).unwrap();
    let more = "--resume --out student --steps 30";
    vapo_train(root.path(), more).refused(1, &["teacher/model-float32.vapo"]);
    vapo_train(root.path(), &format!("{more} --distil teacher/model-int8.vapo"))
        .refused(2, &["it is not the model that the run in student learns from", "SHA-256", "--distil"]);
    vapo_train(root.path(), &format!("{more} --evaluations 2")).refused(2, &["--evaluations 3"]);
    vapo_train(root.path(), &format!("{more} --distil t.vapo")).succeeded();
    assert_eq!(json(&student.join("config.json"))["distillation"]["teacher"], "t.vapo");
}

#[test]
fn a_teacher_of_classes_makes_a_student_of_classes() {
    let root = TempDir::new().unwrap();
    let line = "--preset tiny --batch 8 --threads 1 --steps 10 --out teacher";
    vapo_train(root.path(), line).succeeded();
    vapo_train(root.path(), &format!("{DISTIL} --distil teacher")).succeeded();
    let sample =
        "sample --model student/model.vapo --solver euler --steps 2 --temperature 0 --class 3 --count 2 --out s.npy";
    let told = vapo_train(root.path(), sample).succeeded();
    // What reads it is told what it is for.
    assert!(told.errors.contains("distilled to draw in 2 evaluations, by --solver euler --steps 2"), "{}", told.errors);
    for teaching in ["--distil student", "--reflow student/model-float32.vapo"] {
        vapo_train(root.path(), &format!("--batch 8 --threads 1 --steps 20 --out pupil {teaching}")).refused(
            2,
            &["student", "distilled to draw in 2 evaluations", "give the model that it was distilled from"],
        );
        assert!(!root.path().join("pupil").exists(), "{teaching}");
    }
}

#[test]
fn what_cannot_be_distilled_is_refused_before_anything_is_trained() {
    let root = taught("");
    for (line, parts) in [
        ("--distil teacher/model.vapo", &["expected weights of float arithmetic", "model-float32.vapo"][..]),
        ("--distil teacher --dataset fashion-mnist --data-dir none", &["none"]),
        ("--evaluations 2", &["--evaluations", "--distil"]),
    ] {
        let told = vapo_train(root.path(), &format!("{DISTIL} {line}"));
        assert!(matches!(told.code, Some(1 | 2)), "{line}: {}", told.errors);
        for part in parts {
            assert!(told.errors.contains(part), "{line}: no {part:?} in: {}", told.errors);
        }
        assert!(!root.path().join("student/config.json").exists(), "{line}");
    }
    let one = "--batch 1 --threads 1 --steps 20 --out student --distil teacher";
    vapo_train(root.path(), one).refused(2, &["--distil", "give --batch 2 or more"]);
    let bayes = taught("--homotopy bayes");
    vapo_train(bayes.path(), &format!("{DISTIL} --distil teacher")).refused(2, &["--homotopy bayes", "linear"]);
    let option = vapo_train(root.path(), &format!("{DISTIL} --distil teacher --preset tiny"));
    assert!(option.code == Some(2) && option.errors.contains("--preset"), "{}", option.errors);
    // Not the teacher's data set.
    let array = root.path().join("other.npy");
    let header = b"\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2, 8, 9), }";
    let mut bytes = header.to_vec();
    bytes.resize(127, b' ');
    bytes.push(b'\n');
    bytes.extend([7; 2 * 8 * 9]);
    fs::write(array, bytes).unwrap();
    vapo_train(root.path(), &format!("{DISTIL} --distil teacher --dataset npy --data-dir other.npy"))
        .refused(2, &["it draws", "give the data set that it learned from"]);
}

#[test]
fn noise_is_assigned_to_images_where_it_is_asked_for() {
    let root = TempDir::new().unwrap();
    let run = |out: &str, options: &str| {
        vapo_train(root.path(), &format!("{TINY} --steps 20 --out {out} {options}")).succeeded();
        fs::read(root.path().join(out).join("model.vapo")).unwrap()
    };
    let coupled = run("one", "--coupling ot --pool 64");
    assert!(coupled == run("two", "--coupling ot --pool 64") && coupled != run("any", ""));
    assert!(coupled != run("eight", "--coupling ot --pool 8"));
    // 512 images where no number is chosen.
    run("usual", "--coupling ot");
    let config = json(&root.path().join("usual/config.json"));
    assert_eq!((&config["coupling"], &config["pool"]), (&"ot".into(), &512.into()));
    assert!(json(&root.path().join("any/config.json")).get("coupling").is_none());
    for (options, parts) in [
        ("--coupling ot --pool 20", &["--pool 20", "multiple of --batch 8", "give 16"][..]),
        ("--coupling ot --draws antithetic", &["--draws antithetic"]),
        ("--pool 64", &["--coupling ot"]),
    ] {
        vapo_train(root.path(), &format!("{TINY} --steps 5 --out no {options}")).refused(2, parts);
    }
    vapo_train(root.path(), "--resume --out any --steps 30 --coupling ot").refused(2, &["--coupling independent"]);
}

#[test]
fn how_straight_the_ways_of_a_model_are_is_measured_and_drawn() {
    let root = taught("");
    let line = "paths --model teacher/model.vapo --count 12";
    let told = vapo_train(root.path(), &format!("{line} --out p.png")).succeeded();
    assert!(told.output.contains("bend  ") && told.output.contains("paths of            12"), "{}", told.output);
    assert!(png_extent(&root.path().join("p.png")).0 > 500);
    let card = json(&root.path().join("p.png.json"));
    assert!(card["results"]["bend"].as_f64().unwrap() > 0.0 && card["sampler"]["steps"] == 100, "{card}");
    // A way of one step has no bend, whatever the model.
    vapo_train(root.path(), &format!("{line} --steps 1 --out one.png"))
        .refused(2, &["--steps 1", "expected 2 or more"]);
    vapo_train(root.path(), &format!("{line} --temperature 1 --out no.png")).refused(2, &["expected 0"]);
}
