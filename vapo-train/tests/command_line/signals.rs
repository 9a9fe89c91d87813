//! What interrupts the program, in each of its phases: nothing is lost, and nothing half-written is left.

use crate::models::{GREY, write_model};
use crate::process::{entries, has_logged, has_parts, send, start, started, wait};
use crate::program::{Outcome, TINY, contents, names, outcome, vapo_train};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vapo_format::Homotopy;
use vapo_train::files::array::write::header;

/// Longer than what is one request.
const ANOTHER: Duration = Duration::from_millis(1300);

fn end(child: Child) -> Outcome {
    outcome(child.wait_with_output().unwrap())
}

/// An array of bytes, (N, extent, extent).
fn write_array(path: &Path, count: usize, extent: usize) {
    let pixels = (0..count * extent * extent).map(|index| (index * 31 % 251) as u8);
    fs::write(path, header("|u1", &[count, extent, extent]).into_iter().chain(pixels).collect::<Vec<u8>>()).unwrap();
}

/// A folder of pictures that take seconds to prepare.
fn write_pictures(folder: &Path) {
    fs::create_dir(folder).unwrap();
    for index in 0..60 {
        let picture = image::GrayImage::from_fn(1500, 1500, |x, y| image::Luma([(x * y + index) as u8]));
        picture.save_with_format(folder.join(format!("{index}.png")), image::ImageFormat::Png).unwrap();
    }
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    for (ignored, name) in [(libc::SIGHUP, "HUP"), (libc::SIGINT, "INT")] {
        let root = TempDir::new().unwrap();
        let mut child = start(root.path(), &format!("{TINY} --steps 10000000 --out run"), &[ignored]);
        wait(&mut child, || has_logged(root.path(), 1));
        send(&[name; 3].join(" "), &child);
        let logged = fs::read_to_string(root.path().join("run/metrics.jsonl")).unwrap().lines().count();
        wait(&mut child, || has_logged(root.path(), logged + 3));
        // The others are heeded all the same.
        send("TERM", &child);
        let told = end(child);
        assert_eq!(told.code, Some(130), "{}", told.errors);
        assert_eq!(told.errors.matches("finishing the step").count(), 1, "{}", told.errors);
    }
}

/// A terminal that closes sends HUP, its shell another; `timeout` sends TERM to the process and to its group.
#[test]
fn signals_in_a_row_are_one_request() {
    for signals in ["HUP HUP", "TERM TERM CONT", "TERM HUP INT INT HUP TERM"] {
        let root = TempDir::new().unwrap();
        write_array(&root.path().join("a.npy"), 16, 16);
        // A step takes much longer than the signals.
        let line = "--dataset npy --data-dir a.npy --preset digits --batch 3000 --steps 100 --threads 1 --out run";
        let child = started(root.path(), line, 0);
        send(signals, &child);
        let told = end(child);
        assert_eq!(told.code, Some(130), "{}", told.errors);
        assert!(told.errors.contains("to continue: vapo-train --resume --out run"), "{}", told.errors);
        let expected = ["checkpoint.safetensors", "config.json", "loss.png", "metrics.jsonl"];
        assert_eq!(names(&root.path().join("run")), expected, "{signals}");
    }
}

