//! Everything that decides what a run computes, written to its folder before training and read back to resume.

mod choices;

use crate::dataset::{Dataset, Files, Fingerprint, Preparation, SeriesOptions, Source};
use crate::objective::Objective;
use crate::optimiser::{Clip, Rule};
use crate::path::{Coupling, Draws, Times};
use crate::potential::encoder::{self, Network};
use crate::quantise::Precision;
use crate::run::distillation::Distillation;
use crate::run::preset::Preset;
use crate::run::reflow::Reflow;
use crate::run::start::Start;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use vapo_format::Architecture;

pub use choices::Choices;

/// How long to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// Optimiser steps: the same bytes on every run.
    Steps(u64),
    /// Minutes of training: as many steps as the machine makes.
    Minutes(f64),
}

impl Budget {
    /// Whether the other counts the same: steps as this one, or minutes.
    pub fn is_like(self, other: Budget) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// Whether it is more than another one that counts the same.
    pub fn exceeds(self, other: Budget) -> bool {
        match (self, other) {
            (Budget::Steps(one), Budget::Steps(other)) => one > other,
            (Budget::Minutes(one), Budget::Minutes(other)) => one > other,
            _ => false,
        }
    }

    /// How much of the budget is used, 0 to 1, after `steps` steps and `seconds`.
    pub fn progress(self, steps: u64, seconds: f64) -> f64 {
        let used = match self {
            Budget::Steps(all) => steps as f64 / all as f64,
            Budget::Minutes(all) => seconds / (60.0 * all),
        };
        used.clamp(0.0, 1.0)
    }
}

/// What computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// Threads of the processor
    #[default]
    Cpu,
    /// The first CUDA device, in programs built with `--features cuda`
    Cuda,
}

/// Settings of a run, `config.json` in its folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What to learn from.
    pub dataset: Source,
    /// Which images it had when the run began; unknown in runs of before this was kept.
    #[serde(default)]
    pub images: Option<Fingerprint>,
    /// SHA-256, in hexadecimal, of the classes of these images, where the run learns classes; unknown in runs of before this was
    /// kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
    /// Where its files are; the usual places if none.
    pub data_dir: Option<PathBuf>,
    /// Where its prepared images are kept; the usual places if none.
    #[serde(default)]
    pub cache_dir: Option<PathBuf>,
    /// What is done to every image; none where they are used as they are.
    #[serde(default)]
    pub preparation: Option<Preparation>,
    /// How a series is read and cut into windows; none for images. Its scaling is the architecture's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesOptions>,
    /// Whether images are mirrored at random.
    #[serde(default)]
    pub flip: bool,
    /// Name of the network.
    pub preset: String,
    /// The network itself, and the homotopy; by its blocks in runs of before there were nodes.
    #[serde(deserialize_with = "encoder::deserialize")]
    pub architecture: Architecture,
    /// Share of the images whose class is not told, so that the potential of whatever class is learned too.
    #[serde(default)]
    pub unconditional: f32,
    /// The model that is learned from in place of data; none for all other runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distillation: Option<Distillation>,
    /// The model whose ways are straightened; none for all other runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reflow: Option<Reflow>,
    /// The model whose weights the run begins with; none for a run that begins with random ones, or has a teacher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// The loss.
    pub objective: Objective,
    /// Which times of the path a batch looks at.
    #[serde(default = "uniform")]
    pub times: Times,
    /// What samples of a batch share.
    #[serde(default = "independent")]
    pub draws: Draws,
    /// Which noise belongs to which image.
    #[serde(default, skip_serializing_if = "is_independent")]
    pub coupling: Coupling,
    /// Images among which noise is assigned, where it is.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pool: usize,
    /// How gradients become steps.
    #[serde(default = "adam")]
    pub optimiser: Rule,
    /// Part of themselves, in units of the learning rate, that the weights which Muon moves lose every step.
    #[serde(default)]
    pub weight_decay: f32,
    /// When to stop.
    pub budget: Budget,
    /// Weights that the training ends with.
    #[serde(default)]
    pub weights: Precision,
    /// Part of the budget, at its end, in which weights rest where the model file holds them and biases alone move.
    #[serde(default)]
    pub int8_part: f64,
    /// Images a step.
    pub batch: usize,
    /// Parts that a step's images are computed in, one after the other. What is sampled does not depend on it, but for
    /// rounding.
    #[serde(default = "whole")]
    pub accumulate: usize,
    /// Whether what a pass leaves to the next is computed again rather than kept.
    #[serde(default)]
    pub recompute: bool,
    /// Peak learning rate.
    pub learning_rate: f32,
    /// Steps in which the learning rate rises to its peak.
    pub warm_up: u64,
    /// How the gradient is clipped.
    #[serde(default, skip_serializing_if = "is_by_norm")]
    pub clip: Clip,
    /// Largest norm of the gradient, where it is clipped by its norm; longer ones are shortened to it.
    pub clip_norm: f32,
    /// Decay of the moving average of the parameters.
    pub ema_decay: f32,
    /// Standard deviation of the Gaussian noise added to the data, which blurs the steps between grey levels.
    pub data_noise: f32,
    /// Part of the activations of residual blocks that a step leaves out at random, where the network has a place for it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub dropout: f32,
    /// Seed of everything random.
    pub seed: u64,
    /// What computes.
    pub device: Device,
    /// Threads to train on. The result does not depend on it.
    pub threads: usize,
}

