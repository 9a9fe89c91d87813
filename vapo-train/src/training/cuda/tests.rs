//! Training on a device beside training on the processor.

use crate::dataset::{Dataset, Files, Source, Split};
use crate::objective::Objective;
use crate::run::checkpoint::Checkpoint;
use crate::run::config::{Choices, Config, Device};
use crate::run::preset::{Design, Preset};
use crate::training::Trainer;
use std::time::Instant;
use vapo_format::Shape;
use vapo_format::unet::Unet;

const OBJECTIVES: [Objective; 3] = [Objective::Flow, Objective::Energy, Objective::VapoBayes];

fn dataset() -> Dataset {
    Dataset::load(Source::Digits, Split::Train, None).unwrap()
}

/// A short run of `tiny`.
fn config(dataset: &Dataset, objective: Objective, choices: Choices) -> Config {
    config_of(&Preset::named("tiny").unwrap(), dataset, objective, choices)
}

/// A short run of the published network, narrow and shallow.
fn published(dataset: &Dataset, choices: Choices) -> Config {
    let unet = Unet { features: 6, embedding: 5, levels: &[4, 6], blocks: 1, attention: 1, heads: 2, groups: 2 };
    let preset = Preset { design: Design::Unet(unet), ..Preset::named("paper-cifar10").unwrap() };
    config_of(&preset, dataset, Objective::VapoBayes, Choices { batch: Some(4), ..choices })
}

fn config_of(preset: &Preset, dataset: &Dataset, objective: Objective, choices: Choices) -> Config {
    let (batch, device) = (choices.batch.or(Some(8)), choices.device.or(Some(Device::Cuda)));
    let choices = Choices { objective: Some(objective), batch, device, threads: Some(1), ..choices };
    Config::new(Source::Digits, dataset, &Files::default(), preset, &choices)
}

/// The losses of some steps, and what they leave.
fn trained(config: &Config, dataset: &Dataset, steps: u32) -> (Vec<f64>, Checkpoint) {
    let mut trainer = Trainer::new(config, dataset).unwrap();
    let losses = (0..steps).map(|step| trainer.advance(f64::from(step) / f64::from(steps)).unwrap().loss).collect();
    (losses, trainer.checkpoint().unwrap())
}

/// The largest difference, as a part of the largest value.
fn difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0f32, |scale, value| scale.max(value.abs()));
    let difference = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
    let largest =
        difference.fold(0f32, |largest, value| if value > largest || value.is_nan() { value } else { largest });
    if scale > 0.0 { largest / scale } else { largest }
}

/// In f32, whose rounding grows from step to step. Weights that rest are rounded: a step of int8 apart at most where an average lies
/// between two.
#[test]
fn every_objective_trains_as_on_the_processor() {
    let dataset = dataset();
    for objective in OBJECTIVES {
        let runs = [Device::Cpu, Device::Cuda].map(|device| {
            let choices = Choices { device: Some(device), int8_part: Some(0.0), ..Choices::default() };
            trained(&config(&dataset, objective, choices), &dataset, 20)
        });
        let [(expected, of_processor), (found, of_device)] = runs;
        for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let apart = (found - expected).abs() / expected.abs().max(0.1);
            assert!(apart < 1e-5, "{objective:?}, step {step}: {found} is not {expected}");
        }
        for (what, found, expected) in [
            ("parameters", &of_device.now.parameters, &of_processor.now.parameters),
            ("average", &of_device.now.ema, &of_processor.now.ema),
            ("first moment", &of_device.now.first_moment, &of_processor.now.first_moment),
            ("second moment", &of_device.now.second_moment, &of_processor.now.second_moment),
        ] {
            let apart = difference(found, expected);
            assert!(apart < 2e-4, "{objective:?}: {what} differ by {apart}");
        }
        assert!(of_device.now.generator == of_processor.now.generator && of_device.now.step == 20);
    }
}

/// Restored after every step, before and after weights come to rest.
#[test]
fn a_restored_run_goes_on_to_the_same_bytes() {
    let dataset = dataset();
    for objective in OBJECTIVES {
        let config = config(&dataset, objective, Choices { int8_part: Some(0.4), ..Choices::default() });
        let (_, whole) = trained(&config, &dataset, 6);
        let mut trainer = Trainer::new(&config, &dataset).unwrap();
        for step in 0..6 {
            trainer.advance(f64::from(step) / 6.0).unwrap();
            let checkpoint = trainer.checkpoint().unwrap();
            trainer = Trainer::restore(&config, &dataset, checkpoint).unwrap();
        }
        assert!(whole.before_rest.is_some() && trainer.checkpoint().unwrap() == whole, "{objective:?}");
        assert!(trained(&config, &dataset, 6).1 == whole, "{objective:?}, from the start");
    }
}

