//! What a training step reads and moves, and what a checkpoint keeps of it.

use crate::arithmetic::extent::ExtentError;
use crate::dataset::{Batches, Dataset};
use crate::optimiser::{Ema, Optimiser};
use crate::potential::parameters::{Layout, Place};
use crate::quantise::rounded;
use crate::run::checkpoint::{Checkpoint, Snapshot};
use crate::run::config::Config;
use crate::training::TrainingError;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::num::NonZeroUsize;

/// A training between two steps, without its device: a CUDA device must not leave its thread.
pub(super) struct State<'a> {
    pub(super) config: &'a Config,
    pub(super) dataset: &'a Dataset,
    pub(super) batches: Batches,
    pub(super) layout: Layout,
    /// Steps made.
    pub(super) step: u64,
    pub(super) parameters: Vec<f32>,
    pub(super) optimiser: Optimiser,
    pub(super) ema: Ema,
    pub(super) generator: Xoshiro128PlusPlus,
    /// The state just before weights came to rest where int8 holds them; none while they move.
    pub(super) before_rest: Option<Snapshot>,
}

impl<'a> State<'a> {
    /// Fresh parameters.
    ///
    /// # Errors
    /// A batch that cannot be.
    pub(super) fn new(config: &'a Config, dataset: &'a Dataset) -> Result<Self, TrainingError> {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(config.seed);
        let layout = Layout::new(&config.architecture);
        let parameters = layout.initial(&mut generator);
        let optimiser = Optimiser::new(config.optimiser, &layout).with_decay(config.weight_decay);
        let (batches, ema) = (batches(config, dataset)?, Ema::new(&parameters, config.ema_decay));
        let (step, before_rest) = (0, None);
        Ok(State { config, dataset, batches, layout, step, parameters, optimiser, ema, generator, before_rest })
    }

    /// As a checkpoint of the same run left it.
    ///
    /// # Errors
    /// As [`State::new`]; a checkpoint whose vectors differ in length.
    pub(super) fn restore(
        config: &'a Config,
        dataset: &'a Dataset,
        checkpoint: Checkpoint,
    ) -> Result<Self, TrainingError> {
        let Checkpoint { now, before_rest, run: _ } = checkpoint;
        let Snapshot { step, parameters, ema, first_moment, second_moment, generator } = now;
        let (layout, steps) = (Layout::new(&config.architecture), u32::try_from(step).unwrap_or(u32::MAX));
        let optimiser = match before_rest {
            Some(_) => Optimiser::of_biases(&layout, steps, &first_moment, &second_moment)?,
            None => Optimiser::restore(config.optimiser, &layout, steps, &first_moment, &second_moment)?,
        };
        let optimiser = optimiser.with_decay(config.weight_decay);
        let (batches, ema) = (batches(config, dataset)?, Ema::restore(ema, config.ema_decay, step));
        let generator = generator_of(generator);
        Ok(State { config, dataset, batches, layout, step, parameters, optimiser, ema, generator, before_rest })
    }

    /// What the next step depends on, but for what weights were before they came to rest.
    pub(super) fn snapshot(&self) -> Snapshot {
        let State { step, parameters, optimiser, ema, generator, .. } = self;
        Snapshot {
            step: *step,
            parameters: parameters.clone(),
            ema: ema.average().to_vec(),
            first_moment: optimiser.first_moment(),
            second_moment: optimiser.second_moment(),
            generator: state_of(generator),
        }
    }

    /// Puts the weights, and their moving average, where int8 holds the latter. From then on biases alone move, by Adam, and
    /// make up for what rounding took: the loss is that of the file that is written. The state of before is kept: float weights
    /// are found nowhere else any more.
    pub(super) fn rest(&mut self) -> Result<(), ExtentError> {
        let before = self.snapshot();
        let State { layout, parameters, optimiser, ema, .. } = self;
        let (rounded, mut average) = (rounded(layout, ema.average()), ema.average().to_vec());
        for weights in layout.matrices.iter().map(Place::weight) {
            parameters[weights.clone()].copy_from_slice(&rounded[weights.clone()]);
            average[weights.clone()].copy_from_slice(&rounded[weights]);
        }
        *ema = Ema::restore(average, self.config.ema_decay, ema.updates());
        let steps = u32::try_from(self.step).unwrap_or(u32::MAX);
        *optimiser = Optimiser::of_biases(layout, steps, &optimiser.first_moment(), &optimiser.second_moment())?;
        self.before_rest = Some(before);
        Ok(())
    }
}

/// The batches of a run.
fn batches(config: &Config, dataset: &Dataset) -> Result<Batches, TrainingError> {
    let batch = NonZeroUsize::new(config.batch).ok_or(TrainingError::Batch)?;
    if batch.get() == 1 && !config.objective.is_sum_over_samples() {
        return Err(TrainingError::Lone);
    }
    let images = NonZeroUsize::new(config.draws.images(batch.get())).ok_or(TrainingError::Batch)?;
    Ok(dataset.batches(images, config.seed))
}

/// The generator whose state is `words`.
fn generator_of(words: [u32; 4]) -> Xoshiro128PlusPlus {
    let mut seed = [0; 16];
    seed.as_chunks_mut().0.iter_mut().zip(words).for_each(|(bytes, word)| *bytes = word.to_le_bytes());
    Xoshiro128PlusPlus::from_seed(seed)
}

/// The state of a generator. The crate shows it through serde alone.
fn state_of(generator: &Xoshiro128PlusPlus) -> [u32; 4] {
    #[derive(serde::Deserialize)]
    struct State {
        s: [u32; 4],
    }
    let state = serde_json::to_value(generator).and_then(serde_json::from_value::<State>);
    state.map(|state| state.s).unwrap_or_else(|_| unreachable!("a generator's state is four words"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::Rng;

    #[test]
    fn a_generator_continues_from_its_state() {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(3);
        generator.next_u32();
        let mut restored = generator_of(state_of(&generator));
        assert_eq!(restored.next_u64(), generator.next_u64());
    }
}