#[test]
fn a_second_request_leaves_at_once() {
    let root = TempDir::new().unwrap();
    write_array(&root.path().join("a.npy"), 16, 16);
    // A step of many seconds.
    let line = "--dataset npy --data-dir a.npy --preset digits --batch 50000 --steps 3 --threads 1 --out run";
    let mut child = started(root.path(), line, 0);
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    send("INT", &child);
    assert!(errors.any(|line| line.contains("interrupt again")));
    std::thread::sleep(ANOTHER);
    send("INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(errors.any(|line| line.contains("left at once")));
    assert_eq!(entries(&root.path().join("run")), ["config.json", "metrics.jsonl"]);
}

#[test]
fn before_the_first_step_nothing_is_left() {
    let root = TempDir::new().unwrap();
    write_pictures(&root.path().join("pictures"));
    let before = contents(root.path());
    let line = "--dataset folder --data-dir pictures --size 8 --channels 1 --preset tiny --threads 1 --out a/run";
    let mut child = start(root.path(), line, &[]);
    wait(&mut child, || has_parts(&root.path().join("pictures")));
    assert!(root.path().join("a/run").exists());
    let asked = Instant::now();
    send("TERM HUP", &child);
    let told = end(child);
    assert_eq!(told.code, Some(130), "{}", told.errors);
    assert!(told.errors.contains("interrupted before the first step"), "{}", told.errors);
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(contents(root.path()) == before && !root.path().join("a").exists());
}

#[test]
fn after_the_last_step_one_request_ends_it_and_a_resumed_run_makes_the_rest() {
    let root = TempDir::new().unwrap();
    write_array(&root.path().join("a.npy"), 16, 16);
    let line = "--dataset npy --data-dir a.npy --preset digits --batch 8 --steps 60 --threads 1";
    let mut child = start(root.path(), &format!("{line} --out run"), &[]);
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("sampling both models") {
        assert!(errors.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let asked = Instant::now();
    send("TERM HUP", &child);
    let mut last = String::new();
    errors.read_to_string(&mut last).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{last}");
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert_eq!(last, "interrupted after the last step, 60; to continue: vapo-train --resume --out run\n");
    let run = root.path().join("run");
    assert!(run.join("checkpoint.safetensors").exists() && !run.join("samples-integer.png").exists());
    assert!(entries(&run).iter().all(|name| !name.starts_with('.')));

    let metrics = fs::read(run.join("metrics.jsonl")).unwrap();
    let resumed = vapo_train(root.path(), "--resume --out run").succeeded();
    let whole = vapo_train(root.path(), &format!("{line} --out whole")).succeeded();
    assert_eq!(resumed.output, whole.output.replace("whole/", "run/"));
    assert!(fs::read(run.join("metrics.jsonl")).unwrap() == metrics, "a step was made again");
    let (mut found, mut expected) = (contents(&run), contents(&root.path().join("whole")));
    // Seconds differ, and with them the speed.
    for files in [&mut found, &mut expected] {
        files.remove(Path::new("metrics.jsonl")).unwrap();
    }
    assert!(found == expected);
}

#[test]
fn commands_that_write_images_leave_nothing_half_written() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.1);
    write_array(&root.path().join("a.npy"), 100_000, 8);
    fs::create_dir(root.path().join("old")).unwrap();
    fs::write(root.path().join("old/000000.png"), "theirs").unwrap();
    let before = contents(root.path());
    let sample = "sample --model m.vapo --count 1000000 --threads 1";
    for line in [
        &format!("{sample} --out s.npy"),
        &format!("{sample} --out s.npz"),
        &format!("{sample} --out s/"),
        &format!("{sample} --out old/ --force"),
        "fid-ref --dataset npy --data-dir a.npy --split train --out images/",
    ] {
        let mut child = start(root.path(), line, &[]);
        wait(&mut child, || has_parts(root.path()));
        send("INT HUP TERM", &child);
        let told = end(child);
        assert_eq!((told.code, told.output.as_str()), (Some(130), ""), "{line}: {}", told.errors);
        assert!(told.errors.ends_with("interrupted: no file is left half-written\n"), "{line}: {}", told.errors);
        assert!(contents(root.path()) == before, "{line}");
        assert_eq!(entries(root.path()), ["a.npy", "m.vapo", "old"], "{line}");
    }
}

#[test]
fn an_interrupted_evaluation_leaves_nothing_half_written() {
    let root = TempDir::new().unwrap();
    write_model(&root.path().join("m.vapo"), GREY, Homotopy::Linear, 0.1);
    write_pictures(&root.path().join("pictures"));
    let before = contents(root.path());
    let line = "eval --model m.vapo --count 4 --features pixels --dataset folder --data-dir pictures --size 8 --channels 1 \
                --split train --threads 1 --out e.json";
    let mut child = start(root.path(), line, &[]);
    wait(&mut child, || has_parts(&root.path().join("pictures")));
    send("TERM", &child);
    assert_eq!(end(child).code, Some(130));
    assert!(contents(root.path()) == before);
}
