//! What a training asks of a device, counted by the stand-in.

use crate::process::{errors, vapo_train};
use serde_json::Value;
use std::path::Path;

/// Values of an image of the built-in digits.
const VALUES: u64 = 64;
/// Images of a step of the preset `digits`.
const BATCH: u64 = 128;
/// Features of time that its network has.
const FEATURES: u64 = 32;

/// Trains `digits` for some steps, none of which has weights that rest.
fn report(folder: &Path, steps: u32, options: &str) -> Value {
    let path = folder.join("report.json");
    let line =
        format!("--preset digits --no-classes --threads 1 --steps {steps} --device cuda --out run --force {options}");
    let output = vapo_train(&line).env("STANDIN_REPORT", &path).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn launches(report: &Value) -> u64 {
    report["launches"].as_object().unwrap().values().map(|kernel| kernel["count"].as_u64().unwrap()).sum()
}

/// Two runs differ by two steps, and all else is the same.
#[test]
fn a_step_has_few_launches_and_copies_neither_parameters_nor_gradients() {
    let folder = tempfile::tempdir().unwrap();
    let [one, three] = [1, 3].map(|steps| report(folder.path(), steps, ""));
    let a_step = |count: &dyn Fn(&Value) -> u64| (count(&three) - count(&one)) / 2;
    assert_eq!(a_step(&launches), 121);
    let copies = |direction: &str| {
        ["count", "bytes"].map(|what| a_step(&|report| report["copies"][direction][what].as_u64().unwrap()))
    };
    // Images, features of time, and how the loss changes with potentials and drifts.
    assert_eq!(copies("to_device"), [4, 4 * BATCH * (VALUES + FEATURES + 1 + VALUES)]);
    // Potentials, drifts, and the square of the gradient's norm in f64.
    assert_eq!(copies("from_device"), [3, 4 * BATCH * (1 + VALUES) + 8]);
    assert_eq!(copies("on_device"), [0, 0]);
    assert_eq!(a_step(&|report| report["memory"]["allocations"].as_u64().unwrap()), 0);
    assert_eq!(a_step(&|report| report["fills"]["count"].as_u64().unwrap()), 0);
}

/// What `vapo-train plan` says beforehand. dfdx takes a few values for itself.
#[test]
fn the_plan_is_what_a_training_takes() {
    let folder = tempfile::tempdir().unwrap();
    for options in ["", "--accumulate 4", "--recompute"] {
        let peak = report(folder.path(), 1, options)["memory"]["peak"].as_u64().unwrap();
        let output = vapo_train(&format!("plan --preset digits --device cuda --json {options}")).output().unwrap();
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", errors(&output)));
        let planned = plan["bytes"].as_u64().unwrap();
        assert!(peak.abs_diff(planned) < 4096, "{options}: {peak} is not {planned}");
    }
}

/// Before a folder is made, with a remedy that helps.
#[test]
fn too_little_memory_is_told_before_a_run_begins() {
    let folder = tempfile::tempdir().unwrap();
    let train = |options: &str| {
        let line = format!("--preset digits --threads 1 --steps 1 --device cuda --out run {options}");
        vapo_train(&line).env("STANDIN_MEMORY", "4000000").current_dir(folder.path()).output().unwrap()
    };
    let output = train("");
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [
        "takes 7.8 MiB (",
        "of the device's memory, and 3.8 MiB (4000000 bytes) are free",
        "--batch",
        "--accumulate",
        "--recompute",
    ] {
        assert!(said.contains(part), "no {part:?} in: {said}");
    }
    assert!(!folder.path().join("run").exists());
    let output = train("--accumulate 4");
    assert!(output.status.success(), "{}", errors(&output));
}