/// What runs used before there was a choice.
fn uniform() -> Times {
    Times::Uniform
}

/// What runs used before there was a choice.
fn independent() -> Draws {
    Draws::Independent
}

/// Whether gradients are clipped by their norm: then files are as before there was a choice.
fn is_by_norm(clip: &Clip) -> bool {
    *clip == Clip::Norm
}

/// Whether noise is any: then files are as before there was a choice.
fn is_independent(coupling: &Coupling) -> bool {
    *coupling == Coupling::Independent
}

/// Whether there are no pools.
fn is_zero(pool: &usize) -> bool {
    *pool == 0
}

/// Whether nothing is left out: then files are as before there was a choice.
fn is_none(dropout: &f32) -> bool {
    *dropout == 0.0
}

/// Images of a pool where no number is chosen, about.
const POOL: usize = 512;

/// What runs used before there was a choice.
fn adam() -> Rule {
    Rule::Adam
}

/// What runs used before there was a choice.
fn whole() -> usize {
    1
}

/// The rule where none is chosen. Muon's steps have one size in all directions: they follow the noise of `energy`'s gradients, and
/// diverge. `vapo-bayes` was published with Adam.
pub fn usual_rule(objective: Objective) -> Rule {
    if objective == Objective::Flow { Rule::Muon } else { Rule::Adam }
}

/// The rule for a preset where none is chosen: its own, or else that of the objective.
pub fn usual_rule_of(preset: &Preset, objective: Objective) -> Rule {
    preset.training.rule.unwrap_or_else(|| usual_rule(objective))
}

impl Config {
    /// The settings for a data set and a preset.
    pub fn new(source: Source, dataset: &Dataset, files: &Files, preset: &Preset, choices: &Choices) -> Self {
        let objective = choices.objective.unwrap_or_default();
        let usual = source.has_usual_classes() && preset.training.classes;
        let classes = if choices.classes.unwrap_or(usual) { dataset.classes() } else { 0 };
        let optimiser = choices.optimiser.unwrap_or_else(|| usual_rule_of(preset, objective));
        // Only Adam has the moment by which it clips.
        let usual_clip = if optimiser == Rule::Adam { preset.training.clip } else { Clip::Norm };
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Config {
            dataset: source,
            images: Some(dataset.fingerprint()),
            labels: dataset.labels_digest().filter(|_| classes > 0),
            data_dir: files.data_dir.clone(),
            cache_dir: files.cache_dir.clone(),
            preparation: files.preparation,
            series: dataset.series().map(|series| files.series.clone().unwrap_or_default().of(series)),
            flip: choices.flip.unwrap_or(source.flips()),
            preset: preset.name.into(),
            architecture: Architecture {
                scaling: dataset.scaling().iter().copied().collect(),
                ..preset.conditional(dataset.shape(), choices.homotopy.unwrap_or_default(), classes)
            },
            unconditional: choices.unconditional_of(classes),
            distillation: None,
            reflow: None,
            start: None,
            objective,
            times: choices.times.unwrap_or(if objective == Objective::VapoBayes {
                Times::Uniform
            } else {
                Times::LogitNormal
            }),
            draws: choices.draws.unwrap_or(if objective == Objective::Energy {
                Draws::Common
            } else {
                Draws::Independent
            }),
            coupling: choices.coupling.unwrap_or_default(),
            pool: match choices.coupling {
                Some(Coupling::Ot) => choices.pool.unwrap_or_else(|| {
                    let batch = choices.batch.unwrap_or(preset.training.batch);
                    POOL.next_multiple_of(batch.max(1))
                }),
                _ => 0,
            },
            optimiser,
            // Of the weights that Muon moves: there are no others that decay.
            weight_decay: choices.weight_decay.unwrap_or(if optimiser == Rule::Muon { 0.3 } else { 0.0 }),
            budget: choices.budget.unwrap_or(Budget::Steps(preset.training.steps)),
            weights: choices.weights.unwrap_or_default(),
            int8_part: choices.int8_part.unwrap_or(preset.training.int8_part),
            batch: choices.batch.unwrap_or(preset.training.batch),
            accumulate: choices.accumulate.unwrap_or_else(whole),
            recompute: choices.recompute.unwrap_or_default(),
            learning_rate: choices.learning_rate.unwrap_or(preset.training.learning_rate),
            warm_up: preset.training.warm_up,
            clip: choices.clip.unwrap_or(usual_clip),
            clip_norm: 1.0,
            ema_decay: preset.training.ema_decay,
            data_noise: choices.data_noise.unwrap_or_else(|| dataset.usual_noise()),
            dropout: preset.training.dropout,
            seed: choices.seed.unwrap_or(0),
            device: choices.device.unwrap_or_default(),
            threads: choices.threads.unwrap_or_else(cores),
        }
    }

