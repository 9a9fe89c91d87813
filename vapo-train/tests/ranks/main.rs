//! The program on two ranks that Open MPI's `mpirun` starts: the bytes of one process, one writer, and no rank left behind.
#![cfg(all(feature = "mpi", target_os = "linux"))]

mod launcher;
#[path = "../command_line/outcome.rs"]
mod outcome;

use launcher::{Running, mpirun, mpirun_each, one_process};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_train::run::read_metrics;

/// A run of steps that take a millisecond or so.
const TINY: &str = "--preset tiny --batch 8 --threads 1 --no-classes";
/// Long enough that it is interrupted before it ends.
const STEPS: u64 = 1500;

/// The files of a run that do not depend on its time.
fn result(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(run).unwrap().map(|entry| entry.unwrap());
    let files = entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
    files.filter(|(name, _)| name != "metrics.jsonl" && name != "loss.png").collect()
}

/// Steps and losses of a run.
fn losses(run: &Path) -> Vec<(u64, f32)> {
    read_metrics(&run.join("metrics.jsonl")).unwrap_or_default().iter().map(|line| (line.step, line.loss)).collect()
}

#[track_caller]
fn assert_same(root: &Path, of_ranks: &str, of_one: &str) {
    let (found, expected) = (root.join(of_ranks), root.join(of_one));
    let (found, expected) = (result(&found), result(&expected));
    assert!(found.keys().eq(expected.keys()), "{:?} and {:?}", found.keys(), expected.keys());
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{name} has other bytes");
    }
}

#[test]
fn two_ranks_train_to_the_losses_and_the_bytes_of_one_process() {
    let root = TempDir::new().unwrap();
    for objective in ["flow", "energy", "vapo-bayes"] {
        let line = format!("--preset tiny --batch 13 --threads 1 --steps 120 --seed 3 --objective {objective}");
        let told = mpirun(root.path(), 2, &format!("{line} --out ranks-{objective}")).succeeded();
        let alone = one_process(root.path(), &format!("{line} --out one-{objective}")).succeeded();
        let [found, expected] = ["ranks", "one"].map(|of| losses(&root.path().join(format!("{of}-{objective}"))));
        assert_eq!(found.len(), 3);
        for ((step, found), (same_step, expected)) in found.into_iter().zip(expected) {
            assert!(step == same_step && (found - expected).abs() <= 1e-5 * expected.abs(), "{found}, not {expected}");
        }
        assert_same(root.path(), &format!("ranks-{objective}"), &format!("one-{objective}"));
        // One rank speaks.
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&told.output), lines(&alone.output), "{}", told.output);
    }
}

#[test]
fn what_two_ranks_interrupt_two_ranks_or_one_go_on_with() {
    let root = TempDir::new().unwrap();
    one_process(root.path(), &format!("{TINY} --steps {STEPS} --out whole")).succeeded();
    for resumed_by in [2, 1] {
        let name = format!("run-{resumed_by}");
        let run = root.path().join(&name);
        let mut running = Running::start(root.path(), 2, &format!("{TINY} --steps {STEPS} --out {name}"));
        running.wait_until(|| losses(&run).len() > 1);
        // Rank 0 stops for all.
        running.signal(0, "TERM");
        let told = running.ended();
        assert_eq!(told.code, Some(130), "{}", told.errors);
        let stopped = losses(&run).last().unwrap().0;
        assert!(stopped < STEPS && told.errors.contains(&format!("stopped after step {stopped};")), "{}", told.errors);
        let resume = format!("--resume --out {name} --threads 1");
        match resumed_by {
            2 => mpirun(root.path(), 2, &resume).succeeded(),
            _ => one_process(root.path(), &resume).succeeded(),
        };
        assert_same(root.path(), &name, "whole");
    }
}

#[test]
fn where_a_rank_dies_all_end_and_the_run_goes_on_from_a_whole_checkpoint() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    one_process(root.path(), &format!("{TINY} --steps {STEPS} --out whole")).succeeded();
    let mut running = Running::start(root.path(), 2, &format!("{TINY} --steps {STEPS} --out run"));
    running.wait_until(|| losses(&run).len() > 1);
    running.signal(0, "TERM");
    assert_eq!(running.ended().code, Some(130));
    let checkpoint = fs::read(run.join("checkpoint.safetensors")).unwrap();
    for dying in [1, 0] {
        let logged = losses(&run).last().unwrap().0;
        let mut running = Running::start(root.path(), 2, "--resume --out run --threads 1");
        running.wait_until(|| losses(&run).last().unwrap().0 > logged);
        let processes = running.ranks();
        assert_eq!(processes.len(), 2);
        running.signal(dying, "KILL");
        let told = running.ended();
        assert_ne!(told.code, Some(0), "{}", told.errors);
        assert!(processes.into_iter().all(|(_, process)| launcher::ends(process)), "a rank is left");
        assert!(fs::read(run.join("checkpoint.safetensors")).unwrap() == checkpoint);
    }
    mpirun(root.path(), 2, "--resume --out run --threads 1").succeeded();
    assert_same(root.path(), "run", "whole");
}

