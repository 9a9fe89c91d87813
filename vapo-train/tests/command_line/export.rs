//! `vapo-train export`: sources of C. That compilers take them, and that programs print the host's bits, `tests/tests/c.rs` looks at.

use crate::models::{GREY, SERIES, write_model, write_series_model};
use crate::program::{contents, names, vapo_train};
use std::fs;
use tempfile::TempDir;
use vapo_format::Homotopy;
use vapo_sampler::Planned;

/// The bytes of the array in a source.
fn array(source: &str) -> Vec<u8> {
    let (_, rest) = source.split_once("= {\n").unwrap();
    let (numbers, _) = rest.split_once("};").unwrap();
    numbers
        .split(',')
        .map(str::trim)
        .filter(|number| !number.is_empty())
        .map(|number| number.parse().unwrap())
        .collect()
}

#[test]
fn the_array_is_the_model_and_its_plan() {
    let root = TempDir::new().unwrap();
    let file = write_model(&root.path().join("my-model.vapo"), GREY, Homotopy::Linear, 0.3);
    let told = vapo_train(root.path(), "export --c my-model.vapo --out new/sources").succeeded();
    assert_eq!(
        names(root.path()),
        ["my-model.vapo", "new/sources/my_model.c", "new/sources/my_model.c.json", "new/sources/my_model.h"]
    );
    let read = |name: &str| fs::read_to_string(root.path().join("new/sources").join(name)).unwrap();
    let (source, header) = (read("my_model.c"), read("my_model.h"));
    let array = array(&source);
    let planned = Planned::parse(&array).unwrap();
    assert!(array.ends_with(&file));
    let line =
        format!("#define MY_MODEL_ARENA_BYTES VAPO_BYTES({}, {})\n", planned.nodes(), planned.sampler_elements());
    assert!(header.contains(&line), "{header}");
    for part in [&format!("#define MY_MODEL_MODEL_BYTES {}\n", array.len())[..], "#define MY_MODEL_ELEMENTS 64\n"] {
        assert!(header.contains(part), "{part}: {header}");
    }
    assert!(!header.contains("MONITOR"), "{header}");
    assert!(told.output.contains(&format!("{} bytes of flash", array.len())), "{}", told.output);
    let card: serde_json::Value = serde_json::from_str(&read("my_model.c.json")).unwrap();
    assert_eq!((&card["command"], &card["results"]["bytes"]), (&"export".into(), &array.len().into()));

    // The same again: refused, and by force the same bytes.
    let before = contents(root.path());
    vapo_train(root.path(), "export --c my-model.vapo --out new/sources").refused(2, &["my_model.h", "--force"]);
    vapo_train(root.path(), "export --c my-model.vapo --out new/sources --force").succeeded();
    assert!(contents(root.path()) == before);
}

#[test]
fn a_model_of_a_series_is_planned_for_a_monitor_too() {
    let root = TempDir::new().unwrap();
    write_series_model(&root.path().join("s.vapo"), SERIES);
    let header = |options: &str| {
        vapo_train(root.path(), &format!("export --c s.vapo --out . --force --name it {options}")).succeeded();
        fs::read_to_string(root.path().join("it.h")).unwrap()
    };
    let (both, alone) = (header(""), header("--energies"));
    assert!(both.contains("IT_ARENA_BYTES") && both.contains("IT_MONITOR_BYTES"), "{both}");
    assert!(!alone.contains("IT_ARENA_BYTES") && alone.contains("IT_MONITOR_BYTES"), "{alone}");
    let bytes = |header: &str| -> usize {
        let (_, rest) = header.split_once("IT_MONITOR_BYTES VAPO_BYTES(").unwrap();
        rest.split_once(", ").unwrap().1.split_once(')').unwrap().0.parse().unwrap()
    };
    assert!(bytes(&alone) < bytes(&both));
}

#[test]
fn what_cannot_be_exported_is_refused_and_leaves_nothing() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("7.vapo"), GREY, Homotopy::Linear, 0.3);
    fs::write(root.path().join("none.vapo"), "VAPO").unwrap();
    let before = contents(root.path());
    for (options, code, parts) in [
        ("--c 7.vapo --out new", 2, &["--c 7.vapo", "begins with a letter", "--name digits"][..]),
        ("--c 7.vapo --out new --name Digits", 2, &["--name Digits", "small letters"]),
        ("--c 7.vapo --out new --name int", 2, &["--name int", "no word of C"]),
        ("--c 7.vapo --out new --name it --energies", 2, &["--energies", "height 1", "8×8"]),
        ("--c 7.vapo --out - --name it", 2, &["--out -"]),
        ("--c none.vapo --out new", 1, &["none.vapo is no model"]),
        ("--c there.vapo --out new", 1, &["there.vapo"]),
        ("--c 7.vapo", 2, &["--out"]),
    ] {
        vapo_train(root.path(), &format!("export {options}")).refused(code, parts);
    }
    assert!(contents(root.path()) == before);
}