    /// Tells the run from others: SHA-256 over all that decides its parameters. Neither its length, which can be extended, nor
    /// where its files lie, nor what computes is in it. None for a run that does not know its images.
    pub fn digest(&self) -> Option<[u8; 32]> {
        let settings = self.digest_of_settings()?;
        // As before labels were kept, for a run without.
        self.labels.as_ref().map_or(Some(settings), |labels| sha256(&(settings, labels)))
    }

    fn digest_of_settings(&self) -> Option<[u8; 32]> {
        // No field goes unnamed, so that a new one is decided on.
        let Config {
            images,
            flip,
            times,
            draws,
            coupling,
            pool,
            batch,
            data_noise,
            seed,
            architecture,
            unconditional,
            distillation,
            reflow,
            start,
            objective,
            optimiser,
            weight_decay,
            learning_rate,
            warm_up,
            clip,
            clip_norm,
            ema_decay,
            dropout,
            labels: _,
            dataset: _,
            preset: _,
            preparation: _,
            series: _,
            data_dir: _,
            cache_dir: _,
            budget: _,
            weights: _,
            int8_part: _,
            accumulate: _,
            recompute: _,
            device: _,
            threads: _,
        } = self;
        let drawn = (images.as_ref()?, flip, times, draws, batch, data_noise, seed);
        let moved = (optimiser, weight_decay, learning_rate, warm_up, clip_norm, ema_decay);
        // As before there were classes, for a run without.
        let classes = (architecture.classes > 0).then_some(unconditional);
        let parts = (Network::of(architecture), objective, drawn, moved);
        // As before there were distillations, for any other run.
        let taught = distillation.as_ref().map(|taught| (&taught.sha256, taught.evaluations));
        // As before there were couplings, likewise.
        let coupled = (*coupling != Coupling::Independent).then_some((coupling, pool));
        // As before there were reflows, likewise.
        let straightened = reflow.as_ref().map(|reflow| (&reflow.sha256, reflow.pairs, reflow.real));
        // As before runs could begin with a model's weights, for any other run.
        if let Some(Start { sha256: model, .. }) = start {
            return sha256(&(parts, classes, taught, coupled, straightened, dropout, clip, model));
        }
        // As before there was a choice of clipping, for a run that has none of it.
        if *clip != Clip::Norm {
            return sha256(&(parts, classes, taught, coupled, straightened, dropout, clip));
        }
        // As before there was dropout, for a run without.
        if *dropout > 0.0 {
            return sha256(&(parts, classes, taught, coupled, straightened, dropout));
        }
        match (classes, taught, coupled, straightened) {
            (None, None, None, None) => sha256(&parts),
            (Some(_), None, None, None) => sha256(&(parts, classes)),
            (_, _, _, None) => sha256(&(parts, classes, taught, coupled)),
            _ => sha256(&(parts, classes, taught, coupled, straightened)),
        }
    }

    /// The largest norm that a step leaves a gradient.
    pub fn longest_gradient(&self) -> f32 {
        match self.clip {
            Clip::Norm => self.clip_norm,
            Clip::SecondMoment => f32::INFINITY,
        }
    }

    /// The option that the run has a teacher by, with the teacher's file and its SHA-256; none of a run that learns from data.
    pub fn teacher(&mut self) -> Option<(&'static str, &mut PathBuf, &str)> {
        match (&mut self.distillation, &mut self.reflow) {
            (Some(taught), _) => Some(("--distil", &mut taught.teacher, &taught.sha256)),
            (None, Some(taught)) => Some(("--reflow", &mut taught.teacher, &taught.sha256)),
            (None, None) => None,
        }
    }

    /// Whether a checkpoint with the digest `run` is of this run. Checkpoints of earlier versions have the digest of fewer
    /// settings, and are accepted by it.
    pub fn is_of(&self, run: &[u8; 32]) -> bool {
        let Config { images, seed, batch, objective, architecture, .. } = self;
        let earlier = || sha256(&(images.as_ref()?, seed, batch, objective, Network::of(architecture)));
        match self.digest() {
            None => true,
            Some(digest) => digest == *run || earlier().is_some_and(|earlier| earlier == *run),
        }
    }

    /// Where the samples are and how they are made.
    pub fn files(&self) -> Files {
        let Config { data_dir, cache_dir, preparation, series, .. } = self.clone();
        let scaling = series.is_some().then(|| self.architecture.scaling.to_vec());
        Files { data_dir, cache_dir, preparation, series, scaling }
    }
}

/// The digest of settings as JSON.
fn sha256(settings: &impl Serialize) -> Option<[u8; 32]> {
    Some(Sha256::digest(serde_json::to_vec(settings).ok()?).into())
}

#[cfg(test)]
mod tests;
