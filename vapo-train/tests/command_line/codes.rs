//! Errors have codes, and each code an entry of the page that says what to do.

use crate::models::{GREY, write_model};
use crate::program::{Outcome, TINY, vapo_train};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Homotopy, Shape};

const PAGE: &str = include_str!("../../docs/troubleshooting.md");

/// A file of NumPy's, of bytes that are all 7.
fn npy(path: &Path, shape: &[usize]) {
    let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({},), }}", extents.join(", "));
    let padded = format!("{header:<117}\n");
    let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    file.extend(padded.bytes());
    file.extend(vec![7; shape.iter().product()]);
    fs::write(path, file).unwrap();
}

/// A folder with a file of every kind that is refused, and a run.
fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    let at = |name: &str| root.path().join(name);
    write_model(&at("m.vapo"), GREY, Homotopy::Linear, 0.3);
    write_model(&at("large.vapo"), Shape { height: 12, width: 12, ..GREY }, Homotopy::Linear, 0.3);
    write_model(&at("two.vapo"), Shape { channels: 2, ..GREY }, Homotopy::Linear, 0.3);
    write_model(&at("diverged.vapo"), GREY, Homotopy::Linear, 1e30);
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vapo-sampler/firmware/models/digits.vapo");
    fs::copy(digits, at("digits.vapo")).unwrap();
    fs::write(at("text.vapo"), "no model").unwrap();
    fs::write(at("text.npy"), "no array").unwrap();
    fs::write(at("there.png"), "mine").unwrap();
    for folder in ["cut/mnist", "data/mnist", "empty", "unlike"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    let cut = [0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 8];
    fs::write(at("cut/mnist/train-images-idx3-ubyte"), cut).unwrap();
    fs::write(at("cut/mnist/train-labels-idx1-ubyte"), cut).unwrap();
    fs::write(at("data/mnist/train-images-idx3-ubyte.gz"), "another file").unwrap();
    for (name, side) in [("a.png", 8), ("b.png", 9)] {
        image::GrayImage::new(side, side).save(at("unlike").join(name)).unwrap();
    }
    npy(&at("first.npy"), &[4, 3, 8, 8]);
    let line = |reading: u32| format!("{reading}.5,{}\n", reading * reading % 7);
    fs::write(at("short.csv"), (0..3).map(line).collect::<String>()).unwrap();
    fs::write(at("words.csv"), "time,flow\n1,2\n2,much\n").unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 2 --out run")).succeeded();
    let damaged = at("damaged");
    fs::create_dir(&damaged).unwrap();
    fs::copy(at("run/config.json"), damaged.join("config.json")).unwrap();
    fs::write(damaged.join("checkpoint.safetensors"), "no checkpoint").unwrap();
    let in_place = at("folder-in-place");
    fs::create_dir_all(in_place.join("checkpoint.safetensors")).unwrap();
    fs::copy(at("run/config.json"), in_place.join("config.json")).unwrap();
    root
}

/// What is said from the code on, without the last line.
fn error(told: &Outcome) -> &str {
    let said = &told.errors[told.errors.find("error[").unwrap_or_default()..];
    said.split_once("\nfor more: ").map_or(said, |(error, _)| error).trim_end()
}

/// Command lines that are refused, their exit code and the code of the error. The page shows their very messages.
const CASES: &[(&str, i32, &str)] = &[
    ("--dataset imagenet", 2, "V0101"),
    ("--pool 64", 2, "V0102"),
    ("plan --preset small --size 9 --channels 1", 2, "V0103"),
    ("sample --model m.vapo --class 7 --out a.png", 2, "V0104"),
    ("--batch 10 --accumulate 3", 2, "V0105"),
    ("--dataset mnist --data-dir nowhere", 1, "V0201"),
    ("--dataset mnist --data-dir cut", 1, "V0202"),
    ("--dataset npy --data-dir text.npy", 1, "V0203"),
    ("--dataset folder --data-dir empty", 1, "V0204"),
    ("--dataset folder --data-dir unlike", 1, "V0205"),
    ("score --model m.vapo --dataset digits --split valid --out a.json", 2, "V0206"),
    ("--dataset npy --data-dir first.npy", 1, "V0207"),
    ("eval --model m.vapo --dataset series --data-dir short.csv --out a.json", 2, "V0208"),
    ("score --model large.vapo --dataset digits --out a.json", 2, "V0209"),
    ("fid-ref --dataset digits --count 5000 --out a.npz", 2, "V0210"),
    ("--dataset series --data-dir words.csv", 1, "V0211"),
    ("--dataset series --data-dir short.csv", 1, "V0212"),
    ("fetch mnist", 2, "V0214"),
    ("sample --model nowhere.vapo --out a.png", 1, "V0301"),
    ("sample --model text.vapo --out a.png", 1, "V0302"),
    ("calibrate --model digits.vapo --out a.vapo", 2, "V0303"),
    ("sample --model diverged.vapo --count 1 --out a.png", 1, "V0304"),
    ("eval --model m.vapo --dataset digits --features inception --out a.json", 2, "V0306"),
    ("--out run", 2, "V0401"),
    ("--resume --out nowhere", 1, "V0403"),
    ("--resume --batch 4 --out run", 2, "V0404"),
    ("--resume --out damaged", 1, "V0406"),
    ("--preset tiny --batch 8 --threads 1 --no-classes --steps 50 --lr 1e30 --out diverged", 1, "V0407"),
    ("--resume --out folder-in-place", 1, "V0408"),
    ("sample --model m.vapo --out a.jpg", 2, "V0501"),
    ("sample --model m.vapo --out there.png", 2, "V0502"),
    ("score --model m.vapo --dataset digits --write-threshold m.vapo --out a.json", 2, "V0503"),
    ("sample --model m.vapo --out nowhere/a.png", 1, "V0504"),
    ("sample --model two.vapo --out a.png", 2, "V0505"),
    ("inspect digits.vapo --flash 64K --ram 4K", 1, "V0701"),
    ("export --c digits.vapo --name int --out c", 2, "V0702"),
];

