//! Runs that are interrupted, and go on.

use crate::process::{send, started};
use crate::program::{Outcome, RUN_FILES, TINY, contents, names, outcome, vapo_train};
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use vapo_train::run::checkpoint::Checkpoint;
use vapo_train::run::config::Config;
use vapo_train::run::read_metrics;

/// Long enough that it is interrupted before it ends.
const STEPS: u64 = 1000;

/// Runs the program until it has logged some steps, and interrupts it.
fn interrupted(root: &Path, line: &str, logged: usize) -> Outcome {
    let child = started(root, line, logged);
    send("INT", &child);
    outcome(child.wait_with_output().unwrap())
}

/// A root with a run `run` that was interrupted after its first logged steps.
fn interrupted_run() -> TempDir {
    let root = TempDir::new().unwrap();
    let told = interrupted(root.path(), &format!("{TINY} --steps {STEPS} --out run"), 1);
    assert_eq!(told.code, Some(130), "{}", told.errors);
    root
}

/// The command that an interrupted run says to go on with, less the program's name.
fn advice(told: &Outcome) -> &str {
    let advice = told.errors.lines().find_map(|line| line.split_once("to continue: vapo-train "));
    advice.unwrap_or_else(|| panic!("no advice in: {}", told.errors)).1
}

/// The files that must not depend on interruptions.
fn result(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = contents(run);
    files.retain(|path, _| !["metrics.jsonl", "loss.png"].iter().any(|name| path.ends_with(name)));
    files
}

fn steps(run: &Path) -> Vec<u64> {
    read_metrics(&run.join("metrics.jsonl")).unwrap().iter().map(|line| line.step).collect()
}

