//! `vapo-train compose`.

use crate::models::{GREY, architecture, write_model};
use crate::program::{names, png_extent, vapo_train};
use std::fs;
use tempfile::TempDir;
use vapo_format::{Encoding, Homotopy, Shape};
use vapo_train::potential::parameters::Layout;
use vapo_train::quantise::model_file;

/// Two models of the same images, a and b.
fn models() -> TempDir {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("a.vapo"), GREY, Homotopy::Linear, 0.3);
    write_model(&root.path().join("b.vapo"), GREY, Homotopy::Linear, 0.2);
    root
}

fn drawn(root: &TempDir, line: &str) -> Vec<u8> {
    vapo_train(root.path(), &format!("{line} --count 5 --steps 6 --temperature 0.5 --out x.npy --force")).succeeded();
    fs::read(root.path().join("x.npy")).unwrap()
}

#[test]
fn a_weight_of_one_beside_zero_samples_a_model_alone() {
    let root = models();
    let [a, b] = ["a", "b"].map(|name| drawn(&root, &format!("sample --model {name}.vapo")));
    let compose = |of_a: &str, of_b: &str| {
        drawn(&root, &format!("compose --model a.vapo --weight {of_a} --model b.vapo --weight {of_b}"))
    };
    assert!(compose("1", "0") == a && compose("0", "1") == b && a != b);
    let (between, beyond) = (compose("0.5", "0.5"), compose("1.5", "-0.5"));
    assert!(![&a, &b, &beyond].contains(&&between) && ![&a, &b].contains(&&beyond));
    // Models and weights pair up by their order, wherever they stand.
    assert!(drawn(&root, "compose --weight 1.5 --weight -0.5 --model a.vapo --model b.vapo") == beyond);
}

/// The drift of a sum of a model with itself is its own, times the sum of the weights; halves of it are exact.
#[test]
fn two_halves_are_a_whole() {
    let root = models();
    let halves = drawn(&root, "compose --model a.vapo --weight 0.5 --model a.vapo --weight 0.5");
    assert!(halves == drawn(&root, "sample --model a.vapo"));
}

#[test]
fn the_seed_alone_decides_the_bytes() {
    let root = models();
    let file = |options: &str| {
        drawn(&root, &format!("compose --model a.vapo --weight 0.7 --model b.vapo --weight 0.3 {options}"))
    };
    let one = file("--seed 7 --threads 1");
    assert!(one == file("--seed 7 --threads 3") && one != file("--seed 8 --threads 1"));
    let card = fs::read(root.path().join("x.npy.json")).unwrap();
    let card: serde_json::Value = serde_json::from_slice(&card).unwrap();
    assert_eq!(card["settings"], serde_json::json!({"weights": [0.7, 0.3]}));
    assert_eq!((&card["models"][0]["path"], &card["models"][1]["path"]), (&"a.vapo".into(), &"b.vapo".into()));
    let line = "compose --model a.vapo --weight 0.7 --model b.vapo --weight 0.3 --count 5 --out x.png";
    vapo_train(root.path(), line).succeeded();
    assert_eq!(png_extent(&root.path().join("x.png")), (1 + 3 * 49, 1 + 2 * 49));
}

#[test]
fn what_has_no_sum_is_refused_and_leaves_nothing() {
    let root = models();
    write_model(&root.path().join("wide.vapo"), Shape { width: 16, ..GREY }, Homotopy::Linear, 0.3);
    write_model(&root.path().join("bayes.vapo"), GREY, Homotopy::Bayes, 0.3);
    let zero = architecture(GREY, Homotopy::Linear);
    let zero = model_file(&zero, &vec![0.0; Layout::new(&zero).len()], Encoding::Int8).unwrap();
    fs::write(root.path().join("zero.vapo"), zero).unwrap();
    let before = names(root.path());
    let pair = |other: &str| format!("--model a.vapo --weight 0.5 --model {other} --weight 0.5 --out x.png");
    let cases: &[(&str, i32, &[&str])] = &[
        (&pair("wide.vapo"), 2, &["a.vapo", "wide.vapo", "8×8×1 linear and 8×16×1 linear"]),
        (&pair("bayes.vapo"), 2, &["bayes.vapo", "8×8×1 linear and 8×8×1 bayes"]),
        (&pair("absent.vapo"), 1, &["cannot read absent.vapo"]),
        ("--model a.vapo --weight 1 --out x.png", 2, &["expected two of each", "found 1 and 1"]),
        ("--model a.vapo --model b.vapo --weight 1 --out x.png", 2, &["found 2 and 1"]),
        (
            "--model a.vapo --model b.vapo --model a.vapo --weight 1 --weight 1 --weight 1 --out x.png",
            2,
            &["found 3 and 3"],
        ),
        ("--model a.vapo --model b.vapo --out x.png", 2, &["--weight"]),
        ("--model a.vapo --weight nan --model b.vapo --weight 1 --out x.png", 2, &["--weight NaN", "finite"]),
        ("--model a.vapo --weight inf --model b.vapo --weight 1 --out x.png", 2, &["--weight inf", "finite"]),
        ("--model a.vapo --weight 1 --model b.vapo --weight 1 --out x.gif", 2, &["--out x.gif", ".png or .npy"]),
        ("--model a.vapo --weight 1 --model b.vapo --weight 1 --out a.vapo", 2, &["--out a.vapo", ".png or .npy"]),
        ("--model zero.vapo --weight 1e38 --model a.vapo --weight 1e38 --out x.png", 1, &["not finite"]),
        ("--model a.vapo --weight 1 --model b.vapo --weight 1 --temperature -1 --out x.png", 2, &["--temperature -1"]),
    ];
    for (options, code, parts) in cases {
        vapo_train(root.path(), &format!("compose {options}")).refused(*code, parts);
    }
    assert_eq!(names(root.path()), before);
}
