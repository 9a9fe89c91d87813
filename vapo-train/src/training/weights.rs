//! The parameters under training and what moves with them, wherever a device keeps them.

use super::TrainingError;
use crate::arithmetic::extent::ExtentError;
use crate::objective::Cotangents;
use crate::potential::{Evaluation, Samples};
use crate::quantise::Precision;
use crate::run::checkpoint::Snapshot;
use std::ops::Range;

/// The parameters under training, the optimiser's moments and the moving average. A step asks for `differentiate`, `clip` and
/// `update`, in this order.
///
/// A device that fails says so by [`TrainingError::Device`], in any of these.
pub(crate) trait Weights {
    /// The loss of a batch: the sum of what `loss` returns for its parts. The gradient of the parameters stays until the
    /// next call. With `rounding`, both are those of the rounded parameters, and the parameters stay as they are.
    ///
    /// # Errors
    /// Those of `loss`.
    fn differentiate(
        &mut self,
        samples: Samples<'_, f32>,
        rounding: Option<Precision>,
        parts: Parts,
        loss: &Loss<'_>,
    ) -> Result<f64, TrainingError>;

    /// Shortens the gradient to a norm of at most `limit`. Returns its norm before, or none where the gradient holds a value
    /// that is infinite or not a number; it stays as it is then. Weights that rest have no part in it.
    fn clip(&mut self, limit: f32) -> Result<Option<f32>, TrainingError>;

    /// Moves the parameters against the gradient, then the moving average towards the parameters.
    fn update(&mut self, learning_rate: f32) -> Result<(), TrainingError>;

    /// A copy of all that moved.
    fn read(&self) -> Result<Moved, TrainingError>;

    /// Goes on from `moved`. From now on `moving` moves, and all else rests.
    ///
    /// # Errors
    /// Vectors that have not a value a parameter.
    fn write(&mut self, moved: &Moved, moving: Moving) -> Result<(), TrainingError>;
}

/// What samples of a range of the batch add to its loss, and how that changes with their evaluation.
pub(crate) type Loss<'a> = dyn Fn(&Evaluation<f32>, Range<usize>) -> Result<Cotangents, ExtentError> + Sync + 'a;

/// How a batch may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// As suits the device: the loss is a sum over samples.
    Shards,
    /// Not at all: the loss is one of all samples.
    Whole,
}

/// What moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moving {
    /// All parameters, by the rule of the run.
    All,
    /// Biases, by Adam.
    Biases,
}

/// What updates move: vectors of a value a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moved {
    /// Updates made.
    pub(crate) updates: u64,
    /// Weights and biases.
    pub(crate) parameters: Vec<f32>,
    /// Their moving average.
    pub(crate) average: Vec<f32>,
    /// The optimiser's mean of the gradient; zero for what rests.
    pub(crate) first_moment: Vec<f32>,
    /// The optimiser's mean of the squared gradient; zero for what rests, and for what Muon moves.
    pub(crate) second_moment: Vec<f32>,
}

impl Moved {
    /// What a checkpoint keeps of it, beside the state of a random generator.
    pub(crate) fn snapshot(self, generator: [u32; 4]) -> Snapshot {
        let Moved { updates: step, parameters, average: ema, first_moment, second_moment } = self;
        Snapshot { step, parameters, ema, first_moment, second_moment, generator }
    }

    /// As a checkpoint kept it.
    pub(crate) fn of(snapshot: Snapshot) -> Self {
        let Snapshot { step: updates, parameters, ema: average, first_moment, second_moment, generator: _ } = snapshot;
        Moved { updates, parameters, average, first_moment, second_moment }
    }

    /// Before the first update.
    pub(crate) fn fresh(parameters: Vec<f32>) -> Self {
        let zeros = vec![0.0; parameters.len()];
        let (average, first_moment) = (parameters.clone(), zeros.clone());
        Moved { updates: 0, parameters, average, first_moment, second_moment: zeros }
    }
}
