//! Runs that go on for longer than they were meant to, or whose weights come to rest anew.

use crate::program::{TINY, contents, names, vapo_train};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vapo_format::{Encoding, Model};
use vapo_train::dataset::{Dataset, Split};
use vapo_train::optimiser::learning_rate;
use vapo_train::quantise::{Precision, model_file, parameters};
use vapo_train::run::checkpoint::Checkpoint;
use vapo_train::run::config::{Budget, Config};
use vapo_train::run::{Metrics, read_metrics};
use vapo_train::training::Trainer;

fn config(run: &Path) -> Config {
    serde_json::from_slice(&fs::read(run.join("config.json")).unwrap()).unwrap()
}

fn checkpoint(run: &Path) -> Checkpoint {
    Checkpoint::load(&run.join("checkpoint.safetensors"), &config(run).architecture).unwrap()
}

fn metrics(run: &Path) -> Vec<Metrics> {
    read_metrics(&run.join("metrics.jsonl")).unwrap()
}

/// The run of `config` by the library: its steps up to each number by the schedule of a run of so many as stand beside it.
fn by_hand(config: &Config, parts: &[(u64, u64)]) -> Checkpoint {
    let dataset = Dataset::load(config.dataset, Split::Train, None).unwrap();
    let mut trainer = Trainer::new(config, &dataset).unwrap();
    for &(end, all) in parts {
        let rested = trainer.checkpoint().unwrap().before_rest.is_some();
        trainer = Trainer::restore(config, &dataset, trainer.checkpoint().unwrap().rewound()).unwrap();
        assert!(!rested || trainer.step() < end);
        while trainer.step() < end {
            trainer.advance(Budget::Steps(all).progress(trainer.step(), 0.0)).unwrap();
        }
    }
    trainer.checkpoint().unwrap()
}

#[test]
fn more_steps_extend_a_finished_run_from_its_float_weights() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    vapo_train(root.path(), &format!("{TINY} --steps 300 --out run")).succeeded();
    let files = names(&run);
    let first = fs::read(run.join("model.vapo")).unwrap();
    assert_eq!(checkpoint(&run).before_rest.unwrap().step, 270);
    let told = vapo_train(root.path(), "--resume --steps 500 --out run").succeeded();
    let expected = "resuming run after step 270, with --steps 500 in place of --steps 300; weights move again";
    assert!(told.errors.contains(expected), "{}", told.errors);

    // As if it had been told before its weights came to rest.
    let found = checkpoint(&run);
    assert!(found == by_hand(&config(&run), &[(300, 300), (500, 500)]));
    assert_eq!((found.now.step, found.before_rest.as_ref().unwrap().step), (500, 450));
    assert_eq!(config(&run).budget, Budget::Steps(500));
    assert_eq!(names(&run), files);
    assert_ne!(fs::read(run.join("model.vapo")).unwrap(), first);
    let int8 = fs::read(run.join("model-int8.vapo")).unwrap();
    assert_eq!(int8, model_file(&config(&run).architecture, &found.now.ema, Encoding::Int8).unwrap());

    // The log of the steps that were made anew is theirs, and the learning rate is that of the new length.
    let lines = metrics(&run);
    assert_eq!(lines.iter().map(|line| line.step).collect::<Vec<_>>(), (50..=500).step_by(50).collect::<Vec<_>>());
    for Metrics { step, lr, .. } in lines {
        let progress = (step - 1) as f32 / if step <= 270 { 300.0 } else { 500.0 };
        assert_eq!(lr, learning_rate(config(&run).learning_rate, step - 1, config(&run).warm_up, progress), "{step}");
    }
    // Done again, nothing happens.
    let before = contents(root.path());
    vapo_train(root.path(), "--resume --steps 500 --out run").succeeded();
    vapo_train(root.path(), "--resume --out run").succeeded();
    assert!(contents(root.path()) == before);
}

#[test]
fn a_run_that_has_not_ended_may_be_made_longer_or_shorter() {
    for (steps, parts) in [(90, [(20, 60), (90, 90)]), (30, [(20, 60), (30, 30)])] {
        let root = TempDir::new().unwrap();
        let run = root.path().join("run");
        vapo_train(root.path(), &format!("{TINY} --steps 60 --out run")).succeeded();
        // As a run that was stopped after step 20 leaves its folder.
        let config = config(&run);
        by_hand(&config, &parts[..1]).save(&run.join("checkpoint.safetensors"), &config.architecture).unwrap();
        vapo_train(root.path(), &format!("--resume --steps {steps} --out run")).succeeded();
        assert!(checkpoint(&run) == by_hand(&config, &parts), "{steps}");
    }
}

#[test]
fn an_extension_cut_off_at_its_start_loses_nothing() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    vapo_train(root.path(), &format!("{TINY} --steps 60 --out run")).succeeded();
    let mut before = contents(&run);
    // The state was written, the configuration was not.
    let config = config(&run);
    checkpoint(&run).rewound().save(&run.join("checkpoint.safetensors"), &config.architecture).unwrap();
    vapo_train(root.path(), "--resume --out run").succeeded();
    let mut after = contents(&run);
    for files in [&mut before, &mut after] {
        files.retain(|path, _| !path.ends_with("metrics.jsonl") && !path.ends_with("loss.png"));
    }
    assert!(before == after);
}

