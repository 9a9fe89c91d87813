//! What a training step reads beside the weights, and what a checkpoint keeps of both.

use crate::arithmetic::random::uniform;
use crate::dataset::{Batches, Dataset};
use crate::optimiser::{Clip, Rule};
use crate::path::{Coupling, Draws};
use crate::potential::parameters::{Layout, Place};
use crate::quantise::{Precision, rounded};
use crate::run::checkpoint::{Checkpoint, Snapshot};
use crate::run::config::Config;
use crate::training::TrainingError;
use crate::training::coupling::Coupler;
use crate::training::distillation::Distiller;
use crate::training::reflow::Pairs;
use crate::training::weights::{Moved, Moving, Weights};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::num::NonZeroUsize;

/// The part of the budget after which the loss is that of rounded weights. Its gradient goes straight through the rounding, to
/// weights that keep all their bits (Bengio et al. 2013, arXiv:1308.3432): they settle where rounding them costs little. 8 bits
/// are so fine that this would only have weights gather where they round up half of the time.
const ROUNDED_FROM: f64 = 0.5;

/// A training between two steps, without its weights: a device keeps these.
pub(super) struct State<'a> {
    pub(super) config: &'a Config,
    pub(super) dataset: &'a Dataset,
    pub(super) batches: Batches,
    pub(super) layout: Layout,
    /// Steps made.
    pub(super) step: u64,
    pub(super) generator: Xoshiro128PlusPlus,
    /// The state just before weights came to rest where the model file holds them; none while they move.
    pub(super) before_rest: Option<Snapshot>,
    /// What assigns noise to images, where it is not any.
    pub(super) coupler: Option<Coupler>,
    /// What judges samples of few evaluations, where a run learns to draw these.
    pub(super) distiller: Option<Distiller<'a>>,
    /// The ends of a teacher's ways, where a run learns from these in place of data.
    pub(super) pairs: Option<Pairs<'a>>,
}

impl<'a> State<'a> {
    /// A new run, and its weights: random ones, or those of the model that it begins as.
    ///
    /// # Errors
    /// A batch, a distillation or a reflow that cannot be.
    pub(super) fn new(
        config: &'a Config,
        dataset: &'a Dataset,
        teacher: Option<Vec<f32>>,
    ) -> Result<(Self, Moved), TrainingError> {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(config.seed);
        let (layout, batches) = (Layout::new(&config.architecture), batches(config, dataset)?);
        let coupler = coupler(config)?;
        if config.start.is_some() && teacher.is_none() {
            return Err(TrainingError::Start);
        }
        let moved = Moved::fresh(teacher.clone().unwrap_or_else(|| layout.initial(&mut generator)));
        let Taught { distiller, pairs } = taught(config, dataset, teacher)?;
        let (step, before_rest) = (0, None);
        let state = State { config, dataset, batches, layout, step, generator, before_rest, coupler, distiller, pairs };
        Ok((state, moved))
    }

    /// As a checkpoint of the same run left it, and its weights.
    ///
    /// # Errors
    /// As [`State::new`].
    pub(super) fn restore(
        config: &'a Config,
        dataset: &'a Dataset,
        teacher: Option<Vec<f32>>,
        checkpoint: Checkpoint,
    ) -> Result<(Self, Moved), TrainingError> {
        let Checkpoint { now, before_rest, run: _ } = checkpoint;
        let (step, generator) = (now.step, generator_of(now.generator));
        let (layout, batches) = (Layout::new(&config.architecture), batches(config, dataset)?);
        let coupler = coupler(config)?;
        let Taught { distiller, pairs } = taught(config, dataset, teacher)?;
        let moved = Moved::of(now);
        let state = State { config, dataset, batches, layout, step, generator, before_rest, coupler, distiller, pairs };
        Ok((state, moved))
    }

    /// The classes of images, some of them dropped; nothing where the potential has no classes, and then no number is drawn.
    pub(super) fn classes(&mut self, indices: &[usize]) -> Vec<Option<u16>> {
        let Some(labels) = self.labels(indices) else { return Vec::new() };
        let unconditional = self.config.unconditional;
        let dropped = |class: Option<u16>| class.filter(|_| uniform(&mut self.generator) >= unconditional);
        labels.into_iter().map(dropped).collect()
    }

    /// The classes of images; none where the potential has no classes.
    pub(super) fn labels(&self, indices: &[usize]) -> Option<Vec<Option<u16>>> {
        let labels = self.dataset.labels().filter(|_| self.config.architecture.classes > 0)?;
        Some(indices.iter().map(|&index| Some(u16::from(labels[index]))).collect())
    }

    /// What moves from now on.
    pub(super) fn moving(&self) -> Moving {
        if self.before_rest.is_some() { Moving::Biases } else { Moving::All }
    }

    /// What the next step depends on, but for what weights were before they came to rest.
    pub(super) fn snapshot(&self, moved: Moved) -> Snapshot {
        moved.snapshot(state_of(&self.generator))
    }

