//! Training on a device beside training on the processor.

use crate::dataset::{Dataset, Files, Source, Split};
use crate::objective::Objective;
use crate::run::checkpoint::Checkpoint;
use crate::run::config::{Choices, Config, Device};
use crate::run::preset::Preset;
use crate::training::Trainer;

const OBJECTIVES: [Objective; 3] = [Objective::Flow, Objective::Energy, Objective::VapoBayes];

fn dataset() -> Dataset {
    Dataset::load(Source::Digits, Split::Train, None).unwrap()
}

/// A short run of `tiny`.
fn config(dataset: &Dataset, objective: Objective, choices: Choices) -> Config {
    let preset = Preset::named("tiny").unwrap();
    let (batch, device) = (choices.batch.or(Some(8)), choices.device.or(Some(Device::Cuda)));
    let choices = Choices { objective: Some(objective), batch, device, threads: Some(1), ..choices };
    Config::new(Source::Digits, dataset, &Files::default(), &preset, &choices)
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
        assert!(apart < 1e-6, "{objective:?}: {apart}");
    }
}
