//! Weights on a CUDA device. Images, times and noise go there; potentials and drifts come back, on which the loss is computed; the
//! gradient, the moments and the average stay.

#[cfg(test)]
mod tests;

use super::TrainingError;
use super::shards::concatenated;
use super::weights::{Loss, Moved, Moving, Parts, Weights};
use crate::arithmetic::extent::check;
use crate::cuda::{DeviceError, Network, Options, Trainer, Vector};
use crate::optimiser::Moves;
use crate::potential::Samples;
use crate::potential::parameters::Layout;
use crate::quantise::{Precision, rounded};
use crate::run::config::Config;
use dfdx::prelude::Cuda;
use std::ops::Range;

/// Weights on the first CUDA device.
pub(super) struct CudaWeights<'a> {
    config: &'a Config,
    layout: Layout,
    cuda: Cuda,
    /// None between two programs alone.
    trainer: Option<Trainer>,
    updates: u64,
}

impl From<DeviceError> for TrainingError {
    fn from(error: DeviceError) -> Self {
        TrainingError::Device { cause: error.into() }
    }
}

impl<'a> CudaWeights<'a> {
    /// Goes on from `moved`.
    ///
    /// # Errors
    /// [`TrainingError::Device`] where there is none, or too little memory; as [`Weights::write`].
    pub(super) fn new(
        config: &'a Config,
        layout: &Layout,
        moved: &Moved,
        moving: Moving,
    ) -> Result<Self, TrainingError> {
        let cuda = crate::cuda::open()?;
        let mut weights = CudaWeights { config, layout: layout.clone(), cuda, trainer: None, updates: 0 };
        weights.write(moved, moving)?;
        Ok(weights)
    }

    /// Images of each part of a batch.
    fn part(&self) -> usize {
        self.config.batch / self.config.accumulate
    }

    fn parts(&self) -> impl Iterator<Item = Range<usize>> + Clone + use<> {
        let part = self.part();
        (0..self.config.accumulate).map(move |index| index * part..(index + 1) * part)
    }

    fn trainer(&mut self) -> &mut Trainer {
        self.trainer.as_mut().unwrap_or_else(|| unreachable!("weights were written"))
    }
}

impl CudaWeights<'_> {
    /// The loss and the gradient of the parameters as they are.
    fn differentiate_there(
        &mut self,
        samples: Samples<'_, f32>,
        parts: Parts,
        loss: &Loss<'_>,
    ) -> Result<f64, TrainingError> {
        let (of_parts, accumulate) = (self.parts(), self.config.accumulate);
        let trainer = self.trainer();
        // The loss of a whole batch needs all parts evaluated first. The second pass needs what the first leaves, so a part is then
        // evaluated once more, unless it is the only one.
        if parts == Parts::Whole && accumulate > 1 {
            let evaluated: Result<Vec<_>, _> =
                of_parts.clone().map(|part| trainer.evaluate(samples.slice(part))).collect();
            let cotangents = loss(&concatenated(evaluated?), 0..samples.times.len())?;
            for part in of_parts {
                trainer.evaluate(samples.slice(part.clone()))?;
                trainer.differentiate(cotangents.seeds().slice(part.clone()), part.start > 0)?;
            }
            return Ok(cotangents.loss);
        }
        let mut sum = 0.0;
        for part in of_parts {
            let evaluation = trainer.evaluate(samples.slice(part.clone()))?;
            let cotangents = loss(&evaluation, part.clone())?;
            trainer.differentiate(cotangents.seeds(), part.start > 0)?;
            sum += cotangents.loss;
        }
        Ok(sum)
    }
}

impl Weights for CudaWeights<'_> {
    fn differentiate(
        &mut self,
        samples: Samples<'_, f32>,
        rounding: Option<Precision>,
        parts: Parts,
        loss: &Loss<'_>,
    ) -> Result<f64, TrainingError> {
        let Some(precision) = rounding else { return self.differentiate_there(samples, parts, loss) };
        // The host rounds: once a step all parameters come and go twice, which takes less time than a part of a batch.
        let parameters = self.trainer().read(Vector::Parameters)?;
        let rounded = rounded(&self.layout, &parameters, precision);
        self.trainer().write(Vector::Parameters, &rounded)?;
        let loss = self.differentiate_there(samples, parts, loss);
        self.trainer().write(Vector::Parameters, &parameters)?;
        loss
    }

    fn clip(&mut self, limit: f32) -> Result<Option<f32>, TrainingError> {
        let norm = self.trainer().clip(limit)?;
        Ok(norm.is_finite().then_some(norm as f32))
    }

    fn update(&mut self, learning_rate: f32) -> Result<(), TrainingError> {
        let Config { clip, ema_decay, .. } = *self.config;
        let update = self.updates + 1;
        self.trainer().update(update, clip, learning_rate, ema_decay)?;
        self.updates = update;
        Ok(())
    }

    fn read(&self) -> Result<Moved, TrainingError> {
        let trainer = self.trainer.as_ref().unwrap_or_else(|| unreachable!("weights were written"));
        Ok(Moved {
            updates: self.updates,
            parameters: trainer.read(Vector::Parameters)?,
            average: trainer.read(Vector::Average)?,
            first_moment: trainer.read(Vector::First)?,
            second_moment: trainer.read(Vector::Second)?,
        })
    }

    fn write(&mut self, moved: &Moved, moving: Moving) -> Result<(), TrainingError> {
        let Moved { updates, parameters, average, first_moment, second_moment } = moved;
        let vectors = [
            ("the parameters", Vector::Parameters, parameters),
            ("the moving average", Vector::Average, average),
            ("the first moment", Vector::First, first_moment),
            ("the second moment", Vector::Second, second_moment),
        ];
        for (what, _, values) in vectors {
            check(what, values, self.layout.len())?;
        }
        let &Config { ref architecture, objective, weight_decay, optimiser, recompute, dropout, .. } = self.config;
        let moves = match moving {
            Moving::All => Moves::by(optimiser, &self.layout),
            Moving::Biases => Moves::of_biases(&self.layout),
        };
        let options = Options { images: self.part(), time_rate: objective.needs_time_rate(), recompute, dropout };
        // What was there before gives its memory back first.
        self.trainer = None;
        let network = Network::training(architecture, options, &moves, weight_decay);
        let mut trainer = Trainer::new(&self.cuda, network)?;
        for (_, vector, values) in vectors {
            // What rests has no moments.
            let of_moving = matches!(vector, Vector::First | Vector::Second).then(|| only(values, &moves.ranges()));
            trainer.write(vector, of_moving.as_ref().unwrap_or(values))?;
        }
        self.trainer = Some(trainer);
        self.updates = *updates;
        Ok(())
    }
}

/// The values of some ranges, and zero elsewhere.
fn only(values: &[f32], ranges: &[Range<usize>]) -> Vec<f32> {
    let mut only = vec![0.0; values.len()];
    ranges.iter().for_each(|range| only[range.clone()].copy_from_slice(&values[range.clone()]));
    only
}
