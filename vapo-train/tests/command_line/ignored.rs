//! Options that would do nothing where they are given are refused, and no card says what was not done.

use crate::models::{GREY, write_model};
use crate::program::{TINY, names, vapo_train};
use std::fs;
use tempfile::TempDir;
use vapo_format::Homotopy;

#[test]
fn options_that_would_do_nothing_are_refused() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    image::GrayImage::new(8, 8).save(root.path().join("a.png")).unwrap();
    let before = names(root.path());
    let inpaint = "inpaint --model m.vapo --images a.png --box 0,0,1,1 --out b.png";
    for (line, parts) in [
        ("--optimiser adam --weight-decay 1 --out run", &["--weight-decay 1", "found adam", "--optimiser muon"][..]),
        (
            "sample --model m.vapo --solver euler --extrapolation 3 --out s.png",
            &["--extrapolation 3", "--solver euler", "etd2"],
        ),
        (&format!("{inpaint} --size 8"), &["--images", "--size"]),
        (&format!("{inpaint} --crop none"), &["--images", "--crop"]),
        (&format!("{inpaint} --data-dir d"), &["--images", "--data-dir"]),
        (&format!("{inpaint} --split train"), &["--images", "--split"]),
        ("eval --samples d --dataset digits --class 3 --out e.json", &["--samples", "--class"]),
        ("eval --samples d --dataset digits --guidance 2 --out e.json", &["--samples", "--guidance"]),
    ] {
        let told = vapo_train(root.path(), line);
        assert_eq!(told.code, Some(2), "{line}: {}", told.errors);
        for part in parts {
            assert!(told.errors.contains(part), "{line}: no {part:?} in: {}", told.errors);
        }
        assert_eq!(names(root.path()), before, "{line}");
    }
}

#[test]
fn a_card_says_nothing_of_what_a_solver_does_not_use() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    for (solver, expected) in [("etd2", serde_json::json!(1.25)), ("euler", serde_json::Value::Null)] {
        let line = format!("sample --model m.vapo --steps 2 --solver {solver} --out s.npy --force");
        vapo_train(root.path(), &line).succeeded();
        let card: serde_json::Value =
            serde_json::from_slice(&fs::read(root.path().join("s.npy.json")).unwrap()).unwrap();
        assert_eq!(card["sampler"]["extrapolation"], expected, "{solver}");
    }
}

#[test]
fn weights_that_nothing_lets_decay_are_recorded_so() {
    let root = TempDir::new().unwrap();
    for (options, expected) in [("", 0.3), ("--optimiser adam", 0.0), ("--optimiser adam --weight-decay 0", 0.0)] {
        vapo_train(root.path(), &format!("{TINY} --steps 1 --out run --force {options}")).succeeded();
        let config: serde_json::Value =
            serde_json::from_slice(&fs::read(root.path().join("run/config.json")).unwrap()).unwrap();
        let found = config["weight_decay"].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-6, "{options}: {found}");
    }
}

#[test]
fn json_may_stand_before_the_command() {
    let root = TempDir::new().unwrap();
    let before = vapo_train(root.path(), "--json explain V0203").succeeded().output;
    assert_eq!(before, vapo_train(root.path(), "explain V0203 --json").succeeded().output);
    serde_json::from_str::<serde_json::Value>(&before).unwrap();
}

#[test]
fn a_code_is_explained_as_it_was_pasted() {
    let root = TempDir::new().unwrap();
    let expected = vapo_train(root.path(), "explain V0203").succeeded().output;
    for asked in ["v0203", "0203", "error[V0203]", "error[V0203]:", "[V0203]"] {
        assert_eq!(vapo_train(root.path(), &format!("explain {asked}")).succeeded().output, expected, "{asked}");
    }
    vapo_train(root.path(), "explain 203").refused(2, &["203", "V0203"]);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_refused_before_anything_is_done() {
    use crate::program::{command, outcome};
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 1 --out keep")).succeeded();
    let before = names(&root.path().join("keep"));
    for line in ["--out", "--force --out keep --dataset npy --data-dir", "sample --out a.png --model", "demo --out"] {
        let told = outcome(command(root.path(), line).arg(OsStr::from_bytes(b"n\xffm")).output().unwrap());
        told.refused(2, &["error[V0102]", "expected a name in UTF-8", "rename"]);
    }
    assert_eq!(names(&root.path().join("keep")), before);
    assert_eq!(names(root.path()).len(), before.len());
}
