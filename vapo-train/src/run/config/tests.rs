//! Tests of the settings: what tells one run from another.

use super::*;
use crate::dataset::Split;
use vapo_format::Homotopy;

fn config() -> Config {
    Config { unconditional: 0.0, ..of_classes(false) }
}

fn of_classes(classes: bool) -> Config {
    let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
    let preset = Preset::named("tiny").unwrap();
    Config::new(
        Source::Digits,
        &dataset,
        &Files::default(),
        &preset,
        &Choices { classes: Some(classes), ..Choices::default() },
    )
}

fn taught(evaluations: u16) -> Distillation {
    Distillation { teacher: "teacher.vapo".into(), sha256: "00".into(), evaluations }
}

fn straightened(pairs: u64, real: f32) -> Reflow {
    Reflow { teacher: "teacher.vapo".into(), sha256: "00".into(), pairs, real }
}

fn started(sha256: &str) -> Start {
    Start { model: "model.vapo".into(), sha256: sha256.into() }
}

#[test]
fn what_decides_the_parameters_tells_a_run_from_others() {
    let run = of_classes(true);
    assert!(!run.is_of(&config().digest().unwrap()));
    let others: [fn(&mut Config); 28] = [
        |run| run.unconditional = 0.2,
        |run| run.labels = Some("00".into()),
        |run| run.images.as_mut().unwrap().images += 1,
        |run| drop(run.architecture.nodes.pop()),
        |run| run.architecture.homotopy = Homotopy::Bayes,
        |run| run.objective = Objective::Energy,
        |run| run.flip = true,
        |run| run.times = Times::Uniform,
        |run| run.draws = Draws::Antithetic,
        |run| run.optimiser = Rule::Adam,
        |run| run.weight_decay = 0.0,
        |run| run.batch += 1,
        |run| run.learning_rate *= 2.0,
        |run| run.warm_up += 1,
        |run| run.clip = Clip::SecondMoment,
        |run| run.clip_norm = 0.5,
        |run| run.ema_decay = 0.5,
        |run| run.data_noise = 0.0,
        |run| run.seed = 1,
        |run| run.coupling = Coupling::Ot,
        |run| (run.coupling, run.pool) = (Coupling::Ot, 1024),
        |run| run.distillation = Some(taught(2)),
        |run| run.distillation = Some(taught(4)),
        |run| run.reflow = Some(straightened(100, 0.25)),
        |run| run.reflow = Some(straightened(200, 0.25)),
        |run| run.reflow = Some(straightened(100, 0.5)),
        |run| run.start = Some(started("00")),
        |run| run.start = Some(started("01")),
    ];
    for (index, change) in others.iter().enumerate() {
        let mut other = run.clone();
        change(&mut other);
        assert!(!run.is_of(&other.digest().unwrap()), "{index}");
    }
    let same: [fn(&mut Config); 8] = [
        |run| run.budget = Budget::Steps(7),
        |run| run.int8_part = 0.5,
        |run| run.weights = Precision::Int4,
        |run| run.data_dir = Some("elsewhere".into()),
        |run| run.cache_dir = Some("elsewhere".into()),
        |run| run.accumulate = 4,
        |run| run.recompute = true,
        |run| run.threads += 1,
    ];
    for (index, change) in same.iter().enumerate() {
        let mut other = run.clone();
        change(&mut other);
        assert!(run.is_of(&other.digest().unwrap()), "{index}");
    }
}

#[test]
fn the_published_network_is_clipped_as_published_where_adam_moves_it() {
    let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
    let clip = |preset: &str, choices: &Choices| {
        let preset = Preset::named(preset).unwrap();
        Config::new(Source::Digits, &dataset, &Files::default(), &preset, choices).clip
    };
    let usual = Choices::default();
    assert_eq!(clip("paper-cifar10", &usual), Clip::SecondMoment);
    assert_eq!(clip("paper-celeba", &usual), Clip::SecondMoment);
    assert_eq!(clip("tiny", &usual), Clip::Norm);
    assert_eq!(clip("tiny", &Choices { objective: Some(Objective::VapoBayes), ..usual.clone() }), Clip::Norm);
    assert_eq!(clip("paper-cifar10", &Choices { optimiser: Some(Rule::Muon), ..usual.clone() }), Clip::Norm);
    assert_eq!(clip("paper-cifar10", &Choices { clip: Some(Clip::Norm), ..usual }), Clip::Norm);
}

/// The digest that version 0.1.0 wrote first, of this very run.
#[test]
fn the_digest_of_fewer_settings_is_accepted() {
    let earlier = [
        0xca, 0x61, 0xa6, 0x24, 0x04, 0x8a, 0x98, 0xa5, 0x85, 0x17, 0x1f, 0xdf, 0x5c, 0xda, 0x80, 0xce, 0x84, 0xb4,
        0xf2, 0x2c, 0xea, 0x48, 0x3f, 0x52, 0x9a, 0x04, 0x0b, 0x17, 0xe5, 0x0d, 0xd0, 0x24,
    ];
    let run = config();
    assert!(run.is_of(&earlier));
    assert!(run.digest() != Some(earlier));
    assert!(!Config { seed: 1, ..run }.is_of(&earlier));
}
