//! One writer a run folder.

use crate::process::{entries, send, started};
use crate::program::{RUN_FILES, TINY, command, contents, names, outcome, vapo_train};
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use tempfile::TempDir;
use vapo_train::run::read_metrics;

fn spawn(root: &Path, line: &str) -> Child {
    command(root, line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What depends on the seed alone.
fn result(run: &Path) -> [Vec<u8>; 3] {
    ["checkpoint.safetensors", "model.vapo", "samples-integer.png"].map(|name| fs::read(run.join(name)).unwrap())
}

#[test]
fn of_several_starts_at_once_exactly_one_succeeds() {
    let root = TempDir::new().unwrap();
    let seeds = [1, 2, 3];
    for seed in seeds {
        vapo_train(root.path(), &format!("{TINY} --steps 5 --seed {seed} --out alone-{seed}")).succeeded();
    }
    for _ in 0..4 {
        let children = seeds.map(|seed| spawn(root.path(), &format!("{TINY} --steps 5 --seed {seed} --out run")));
        let ended = children.map(|child| outcome(child.wait_with_output().unwrap()));
        let succeeded: Vec<u64> =
            seeds.into_iter().zip(&ended).filter_map(|(seed, told)| (told.code == Some(0)).then_some(seed)).collect();
        assert_eq!(succeeded.len(), 1, "{ended:#?}");
        for told in ended.into_iter().filter(|told| told.code != Some(0)) {
            assert!(["is in use: ", "holds a run already"].iter().any(|part| told.errors.contains(part)), "{told:?}");
            assert_eq!(told.code, Some(1));
        }
        let (run, alone) = (root.path().join("run"), root.path().join(format!("alone-{}", succeeded[0])));
        assert_eq!(names(&run), RUN_FILES);
        assert!(result(&run) == result(&alone), "the run is not that of seed {}", succeeded[0]);
        fs::remove_dir_all(&run).unwrap();
    }
}

#[test]
fn beside_a_running_training_nothing_starts_and_nothing_is_resumed() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    let child = started(root.path(), &format!("{TINY} --steps 10000000 --seed 7 --out run"), 1);
    let config = fs::read(run.join("config.json")).unwrap();
    let holder = format!("process {}, which began 0:", child.id());
    for options in ["", "--force", "--resume"] {
        let told = vapo_train(root.path(), &format!("{TINY} --seed 7 --out run {options}"));
        told.refused(1, &["error[V0402]: run is in use: ", &holder, "another folder"]);
    }
    // Another folder is another matter.
    vapo_train(root.path(), &format!("{TINY} --steps 2 --out other")).succeeded();
    assert!(fs::read(run.join("config.json")).unwrap() == config);
    send("TERM", &child);
    assert_eq!(outcome(child.wait_with_output().unwrap()).code, Some(130));
    assert_eq!(entries(&run), ["checkpoint.safetensors", "config.json", "loss.png", "metrics.jsonl"]);
    vapo_train(root.path(), &format!("{TINY} --steps 5 --out run --force")).succeeded();
}

#[test]
fn a_run_that_is_resumed_is_not_resumed_again_meanwhile() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    let stop = |child: Child| {
        send("TERM", &child);
        assert_eq!(outcome(child.wait_with_output().unwrap()).code, Some(130));
        read_metrics(&run.join("metrics.jsonl")).unwrap()
    };
    let logged = stop(started(root.path(), &format!("{TINY} --steps 10000000 --out run"), 1)).len();
    let resumed = started(root.path(), "--resume --out run", logged + 1);
    vapo_train(root.path(), "--resume --out run").refused(1, &[&format!("process {}", resumed.id())]);
    let lines = stop(resumed);
    assert!(lines.len() > logged && lines.is_sorted_by(|a, b| a.step < b.step), "{lines:?}");
}

#[test]
fn what_a_killed_training_leaves_hinders_nobody() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    let mut child = started(root.path(), &format!("{TINY} --steps 10000000 --out run"), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(run.join(".vapo-train.lock").exists());
    // As if it had been killed while it saved.
    fs::write(run.join(".checkpoint.safetensors.x1Y2z3.part"), "half").unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 5 --out run")).refused(2, &["holds a run already"]);
    assert!(!run.join(".vapo-train.lock").exists());
    vapo_train(root.path(), &format!("{TINY} --steps 5 --out run --force")).succeeded();
    assert_eq!(names(&run), RUN_FILES);
    let before = contents(&run);
    // A resumption takes half-written files away too.
    fs::write(run.join(".model.vapo.x1Y2z3.part"), "half").unwrap();
    vapo_train(root.path(), "--resume --out run").succeeded();
    assert!(contents(&run) == before);
}

#[test]
fn a_training_whose_folder_was_taken_away_writes_nothing_into_the_next_one() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    vapo_train(root.path(), &format!("{TINY} --steps 5 --seed 2 --out alone")).succeeded();
    let taken_away: [fn(&Path); 3] = [
        |run| fs::remove_dir_all(run).unwrap(),
        |run| fs::rename(run, run.with_file_name("renamed")).unwrap(),
        |run| fs::remove_file(run.join(".vapo-train.lock")).unwrap(),
    ];
    for take_away in taken_away {
        let old = started(root.path(), &format!("{TINY} --steps 10000000 --seed 1 --out run"), 1);
        take_away(&run);
        // It may be writing meanwhile.
        vapo_train(root.path(), &format!("{TINY} --steps 5 --seed 2 --out run --force")).succeeded();
        send("TERM", &old);
        outcome(old.wait_with_output().unwrap()).refused(1, &["run was removed, renamed or replaced"]);
        assert_eq!(entries(&run), RUN_FILES);
        assert!(result(&run) == result(&root.path().join("alone")));
        fs::remove_dir_all(&run).unwrap();
    }
}