/// Replaces text in a file of the run.
fn edit(run: &Path, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(run.join(name)).unwrap();
    assert!(text.contains(from), "no {from:?} in: {text}");
    fs::write(run.join(name), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn an_interrupted_run_saves_what_it_has_and_says_how_to_go_on() {
    for signal in ["INT", "TERM", "HUP"] {
        let root = TempDir::new().unwrap();
        let child = started(root.path(), &format!("{TINY} --steps {STEPS} --out run"), 1);
        send(signal, &child);
        let told = outcome(child.wait_with_output().unwrap());
        assert_eq!((told.code, told.output.as_str()), (Some(130), ""), "{}", told.errors);
        assert_eq!(advice(&told), "--resume --out run");
        let run = root.path().join("run");
        assert_eq!(names(&run), ["checkpoint.safetensors", "config.json", "loss.png", "metrics.jsonl"]);
        let stopped = steps(&run).pop().unwrap();
        assert!(told.errors.contains(&format!("stopped after step {stopped};")), "{}", told.errors);
        // A model of what it learned so far, by the line that is printed.
        let (_, line) = told.errors.split_once("so far: vapo-train ").unwrap();
        assert_eq!(line.trim_end(), format!("--resume --out run --steps {}", stopped + 1));
        vapo_train(root.path(), line.trim_end()).succeeded();
        assert_eq!(names(&run), RUN_FILES);
    }
}

#[test]
fn a_run_of_minutes_that_was_stopped_ends_by_the_line_that_it_prints() {
    let root = TempDir::new().unwrap();
    let child = started(root.path(), &format!("{TINY} --minutes 30 --out run"), 1);
    send("INT", &child);
    let told = outcome(child.wait_with_output().unwrap());
    let (_, line) = told.errors.split_once("so far: vapo-train ").unwrap();
    assert!(line.contains("--minutes 0."), "{line}");
    vapo_train(root.path(), line.trim_end()).succeeded();
    assert_eq!(names(&root.path().join("run")), RUN_FILES);
}

#[test]
fn a_run_interrupted_twice_ends_with_the_bytes_of_one_that_never_was() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    let first = interrupted(root.path(), &format!("{TINY} --steps {STEPS} --seed 3 --out run"), 1);
    assert_eq!(first.code, Some(130));
    let logged = steps(&run);
    let second = interrupted(root.path(), advice(&first), logged.len() + 1);
    assert_eq!(second.code, Some(130));
    let stops = [*logged.last().unwrap(), *steps(&run).last().unwrap()];
    let last = vapo_train(root.path(), advice(&second)).succeeded();
    assert!(last.errors.contains(&format!("resuming run after step {}", stops[1])), "{}", last.errors);
    assert_eq!(names(&run), RUN_FILES);

    vapo_train(root.path(), &format!("{TINY} --steps {STEPS} --seed 3 --out whole")).succeeded();
    assert!(result(&run) == result(&root.path().join("whole")));
    // The log has a line more for each stop, and its time goes on.
    let mut expected: Vec<u64> = (50..=STEPS).step_by(50).chain(stops).collect();
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(steps(&run), expected);
    let lines = read_metrics(&run.join("metrics.jsonl")).unwrap();
    assert!(lines.is_sorted_by(|a, b| a.seconds < b.seconds), "{lines:?}");
}

/// Its moments decide what is clipped, so they have to go on too.
#[test]
fn a_run_clipped_by_its_second_moment_goes_on_to_the_same_bytes() {
    let root = TempDir::new().unwrap();
    let line = |clip, out| format!("{TINY} --steps 300 --objective energy --clip {clip} --out {out}");
    let first = interrupted(root.path(), &line("second-moment", "run"), 1);
    assert_eq!(first.code, Some(130));
    vapo_train(root.path(), advice(&first)).succeeded();
    for (clip, out) in [("second-moment", "whole"), ("norm", "other")] {
        vapo_train(root.path(), &line(clip, out)).succeeded();
    }
    let [run, whole, other] = ["run", "whole", "other"].map(|out| result(&root.path().join(out)));
    assert!(run == whole);
    assert!(run[Path::new("checkpoint.safetensors")] != other[Path::new("checkpoint.safetensors")]);
}

#[test]
fn a_run_that_crashed_after_its_checkpoint_forgets_what_came_later() {
    let root = interrupted_run();
    let run = root.path().join("run");
    let saved = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let line = |step: u64| {
        format!(r#"{{"step":{step},"loss":9.0,"lr":0.1,"grad_norm":1.0,"images_per_s":1.0,"seconds":1000.0}}"#)
    };
    // Two later steps, and a third that was being written.
    fs::write(run.join("metrics.jsonl"), format!("{saved}{}\n{}\n{}", line(800), line(850), &line(900)[..30])).unwrap();
    vapo_train(root.path(), "--resume --out run --threads 2").succeeded();
    vapo_train(root.path(), &format!("{TINY} --steps {STEPS} --out whole")).succeeded();
    assert!(result(&run) == result(&root.path().join("whole")));
    assert!(fs::read_to_string(run.join("metrics.jsonl")).unwrap().starts_with(&saved));
    assert!(read_metrics(&run.join("metrics.jsonl")).unwrap().iter().all(|line| line.loss < 9.0));
}

#[test]
fn a_finished_run_resumed_stays_as_it_is() {
    let root = TempDir::new().unwrap();
    let first = vapo_train(root.path(), &format!("{TINY} --steps 70 --out run")).succeeded();
    let before = contents(root.path());
    let again = vapo_train(root.path(), "--resume --out run").succeeded();
    assert!(contents(root.path()) == before);
    assert_eq!(again.output, first.output);
    // Results that got lost are made again.
    for name in [
        "model.vapo",
        "model.json",
        "model-int8.vapo",
        "model-float32.vapo",
        "samples.png",
        "samples-integer.png",
        "loss.png",
    ] {
        fs::remove_file(root.path().join("run").join(name)).unwrap();
    }
    vapo_train(root.path(), "--resume --out run").succeeded();
    assert!(contents(root.path()) == before);
}

#[test]
fn other_settings_are_refused_and_the_same_are_not() {
    let root = interrupted_run();
    let before = contents(root.path());
    for (chosen, found) in [
        ("--seed 4", "--seed 0"),
        ("--batch 16", "--batch 8"),
        ("--lr 0.002", "--lr 0.004"),
        ("--preset digits", "--preset tiny"),
        ("--dataset mnist", "--dataset digits"),
        ("--objective energy", "--objective flow"),
        ("--homotopy bayes", "--homotopy linear"),
        ("--times uniform", "--times logit-normal"),
        ("--draws antithetic", "--draws independent"),
        ("--weight-decay 0.1", "--weight-decay 0.3"),
        ("--optimiser adam", "--optimiser muon"),
        ("--clip second-moment", "--clip norm"),
        ("--device cuda", "--device cpu"),
        ("--minutes 1.5", "--steps 1000"),
    ] {
        let told = vapo_train(root.path(), &format!("--resume --out run {chosen}"));
        told.refused(2, &[&format!("{chosen}: the run in run has {found},"), "leave the option out"]);
        assert!(contents(root.path()) == before, "{chosen}");
    }
    let same = "--seed 0 --lr 0.004 --dataset digits --objective flow --homotopy linear --device cpu";
    vapo_train(root.path(), &format!("--resume --out run {TINY} --steps {STEPS} {same}")).succeeded();
    assert_eq!(names(&root.path().join("run")), RUN_FILES);
}

#[test]
fn what_is_kept_in_memory_changes_no_byte_and_may_be_chosen_anew() {
    let root = TempDir::new().unwrap();
    // Shards of the whole batch, which `energy` keeps or computes again.
    let train = |line: &str| {
        vapo_train(root.path(), &format!("--preset tiny --batch 80 --objective energy --threads 2 {line}"))
    };
    let model = |run: &str| {
        let mut files = result(&root.path().join(run));
        files.remove(Path::new("config.json")).unwrap();
        files
    };
    for (out, chosen) in [("whole", ""), ("parts", "--accumulate 4"), ("again", "--recompute")] {
        train(&format!("--steps 30 {chosen} --out {out}")).succeeded();
    }
    assert!(model("whole") == model("parts"));
    assert!(model("whole") == model("again"));

    let before = contents(root.path());
    train("--resume --out parts --steps 40 --accumulate 7")
        .refused(2, &["--accumulate 7", "--batch 80", "give 5 or 8"]);
    assert!(contents(root.path()) == before);
    train("--resume --out whole --steps 40").succeeded();
    train("--resume --out parts --steps 40 --accumulate 5 --recompute").succeeded();
    assert!(model("whole") == model("parts"));
    // The choice is remembered: the run goes on in as little memory.
    train("--resume --out parts").succeeded();
    let config: Config = serde_json::from_slice(&fs::read(root.path().join("parts/config.json")).unwrap()).unwrap();
    assert_eq!((config.accumulate, config.recompute), (5, true));
}

#[test]
fn where_there_is_no_run_nothing_is_resumed_and_nothing_made() {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), "--resume").refused(1, &["runs/digits holds no run", "config.json"]);
    vapo_train(root.path(), "--resume --dataset mnist").refused(1, &["runs/mnist holds no run"]);
    vapo_train(root.path(), "--resume --out absent").refused(1, &["absent holds no run"]);
    assert_eq!(names(root.path()), [""; 0]);
    assert!(!root.path().join("runs").exists() && !root.path().join("absent").exists());
}

