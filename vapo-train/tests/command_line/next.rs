//! What is said to come next works as it stands.

use crate::program::{Outcome, TINY, command, outcome, vapo_train};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The commands that are said to come next.
fn hints(told: &Outcome) -> Vec<Vec<String>> {
    let lines = told.errors.lines().filter_map(|line| line.strip_prefix("next: vapo-train "));
    lines.map(|line| shlex::split(line).unwrap()).collect()
}

fn run(root: &Path, words: &[String]) -> Outcome {
    outcome(command(root, "").args(words).output().unwrap())
}

#[test]
fn what_comes_after_a_training_works_as_it_stands() {
    let root = TempDir::new().unwrap();
    // A name that a shell would take apart.
    let mut training = command(root.path(), &format!("{TINY} --steps 2 --out"));
    let told = outcome(training.arg("my run").output().unwrap()).succeeded();
    assert!(!told.output.contains("next: "), "{}", told.output);
    let hints = hints(&told);
    let commands: Vec<&str> = hints.iter().map(|words| words[0].as_str()).collect();
    assert_eq!(commands, ["sample", "eval", "inspect", "export"]);
    assert_eq!(hints[2][1..], ["my run/model.vapo", "--board", "microbit"]);
    for words in &hints {
        // A classifier and thousands of samples take long, and change nothing of the hint.
        let fast = if words[0] == "eval" { "--features pixels --count 100" } else { "" };
        let fast = fast.split_whitespace().map(str::to_owned);
        let told = run(root.path(), &words.iter().cloned().chain(fast).collect::<Vec<_>>()).succeeded();
        assert!(!told.output.contains("next: "), "{words:?}: {}", told.output);
        assert_eq!(
            told.errors.lines().filter(|line| line.starts_with("next: ")).count(),
            1,
            "{words:?}: {}",
            told.errors
        );
    }
    for file in ["more.png", "eval.json", "c/model.c", "c/model.h"] {
        assert!(root.path().join(file).is_file(), "{file}");
    }
}

#[test]
fn what_comes_after_a_series_works_as_it_stands() {
    let root = TempDir::new().unwrap();
    let line = |reading: u32| format!("{}.{}\n", reading * reading % 11, reading % 7);
    fs::write(root.path().join("a.csv"), (0..400).map(line).collect::<String>()).unwrap();
    let line = "--dataset series --data-dir a.csv --preset series-tiny --batch 8 --threads 1 --steps 2 --out run";
    let told = vapo_train(root.path(), line).succeeded();
    let hints = hints(&told);
    let commands: Vec<&str> = hints.iter().map(|words| words[0].as_str()).collect();
    assert_eq!(commands, ["sample", "inspect", "export"]);
    hints.iter().for_each(|words| drop(run(root.path(), words).succeeded()));
    assert!(root.path().join("more.csv").is_file());
}

#[test]
fn what_failed_or_prints_for_programs_says_nothing_of_what_is_next() {
    let root = TempDir::new().unwrap();
    let told = vapo_train(root.path(), "inspect nowhere.vapo").refused(1, &["nowhere.vapo"]);
    assert!(!told.errors.contains("next: "), "{}", told.errors);
    let told = vapo_train(root.path(), "plan --dataset digits --preset tiny --json").succeeded();
    serde_json::from_str::<serde_json::Value>(&told.output).unwrap();
    assert!(told.errors.starts_with("next: vapo-train --dataset "), "{}", told.errors);
}