/// Writes an array of 8 images of 8×8 bytes.
fn write_images(folder: &Path, first: u8) {
    let mut header = "{'descr': '|u1', 'fortran_order': False, 'shape': (8, 8, 8), }".to_owned();
    header += &" ".repeat(128 - 10 - 1 - header.len());
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(header.bytes());
    bytes.extend((0..8 * 64).map(|value| (value as u8).wrapping_mul(31).wrapping_add(first)));
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("images.npy"), bytes).unwrap();
}

#[test]
fn an_error_of_one_rank_ends_all_with_its_message() {
    let root = TempDir::new().unwrap();
    write_images(&root.path().join("theirs"), 0);
    write_images(&root.path().join("others"), 1);
    let line = format!("{TINY} --dataset npy --steps 1000000 --out run");
    for (data, parts) in [
        ("nowhere", &["rank 1: error[", "nowhere"][..]),
        ("others", &["rank 1: error[", "are not those that the run in run began with"]),
    ] {
        let of_one = format!("{line} --data-dir {data} --force");
        let told = mpirun_each(root.path(), &[&format!("{line} --data-dir theirs --force"), &of_one]);
        told.refused(1 + i32::from(data == "others"), parts);
    }
    // Of rank 0, while the other waits.
    fs::create_dir(root.path().join("full")).unwrap();
    fs::write(root.path().join("full/config.json"), "{").unwrap();
    mpirun(root.path(), 2, "--resume --out full").refused(1, &["error[V", "config.json"]);
}

/// Otherwise they would wait for each other for ever, or one's options would have no effect.
#[test]
fn ranks_with_different_command_lines_are_refused() {
    let root = TempDir::new().unwrap();
    let line = format!("{TINY} --steps 4 --out run");
    for other in [format!("{line} --seed 1"), "sample --model m.vapo --out a.npy".to_owned()] {
        let told = mpirun_each(root.path(), &[&line, &other]);
        told.refused(
            2,
            &["error[V0605]", "different command lines", "--out run`, rank 1 with `", "start all with the same one"],
        );
    }
    assert!(!root.path().join("run").exists());
}

#[test]
fn what_one_process_does_alone_is_refused() {
    let root = TempDir::new().unwrap();
    for (ranks, line, parts) in [
        (2, "--device cuda", &["--device cuda: expected one process, found 2 ranks", "without mpirun"][..]),
        (3, "--preset tiny --batch 2", &["cut in 2 parts: start 2 or fewer"]),
        (2, "plan", &["found 2 ranks, expected one"]),
    ] {
        let told = mpirun(root.path(), ranks, line).refused(2, parts);
        assert_eq!(told.errors.matches("error[V").count(), 1, "{}", told.errors);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "{line}");
    }
    one_process(root.path(), &format!("{TINY} --steps 2 --out run")).succeeded();
    for option in ["--distil", "--reflow"] {
        let line = format!("{option} run --steps 2 --out student");
        mpirun(root.path(), 2, &line).refused(2, &[&format!("{option}: expected one process, found 2 ranks")]);
        assert!(!root.path().join("student").exists());
    }
}

#[test]
fn two_ranks_draw_and_measure_the_samples_of_one_process() {
    let root = TempDir::new().unwrap();
    one_process(root.path(), "--preset tiny --threads 1 --steps 20 --out run").succeeded();
    for (out, line) in [
        ("npy", "sample --model run/model.vapo --count 33 --seed 5"),
        ("png", "sample --model run/model.vapo --class all"),
    ] {
        let [found, expected] = ["ranks", "one"].map(|of| format!("{of}.{out}"));
        let told = mpirun(root.path(), 2, &format!("{line} --out {found}")).succeeded();
        assert_eq!(told.output.lines().count(), 1, "{}", told.output);
        one_process(root.path(), &format!("{line} --out {expected}")).succeeded();
        let read = |name: &str| fs::read(root.path().join(name)).unwrap();
        assert!(read(&found) == read(&expected), "{line}");
    }
    let line = "eval --model run/model.vapo --dataset digits --features pixels --count 150";
    mpirun(root.path(), 2, &format!("{line} --out ranks.json")).succeeded();
    one_process(root.path(), &format!("{line} --out one.json")).succeeded();
    let results = |name: &str| {
        let text = fs::read(root.path().join(name)).unwrap();
        serde_json::from_slice::<serde_json::Value>(&text).unwrap()["results"].clone()
    };
    assert!(results("ranks.json")["frechet_distance"].is_number());
    assert_eq!(results("ranks.json"), results("one.json"));
}