#[test]
fn fewer_steps_than_were_made_are_refused_with_their_number() {
    let root = TempDir::new().unwrap();
    vapo_train(root.path(), &format!("{TINY} --steps 60 --out run")).succeeded();
    vapo_train(root.path(), &format!("{TINY} --minutes 0.002 --out timed")).succeeded();
    let before = contents(root.path());
    for (line, parts) in [
        ("--out run --steps 59", ["--steps 59: the run in run has made 60 steps already", "give more --steps"]),
        ("--out run --steps 1", ["--steps 1: the run in run has made 60 steps already", "give more --steps"]),
        (
            "--out timed --minutes 0.001",
            ["--minutes 0.001: the run in timed has trained for 0.0", "give more --minutes"],
        ),
        ("--out timed --steps 9", ["--steps 9: the run in timed has --minutes 0.002", "leave the option out"]),
        ("--out run --minutes 9", ["--minutes 9.0: the run in run has --steps 60", "leave the option out"]),
    ] {
        vapo_train(root.path(), &format!("--resume {line}")).refused(2, &parts);
        assert!(contents(root.path()) == before, "{line}");
    }
}

#[test]
fn more_minutes_extend_a_run_of_minutes() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    vapo_train(root.path(), &format!("{TINY} --minutes 0.005 --out run")).succeeded();
    let first = checkpoint(&run);
    vapo_train(root.path(), "--resume --minutes 0.02 --out run").succeeded();
    let second = checkpoint(&run);
    let rests = |checkpoint: &Checkpoint| checkpoint.before_rest.as_ref().unwrap().step;
    assert!(rests(&second) > rests(&first) && second.now.step > rests(&second), "{} {}", rests(&first), rests(&second));
    assert_eq!(config(&run).budget, Budget::Minutes(0.02));
    assert!(metrics(&run).last().unwrap().seconds >= 1.2);
}

#[test]
fn weights_come_to_rest_anew_in_another_part() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    vapo_train(root.path(), &format!("{TINY} --steps 60 --out run")).succeeded();
    vapo_train(root.path(), "--resume --int8-part 0.05 --out run").succeeded();
    assert_eq!((checkpoint(&run).before_rest.unwrap().step, config(&run).int8_part), (57, 0.05));
    // All steps with float weights: both models are of the same parameters.
    vapo_train(root.path(), "--resume --int8-part 0 --out run").succeeded();
    let found = checkpoint(&run);
    assert!(found == by_hand(&config(&run), &[(54, 60), (60, 60)]));
    assert_eq!((found.before_rest, config(&run).int8_part), (None, 0.0));
    let float = fs::read(run.join("model-float32.vapo")).unwrap();
    assert_eq!(
        float,
        model_file(&Model::parse(&float).unwrap().architecture(), &found.now.ema, Encoding::Float32).unwrap()
    );
    // No step is left for weights to rest in, until there are more.
    let told = vapo_train(root.path(), "--resume --int8-part 0.1 --out run");
    told.refused(2, &["--int8-part 0.1: the run in run has made 60 steps already", "give more --steps"]);
    vapo_train(root.path(), "--resume --int8-part 0.1 --steps 80 --out run").succeeded();
    assert_eq!(checkpoint(&run).before_rest.unwrap().step, 72);
}

#[test]
fn weights_come_to_rest_anew_with_other_bits() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("run");
    vapo_train(root.path(), "--preset digits --batch 8 --weights int4 --steps 20 --out run").succeeded();
    let encoding = |name: &str| Model::parse(&fs::read(run.join(name)).unwrap()).unwrap().encoding();
    let before = names(&run);
    assert_eq!([encoding("model-int4.vapo"), encoding("model.vapo")], [Encoding::Int4, Encoding::Integer4]);
    let told = vapo_train(root.path(), "--resume --weights int6 --out run").succeeded();
    let expected = "resuming run after step 18, with --weights int6 in place of --weights int4; weights move again";
    assert!(told.errors.contains(expected), "{}", told.errors);
    assert!(told.output.contains("\ndrift, float and int6 "), "{}", told.output);
    // The model of before is no more that of the run.
    assert_eq!(names(&run), before.iter().map(|name| name.replace("int4", "int6")).collect::<Vec<_>>());
    assert_eq!([encoding("model-int6.vapo"), encoding("model.vapo")], [Encoding::Int6, Encoding::Integer6]);
    assert_eq!(config(&run).weights, Precision::Int6);
    let found = checkpoint(&run);
    let int6 = model_file(&config(&run).architecture, &found.now.ema, Encoding::Int6).unwrap();
    // Beside weights, the model of the run has the classifier that was learned with it.
    let weights = |file: &[u8]| parameters(&Model::parse(file).unwrap()).unwrap();
    assert!(weights(&fs::read(run.join("model-int6.vapo")).unwrap()) == weights(&int6));
}