/// Moments of weights that rest are zero, as on the processor.
#[test]
fn weights_that_rest_have_no_moments() {
    let dataset = dataset();
    let [expected, found] = [Device::Cpu, Device::Cuda].map(|device| {
        let choices = Choices { device: Some(device), int8_part: Some(0.4), ..Choices::default() };
        trained(&config(&dataset, Objective::Flow, choices), &dataset, 6).1
    });
    let zeros = |values: &[f32]| values.iter().map(|value| *value == 0.0).collect::<Vec<_>>();
    assert_eq!(zeros(&found.now.first_moment), zeros(&expected.now.first_moment));
    assert_eq!(zeros(&found.now.second_moment), zeros(&expected.now.second_moment));
}

#[test]
fn computing_again_changes_no_byte() {
    let dataset = dataset();
    for objective in OBJECTIVES {
        let [keeps, again] = [false, true].map(|recompute| {
            let config = config(&dataset, objective, Choices { recompute: Some(recompute), ..Choices::default() });
            trained(&config, &dataset, 3)
        });
        assert!(keeps == again, "{objective:?}");
    }
}

/// Sums of parts of a batch differ by rounding.
#[test]
fn a_batch_in_parts_is_the_batch() {
    let dataset = dataset();
    for objective in OBJECTIVES {
        let [(whole, of_whole), (parts, of_parts)] = [1, 4].map(|accumulate| {
            let config = config(&dataset, objective, Choices { accumulate: Some(accumulate), ..Choices::default() });
            trained(&config, &dataset, 1)
        });
        assert!((whole[0] - parts[0]).abs() < 1e-6 * whole[0].abs(), "{objective:?}: {parts:?} is not {whole:?}");
        let apart = difference(&of_parts.now.first_moment, &of_whole.now.first_moment);
        // The samples of `energy` that share an image cancel: large terms leave a small sum.
        let most = if objective == Objective::Energy { 1e-5 } else { 1e-6 };
        assert!(apart < most, "{objective:?}: {apart}");
    }
}

/// With dropout, in parts and by a loss of the whole batch, computing again or not: to the losses of the processor, and to the same bytes
/// each time. Weights that begin at zero have no gradient at first, so that a few steps are needed.
#[test]
fn the_published_kinds_train_as_on_the_processor() {
    let dataset = dataset();
    let trained_on = |device, accumulate, recompute| {
        let choices = Choices {
            device: Some(device),
            accumulate: Some(accumulate),
            recompute: Some(recompute),
            learning_rate: Some(0.01),
            ..Choices::default()
        };
        let config = Config { warm_up: 0, ..published(&dataset, choices) };
        assert!(config.dropout > 0.0);
        trained(&config, &dataset, 6)
    };
    let (expected, of_processor) = trained_on(Device::Cpu, 1, false);
    let (_, keeps) = trained_on(Device::Cuda, 2, false);
    let (found, of_device) = trained_on(Device::Cuda, 2, true);
    assert!(keeps.now == of_device.now);
    for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let apart = (found - expected).abs() / expected.abs().max(0.1);
        assert!(apart < 1e-5, "step {step}: {found} is not {expected}");
    }
    let apart = difference(&of_device.now.first_moment, &of_processor.now.first_moment);
    assert!(apart < 1e-4, "first moments differ by {apart}");
}

/// A step of the published network as it is: f = 0 at first, so that the last convolution alone has a gradient.
/// Prints how long it took, and the most memory that the program had by then.
#[test]
#[ignore = "takes minutes, and 2 GiB of memory"]
fn the_published_network_takes_a_step() {
    let shape = Shape { channels: 3, height: 8, width: 8 };
    let levels = (0..4 * shape.elements()).map(|index| (index * index % 251) as u8).collect();
    let dataset = Dataset::new("levels", shape, 255, levels, None).unwrap();
    let preset = Preset::named("paper-cifar10").unwrap();
    let choices = Choices { batch: Some(1), ..Choices::default() };
    let config = config_of(&preset, &dataset, Objective::Flow, choices);
    let started = Instant::now();
    let mut trainer = Trainer::new(&config, &dataset).unwrap();
    println!("built in {:?}", started.elapsed());
    let loss = trainer.advance(0.0).unwrap().loss;
    println!("with a step {:?}, loss {loss}", started.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    let moments = trainer.checkpoint().unwrap().now.first_moment;
    assert_eq!(moments.len(), 55_676_419);
    let last = moments.len() - (9 * 256 + 1) * 3;
    assert!(loss.is_finite() && moments.iter().all(|moment| moment.is_finite()));
    assert!(moments[..last].iter().all(|moment| *moment == 0.0) && moments[last..].iter().all(|moment| *moment != 0.0));
}