/// `tests/data/run-of-layers` was interrupted at step 113 by a program that wrote networks down by their layers.
#[test]
fn a_run_of_before_there_were_nodes_goes_on_to_the_bytes_of_one_of_now() {
    let root = TempDir::new().unwrap();
    let run = |name: &str| root.path().join(name);
    fs::create_dir(run("old")).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/run-of-layers");
    for name in ["config.json", "metrics.jsonl", "checkpoint.safetensors"] {
        fs::copy(data.join(name), run("old").join(name)).unwrap();
    }
    assert!(fs::read_to_string(run("old/config.json")).unwrap().contains(r#""layers""#));
    // A checkpoint of another run is still told: the digest is that of before.
    vapo_train(root.path(), &format!("{TINY} --seed 1 --steps 5 --out other")).succeeded();
    let checkpoint = fs::read(run("old/checkpoint.safetensors")).unwrap();
    fs::copy(run("other/checkpoint.safetensors"), run("old/checkpoint.safetensors")).unwrap();
    vapo_train(root.path(), "--resume --out old").refused(1, &["the checkpoint is of another run"]);
    fs::write(run("old/checkpoint.safetensors"), checkpoint).unwrap();

    vapo_train(root.path(), "--resume --out old").succeeded();
    vapo_train(root.path(), &format!("{TINY} --steps {STEPS} --out new")).succeeded();
    for name in ["checkpoint.safetensors", "model.vapo", "model-int8.vapo", "model-float32.vapo", "samples-integer.png"]
    {
        assert!(fs::read(run("old").join(name)).unwrap() == fs::read(run("new").join(name)).unwrap(), "{name}");
    }
}

#[test]
fn a_run_without_a_checkpoint_is_told_from_a_damaged_one() {
    let root = TempDir::new().unwrap();
    // Killed before the first checkpoint is due.
    let mut child = started(root.path(), &format!("{TINY} --steps 1000000 --out run"), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut before = contents(root.path());
    assert_eq!(names(&root.path().join("run")), [".vapo-train.lock", "config.json", "metrics.jsonl"]);
    vapo_train(root.path(), "--resume --out run").refused(1, &["the run in run has no checkpoint yet", "--force"]);
    before.remove(Path::new("run/.vapo-train.lock")).unwrap();
    assert!(contents(root.path()) == before);
}

#[test]
fn a_damaged_checkpoint_is_refused_and_kept() {
    let root = interrupted_run();
    let path = root.path().join("run/checkpoint.safetensors");
    let good = fs::read(&path).unwrap();
    let mut header = good.clone();
    header[20] ^= 0xff;
    // The lowest bit of a weight.
    let mut one = good.clone();
    let file = SafeTensors::deserialize(&good).unwrap();
    let bias = file.tensor("ema.nodes.6.bias").unwrap().data();
    one[bias.as_ptr() as usize - good.as_ptr() as usize] ^= 1;
    let cases: [(&[u8], &str); 5] = [
        (b"", "safetensors"),
        (b"not a checkpoint at all", "safetensors"),
        (&good[..good.len() - 1], "safetensors"),
        (&header, "safetensors"),
        (&one, "SHA-256"),
    ];
    for (bytes, part) in cases {
        fs::write(&path, bytes).unwrap();
        let before = contents(root.path());
        vapo_train(root.path(), "--resume --out run").refused(1, &["run/checkpoint.safetensors: ", part]);
        assert!(contents(root.path()) == before);
    }
    // One of another network.
    vapo_train(root.path(), "--preset digits --batch 1 --steps 1 --out other").succeeded();
    fs::copy(root.path().join("other/checkpoint.safetensors"), &path).unwrap();
    let before = contents(root.path());
    vapo_train(root.path(), "--resume --out run")
        .refused(1, &["run/checkpoint.safetensors: ", "expected `parameters."]);
    assert!(contents(root.path()) == before);
    fs::write(&path, good).unwrap();
    vapo_train(root.path(), "--resume --out run").succeeded();
}

#[test]
fn a_checkpoint_of_another_run_is_refused_and_kept() {
    let root = interrupted_run();
    let path = root.path().join("run/checkpoint.safetensors");
    let good = fs::read(&path).unwrap();
    for (options, part) in [
        ("--batch 8 --steps 5 --seed 1", "other images, seed, batch"),
        ("--batch 9 --steps 5", "other images, seed, batch"),
        ("--batch 8 --steps 5 --flip", "other settings of a step"),
        ("--batch 8 --steps 5 --times uniform", "other settings of a step"),
        ("--batch 8 --steps 5 --draws antithetic", "other settings of a step"),
        ("--batch 8 --steps 5 --optimiser adam", "other settings of a step"),
        ("--batch 8 --steps 1001", "it has 1001 steps, more than --steps 1000"),
    ] {
        vapo_train(root.path(), &format!("--preset tiny --no-classes {options} --out other --force")).succeeded();
        fs::copy(root.path().join("other/checkpoint.safetensors"), &path).unwrap();
        let before = contents(root.path());
        for more in ["", "--steps 2000"] {
            vapo_train(root.path(), &format!("--resume --out run {more}"))
                .refused(1, &["run/checkpoint.safetensors: the checkpoint is of another run", part]);
            assert!(contents(root.path()) == before);
        }
    }
    fs::write(&path, good).unwrap();
    vapo_train(root.path(), "--resume --out run").succeeded();
}

#[test]
fn a_configuration_that_says_what_nobody_reads_is_refused_by_name() {
    let root = interrupted_run();
    let run = root.path().join("run");
    let good = fs::read(run.join("config.json")).unwrap();
    for (from, to, part) in [
        (r#""seed""#, r#""momentum": 0.3, "seed""#, "unknown field `momentum`"),
        (r#""seed""#, r#""dropout": 1.0, "seed""#, "dropout is a share from 0 to below 1, found 1"),
        (r#""homotopy""#, r#""attention": 1, "homotopy""#, "unknown field `attention`"),
        (r#""height""#, r#""depth": 3, "height""#, "unknown field `depth`"),
        (r#""channels": 4"#, r#""channels": 4, "kernel": 5"#, "unknown field `kernel`"),
        (r#""silu""#, r#""tanh""#, "unknown variant `tanh`"),
        (r#""seed": 0,"#, "", "missing field `seed`"),
        (r#""flow""#, r#""mse""#, "unknown variant `mse`"),
        (r#""batch": 8"#, r#""batch": -8"#, "invalid value: integer `-8`"),
        (r#""batch": 8"#, r#""batch": 0"#, "at least one image"),
        (r#""height": 8"#, r#""height": 7"#, "must tile the input"),
        ("{", "", "config.json, line"),
    ] {
        edit(&run, "config.json", from, to);
        let before = contents(root.path());
        vapo_train(root.path(), "--resume --out run").refused(1, &[part]);
        assert!(contents(root.path()) == before, "{part}");
        fs::write(run.join("config.json"), &good).unwrap();
    }
    edit(&run, "metrics.jsonl", r#""step""#, r#""stop""#);
    let before = contents(root.path());
    vapo_train(root.path(), "--resume --out run").refused(1, &["run/metrics.jsonl, line 1: missing field `step`"]);
    assert!(contents(root.path()) == before);
}

#[test]
fn a_run_that_diverges_keeps_its_last_good_checkpoint() {
    let root = interrupted_run();
    let run = root.path().join("run");
    let step = steps(&run).pop().unwrap();
    edit(&run, "config.json", r#""learning_rate": 0.004"#, r#""learning_rate": 1e30"#);
    // The checkpoint of a run that had this rate from the start.
    let config: Config = serde_json::from_slice(&fs::read(run.join("config.json")).unwrap()).unwrap();
    let checkpoint = run.join("checkpoint.safetensors");
    let of_run = Checkpoint::load(&checkpoint, &config.architecture).unwrap();
    Checkpoint { run: config.digest(), ..of_run }.save(&checkpoint, &config.architecture).unwrap();
    let good = fs::read(&checkpoint).unwrap();
    let told = vapo_train(root.path(), "--resume --out run");
    let (diverged, kept) = (format!("diverged at step {}:", step + 2), format!("checkpoint of step {step} is kept"));
    told.refused(1, &[&diverged, &kept]);
    assert!(fs::read(run.join("checkpoint.safetensors")).unwrap() == good);
    assert!(!run.join("model.vapo").exists());
}