    /// What the weights are rounded to before the next step's loss: from [`ROUNDED_FROM`] on, where they will have few bits.
    pub(super) fn rounding(&self, progress: f64) -> Option<Precision> {
        let few = self.config.weights != Precision::Int8;
        (few && progress >= ROUNDED_FROM && self.before_rest.is_none()).then_some(self.config.weights)
    }

    /// Puts the weights, and their moving average, where the model file holds the latter. From then on biases alone move, by Adam, and
    /// make up for what rounding took: the loss is that of the file that is written. The state of before is kept: float weights
    /// are found nowhere else any more.
    pub(super) fn rest(&mut self, weights: &mut dyn Weights) -> Result<(), TrainingError> {
        let mut moved = weights.read()?;
        let before = self.snapshot(moved.clone());
        let rounded = rounded(&self.layout, &moved.average, self.config.weights);
        for place in self.layout.matrices.iter().map(Place::weight) {
            moved.parameters[place.clone()].copy_from_slice(&rounded[place.clone()]);
            moved.average[place.clone()].copy_from_slice(&rounded[place]);
        }
        weights.write(&moved, Moving::Biases)?;
        self.before_rest = Some(before);
        Ok(())
    }
}

/// What a run has of its teacher.
#[derive(Default)]
struct Taught<'a> {
    distiller: Option<Distiller<'a>>,
    pairs: Option<Pairs<'a>>,
}

/// What a run that begins as another model has of this one. Refuses such a run without its teacher, and a teacher of any other run.
fn taught<'a>(
    config: &'a Config,
    dataset: &'a Dataset,
    teacher: Option<Vec<f32>>,
) -> Result<Taught<'a>, TrainingError> {
    let distillation = |cause| Err(TrainingError::Distillation { cause });
    match (&config.distillation, &config.reflow, teacher) {
        (None, None, None) => Ok(Taught::default()),
        // Its weights are all that such a run has of a model.
        (None, None, Some(_)) if config.start.is_some() => Ok(Taught::default()),
        (Some(settings), None, Some(teacher)) => {
            Ok(Taught { distiller: Some(Distiller::new(config, settings, dataset, &teacher)?), ..Taught::default() })
        }
        (None, Some(settings), Some(teacher)) => {
            Ok(Taught { pairs: Some(Pairs::new(config, settings, dataset, &teacher)?), ..Taught::default() })
        }
        (Some(_), Some(_), _) => distillation("the run learns from pairs too: distil what came out of --reflow"),
        (Some(_), None, None) => distillation("the teacher's parameters are missing"),
        (None, Some(_), None) => {
            Err(TrainingError::Reflow { cause: "the teacher's parameters are missing".to_owned() })
        }
        (None, None, Some(_)) => distillation("the run learns from data, and has no teacher"),
    }
}

/// What assigns noise to a run's images, where it is not any.
fn coupler(config: &Config) -> Result<Option<Coupler>, TrainingError> {
    match (config.coupling, config.draws) {
        (Coupling::Independent, _) => Ok(None),
        (Coupling::Ot, Draws::Independent) => Coupler::new(config.pool, config.batch).map(Some),
        (Coupling::Ot, Draws::Antithetic | Draws::Common) => Err(TrainingError::Coupling),
    }
}

/// The batches of a run.
fn batches(config: &Config, dataset: &Dataset) -> Result<Batches, TrainingError> {
    let batch = NonZeroUsize::new(config.batch).ok_or(TrainingError::Batch)?;
    if !(0.0..1.0).contains(&config.dropout) {
        return Err(TrainingError::Dropout { found: config.dropout });
    }
    if batch.get() == 1 && !config.objective.is_sum_over_samples() {
        return Err(TrainingError::Lone);
    }
    if config.clip == Clip::SecondMoment && config.optimiser != Rule::Adam {
        return Err(TrainingError::Clip);
    }
    if !config.batch.is_multiple_of(config.accumulate) {
        return Err(TrainingError::Accumulate { accumulate: config.accumulate, batch: config.batch });
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
    use crate::dataset::{Files, Source, Split};
    use crate::run::config::Choices;
    use crate::run::preset::Preset;
    use crate::run::start::Start;
    use rand_core::Rng;

    #[test]
    fn a_run_that_begins_as_a_model_is_refused_without_it() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("tiny").unwrap();
        let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &Choices::default());
        let config = Config { start: Some(Start { model: "m.vapo".into(), sha256: "00".into() }), ..config };
        assert!(matches!(State::new(&config, &dataset, None), Err(TrainingError::Start)));
        let parameters = vec![0.5; config.architecture.parameters()];
        let (state, moved) = State::new(&config, &dataset, Some(parameters.clone())).ok().unwrap();
        assert!(state.distiller.is_none() && state.pairs.is_none());
        assert_eq!(moved.parameters, parameters);
        let config = Config { start: None, ..config };
        assert!(State::new(&config, &dataset, Some(parameters)).is_err());
    }

    #[test]
    fn a_generator_continues_from_its_state() {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(3);
        generator.next_u32();
        let mut restored = generator_of(state_of(&generator));
        assert_eq!(restored.next_u64(), generator.next_u64());
    }
}
