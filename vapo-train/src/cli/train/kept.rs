//! What a resumed run keeps: its samples and its settings.

use super::Arguments;
use crate::cli::{Code, Failure, budget_option, note, option, option_value};
use crate::dataset::{Dataset, SeriesOptions, Size};
use crate::run::config::Config;
use std::path::Path;

/// Refuses images other than those that the run began with, and other classes of them where it learns classes.
pub(super) fn same_images(config: &Config, dataset: &Dataset, path: &Path) -> Result<(), Failure> {
    let (expected, found) = (config.architecture.signal, dataset.shape());
    if found != expected {
        let samples = config.dataset.samples();
        return Err(Failure::Refused(
            Code::RunOther,
            format!("the {samples} of {} are {found}, the run's are {expected}", config.dataset),
        ));
    }
    let found = dataset.fingerprint();
    match &config.images {
        None => note(&format!(
            "the run in {} does not say which images it began with: take care that they are these",
            path.display()
        )),
        Some(expected) if *expected != found => {
            let order =
                if expected.images == found.images { "; the same ones in another order are others" } else { "" };
            let found =
                format!("expected {}, found {}{order}", expected.told(config.dataset), found.told(config.dataset));
            return Err(others(config.dataset.samples(), &found, config, path));
        }
        Some(_) => {}
    }
    same_classes(config, dataset, path)
}

/// Likewise of the classes alone.
fn same_classes(config: &Config, dataset: &Dataset, path: &Path) -> Result<(), Failure> {
    let expected = config.architecture.classes;
    if expected == 0 {
        return Ok(());
    }
    let found = match dataset.labels() {
        None => {
            let why = dataset.label_fault().map_or_else(String::new, |fault| format!(" ({fault})"));
            format!("expected {expected} classes, found no labels{why}")
        }
        Some(_) if dataset.classes() > expected => format!("expected {expected} classes, found {}", dataset.classes()),
        Some(_) if config.labels.is_none() => {
            note(&format!(
                "the run in {} does not say which labels it began with: take care that they are these",
                path.display()
            ));
            return Ok(());
        }
        Some(_) if config.labels == dataset.labels_digest() => return Ok(()),
        Some(_) => format!("expected the labels that it had, found others for the same {}", config.dataset.samples()),
    };
    Err(others("classes", &found, config, path))
}

/// That the data set has others than the run began with, and what to do.
fn others(what: &str, found: &str, config: &Config, path: &Path) -> Failure {
    Failure::Refused(
        Code::RunOther,
        format!(
            "the {what} of {} are not those that the run in {} began with: {found}; give where the former are with --data-dir, or begin \
             another run with --out",
            config.dataset,
            path.display()
        ),
    )
}

/// What was chosen when a run began cannot be chosen anew.
pub(super) fn keeps_settings(arguments: &Arguments, config: &Config, path: &Path) -> Result<(), Failure> {
    let choices = arguments.choices();
    let homotopy = config.architecture.homotopy;
    let unset = || "data to learn from".to_owned();
    let pairs = [
        (arguments.dataset.as_ref().map(|name| option("dataset", name)), option("dataset", config.dataset)),
        (arguments.preset.as_ref().map(|name| option("preset", name)), option("preset", &config.preset)),
        (choices.objective.map(|objective| option("objective", objective)), option("objective", config.objective)),
        (choices.times.map(|times| option("times", times)), option("times", config.times)),
        (choices.draws.map(|draws| option("draws", draws)), option("draws", config.draws)),
        (choices.coupling.map(|coupling| option("coupling", coupling)), option("coupling", config.coupling)),
        (choices.pool.map(|pool| option("pool", pool)), option("pool", config.pool)),
        (choices.optimiser.map(|rule| option("optimiser", rule)), option("optimiser", config.optimiser)),
        (choices.clip.map(|clip| option("clip", clip)), option("clip", config.clip)),
        (choices.homotopy.map(|homotopy| option("homotopy", homotopy)), option("homotopy", homotopy)),
        (choices.weight_decay.map(|decay| option("weight-decay", decay)), option("weight-decay", config.weight_decay)),
        (
            choices.unconditional.map(|share| option("unconditional", share)),
            option("unconditional", config.unconditional),
        ),
        (
            arguments.evaluations.map(|evaluations| option("evaluations", evaluations)),
            config.distillation.as_ref().map_or_else(unset, |taught| option("evaluations", taught.evaluations)),
        ),
        (
            arguments.pairs.map(|pairs| option("pairs", pairs)),
            config.reflow.as_ref().map_or_else(unset, |taught| option("pairs", taught.pairs)),
        ),
        (
            arguments.real.map(|share| option("real", share)),
            config.reflow.as_ref().map_or_else(unset, |taught| option("real", taught.real)),
        ),
        (choices.batch.map(|batch| option("batch", batch)), option("batch", config.batch)),
        (choices.learning_rate.map(|rate| option("lr", rate)), option("lr", config.learning_rate)),
        (choices.data_noise.map(|noise| option("data-noise", noise)), option("data-noise", config.data_noise)),
        (choices.device.map(|device| option("device", device)), option("device", config.device)),
        (choices.seed.map(|seed| option("seed", seed)), option("seed", config.seed)),
        // More of the same extends the run: see `extend`.
        (
            choices.budget.filter(|chosen| !chosen.is_like(config.budget)).map(budget_option),
            budget_option(config.budget),
        ),
    ];
    let flip = |flip| if flip { "--flip".to_owned() } else { "--no-flip".to_owned() };
    let classes = |classes| if classes { "--classes".to_owned() } else { "--no-classes".to_owned() };
    let classes = (choices.classes.map(classes), classes(config.architecture.classes > 0));
    let flips = (choices.flip.map(flip), flip(config.flip));
    let image = config.architecture.signal;
    let prepared = arguments.files.chosen().into_iter().map(|(name, value)| {
        let found = config.preparation.map(|preparation| match name {
            "crop" => preparation.crop.to_string(),
            "size" => Size { height: image.height, width: image.width }.to_string(),
            "filter" => option_value(&preparation.filter),
            "background" => preparation.background.to_string(),
            _ => image.channels.to_string(),
        });
        let found = found.unwrap_or_else(|| "unset".to_owned());
        (Some(format!("--{name} {value}")), format!("--{name} {found}"))
    });
    let series =
        arguments.files.chosen_series().into_iter().map(|(name, value)| {
            (Some(format!("--{name} {value}")), format!("--{name} {}", series_option(config, name)))
        });
    for (chosen, found) in pairs.into_iter().chain([flips, classes]).chain(prepared).chain(series) {
        if let Some(chosen) = chosen.filter(|chosen| *chosen != found) {
            return Err(Failure::Refused(
                Code::RunSettings,
                format!(
                    "{chosen}: the run in {} has {found}, and a resumed run keeps its settings; leave the option out, or \
                 begin another run with --out",
                    path.display()
                ),
            ));
        }
    }
    Ok(())
}

/// An option of a run's series, as it would be typed.
fn series_option(config: &Config, name: &str) -> String {
    let unset = || "unset".to_owned();
    let Some(SeriesOptions { window, stride, columns, labels, normal, rate }) = config.series.clone() else {
        return unset();
    };
    let found = match name {
        "window" => window.map(|window| window.to_string()),
        "stride" => stride.map(|stride| stride.to_string()),
        "columns" => (!columns.is_empty()).then(|| columns.join(",")),
        "labels" => labels,
        "normal" => normal,
        _ => rate.map(|rate| rate.to_string()),
    };
    found.unwrap_or_else(unset)
}
