//! Extends a run, or fixes its weights again, over another part of the run or with other bits.
//!
//! The learning rate and the rest of the weights follow the schedule of the new length from the step that was reached: the
//! rate rises to where a run of that length has it. Weights that rest move again from where they last did, as float
//! weights; the steps with resting weights are made anew at the new end.

use crate::cli::{Failure, budget_option, option};
use crate::run::checkpoint::Checkpoint;
use crate::run::config::{Budget, Choices, Config};
use crate::run::folder::METRICS;
use crate::run::{RunError, RunFolder, read_metrics};
use crate::training::save;

/// What a resumed run goes on from.
pub(super) struct Extension {
    /// Its state.
    pub(super) checkpoint: Checkpoint,
    /// What is other than before, for a person; nothing if all is as it was.
    pub(super) told: String,
}

/// Takes the chosen budget, the part of it in which weights rest, and their bits into `config`. Writes nothing.
///
/// # Errors
/// Nothing is left to do then.
pub(super) fn extend(
    config: &mut Config,
    checkpoint: Checkpoint,
    choices: &Choices,
    folder: &RunFolder<'_>,
) -> Result<Extension, Failure> {
    let (budget, int8_part, weights) = (config.budget, config.int8_part, config.weights);
    config.budget = choices.budget.unwrap_or(budget);
    config.int8_part = choices.int8_part.unwrap_or(int8_part);
    config.weights = choices.weights.unwrap_or(weights);
    let budgets = (budget_option(config.budget), budget_option(budget));
    let parts = (option("int8-part", config.int8_part), option("int8-part", int8_part));
    let precisions = (option("weights", config.weights), option("weights", weights));
    let changed: Vec<_> = [budgets, parts, precisions].into_iter().filter(|(new, old)| new != old).collect();
    if changed.is_empty() {
        return Ok(Extension { checkpoint, told: String::new() });
    }
    let moves_again = checkpoint.before_rest.is_some()
        && (config.budget.exceeds(budget) || config.int8_part != int8_part || config.weights != weights);
    let checkpoint = if moves_again { checkpoint.rewound() } else { checkpoint };
    let (step, seconds) = (checkpoint.now.step, seconds(folder, checkpoint.now.step)?);
    if config.budget.progress(step, seconds) >= 1.0 {
        let chosen: Vec<_> = changed.into_iter().map(|(new, _)| new).collect();
        let (done, more) = match budget {
            Budget::Steps(_) => (format!("made {step} steps"), "--steps"),
            Budget::Minutes(_) => (format!("trained for {:.3} minutes", seconds / 60.0), "--minutes"),
        };
        return Err(Failure::Usage(format!(
            "{}: the run in {} has {done} already, and nothing is left to do; give more {more}, or leave the option out",
            chosen.join(" "),
            folder.path().display()
        )));
    }
    let changes: Vec<_> = changed.into_iter().map(|(new, old)| format!("{new} in place of {old}")).collect();
    let again = if moves_again { "; weights move again from the step at which they were fixed" } else { "" };
    Ok(Extension { checkpoint, told: format!(", with {}{again}", changes.join(" and ")) })
}

/// Writes what a resumption changed, once nothing stands in its way: first the state of an extension, which with the old
/// settings would only make the same steps again, then the settings, where the files lie now, and what is kept in memory.
///
/// # Errors
/// What the system says.
pub(super) fn record(config: &Config, extended: Option<&Checkpoint>, folder: &RunFolder<'_>) -> Result<(), Failure> {
    if let Some(checkpoint) = extended {
        save(checkpoint, config, folder)?;
    }
    let kept: Config = folder.config()?;
    let Config { budget, weights, int8_part, data_dir, cache_dir, accumulate, recompute, distillation, reflow, .. } =
        config.clone();
    let settings = Config {
        budget,
        weights,
        int8_part,
        data_dir,
        cache_dir,
        accumulate,
        recompute,
        distillation,
        reflow,
        ..kept.clone()
    };
    if settings != kept {
        folder.configure(&settings)?;
    }
    Ok(())
}

/// Seconds of training up to a step, as far as they were logged.
pub(super) fn seconds(folder: &RunFolder<'_>, step: u64) -> Result<f64, RunError> {
    let path = folder.file(METRICS);
    if !path.exists() {
        return Ok(0.0);
    }
    Ok(read_metrics(&path)?.iter().rfind(|line| line.step <= step).map_or(0.0, |line| line.seconds))
}