/// Numbers in its message differ between processors.
const OF_A_MACHINE: &[&str] = &["V0407"];

#[test]
fn errors_have_the_code_under_which_the_page_shows_them() {
    let root = root();
    let mut faults = Vec::new();
    for (line, exit, code) in CASES {
        let told = vapo_train(root.path(), line);
        let more = format!("for more: vapo-train explain {code}\n");
        let is_right = told.code == Some(*exit)
            && error(&told).starts_with(&format!("error[{code}]: "))
            && told.errors.ends_with(&more)
            && told.errors.matches("error[").count() == 1;
        if !is_right {
            faults.push(format!("{line}: expected {exit} and {code}, found {:?}:\n{}", told.code, told.errors));
        } else if !OF_A_MACHINE.contains(code) && !PAGE.contains(&format!("```text\n{}\n```", error(&told))) {
            faults.push(format!("{line}: the page does not show\n{}", error(&told)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn what_this_program_was_built_without_has_a_code() {
    let root = TempDir::new().unwrap();
    let cases = [
        (cfg!(feature = "cuda"), format!("{TINY} --steps 1 --device cuda --out run"), 1),
        (cfg!(feature = "onnx"), "eval --model m.vapo --dataset digits --features f.onnx --out a.json".to_owned(), 2),
    ];
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.3);
    for (built, line, exit) in cases {
        if !built {
            let told = vapo_train(root.path(), &line).refused(exit, &["error[V0602]: ", "explain V0602"]);
            assert!(PAGE.contains(error(&told)), "the page does not show\n{}", error(&told));
        }
    }
}

#[test]
fn a_server_that_is_not_there_has_a_code() {
    let root = TempDir::new().unwrap();
    // Nobody listens on the port of a listener that is gone.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let line = format!("fetch mnist --retries 0 --base http://{address}/");
    vapo_train(root.path(), &line).refused(1, &["error[V0213]: ", "check the connection", "explain V0213"]);
}

#[test]
fn a_code_is_explained_in_whatever_case_and_another_is_refused() {
    let root = TempDir::new().unwrap();
    let told = vapo_train(root.path(), "explain V0203").succeeded();
    assert!(told.output.starts_with("V0203 ") && told.output.contains("\nWhat to do. "), "{}", told.output);
    assert!(!told.output.contains("V0204"), "{}", told.output);
    assert_eq!(told.errors, "");
    assert_eq!(vapo_train(root.path(), "explain v0203").succeeded().output, told.output);
    let all = vapo_train(root.path(), "explain").succeeded().output;
    for (_, _, code) in CASES {
        assert_eq!(all.lines().filter(|line| line.starts_with(&format!("{code}  "))).count(), 1, "{code}: {all}");
        vapo_train(root.path(), &format!("explain {code}")).succeeded();
    }
    for wrong in ["V9999", "203", "E0308"] {
        let parts = [wrong, "V0101", "V0203", "V0901", "error[V0102]"];
        vapo_train(root.path(), &format!("explain {wrong}")).refused(2, &parts);
    }
}

#[test]
fn exit_codes_are_those_of_the_help_and_the_page() {
    let root = TempDir::new().unwrap();
    let page = include_str!("../../docs/commands.md");
    let help = vapo_train(root.path(), "--help").succeeded().output;
    let codes = [
        (0, vapo_train(root.path(), "--version").code, "0 it is done"),
        (1, vapo_train(root.path(), "inspect nowhere.vapo").code, "1 it went wrong"),
        (2, vapo_train(root.path(), "--pool 64").code, "2 what was asked for cannot be"),
        (2, vapo_train(root.path(), "--no-such-option").code, "2 what was asked for cannot be"),
    ];
    for (expected, found, said) in codes {
        assert_eq!(found, Some(expected), "{said}");
        assert!(help.contains(said), "no {said:?} in {help}");
        assert!(page.contains(&format!("| {expected} |")), "{expected}");
    }
    // What is interrupted is tested with the signals: 130.
    assert!(help.contains("130 it was interrupted") && page.contains("| 130 |"), "{help}");
}
