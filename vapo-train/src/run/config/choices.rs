//! What a person chose of a run's settings.

use super::{Budget, Device};
use crate::objective::Objective;
use crate::optimiser::{Clip, Rule};
use crate::path::{Coupling, Draws, Times};
use crate::quantise::Precision;
use vapo_format::Homotopy;

/// Settings that a person chose; the preset and the data set decide the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// Mirrored images, or what is usual for the data set.
    pub flip: Option<bool>,
    /// Whether a class is learned, or what is usual for the data set.
    pub classes: Option<bool>,
    /// Share of the images whose class is not told, or three tenths.
    pub unconditional: Option<f32>,
    /// Objective, or `flow`.
    pub objective: Option<Objective>,
    /// Times, or uniform ones for `vapo-bayes` and logit-normal ones for the others.
    pub times: Option<Times>,
    /// Draws, or common ones for `energy` and independent ones for the others.
    pub draws: Option<Draws>,
    /// Coupling, or an independent one.
    pub coupling: Option<Coupling>,
    /// Images among which noise is assigned, or as many batches as have 512 of them.
    pub pool: Option<usize>,
    /// Rule, or Muon for `flow` and Adam for the others.
    pub optimiser: Option<Rule>,
    /// Homotopy, or `linear`.
    pub homotopy: Option<Homotopy>,
    /// Budget, or the preset's steps.
    pub budget: Option<Budget>,
    /// Clipping, or as published for the published network moved by Adam, and by the norm for all else.
    pub clip: Option<Clip>,
    /// Decay of the weights that Muon moves, or 0.3; 0 for other rules.
    pub weight_decay: Option<f32>,
    /// Weights that the training ends with, or int8.
    pub weights: Option<Precision>,
    /// Part of the budget in which weights rest, or a tenth.
    pub int8_part: Option<f64>,
    /// Images a step, or the preset's.
    pub batch: Option<usize>,
    /// Parts of a step's images, or one.
    pub accumulate: Option<usize>,
    /// Computing again, or keeping.
    pub recompute: Option<bool>,
    /// Peak learning rate, or the preset's.
    pub learning_rate: Option<f32>,
    /// Standard deviation of the noise added to the data, or what is usual for the data set.
    pub data_noise: Option<f32>,
    /// Seed, or 0.
    pub seed: Option<u64>,
    /// Device, or the CPU.
    pub device: Option<Device>,
    /// Threads, or one a core.
    pub threads: Option<usize>,
}

impl Choices {
    /// The share of the images whose class is not told, in a run of so many classes.
    pub fn unconditional_of(&self, classes: u16) -> f32 {
        if classes > 0 { self.unconditional.unwrap_or(0.3) } else { 0.0 }
    }
}
