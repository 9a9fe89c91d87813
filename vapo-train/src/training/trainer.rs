//! One optimiser step, and the state that it moves: a batch from the data set along the homotopy, the drift, the
//! objective, the exact gradient, the optimiser, the moving average.

use crate::arithmetic::extent::ExtentError;
use crate::dataset::{Batches, Dataset, Flips};
use crate::optimiser::{Ema, Optimiser, clip, learning_rate};
use crate::path::Batch;
use crate::path::Path;
use crate::potential::parameters::{Layout, Place};
use crate::quantise::rounded;
use crate::run::checkpoint::{Checkpoint, Snapshot};
use crate::run::config::Config;
use crate::training::engine::Differentiate;
use crate::training::{Engine, TrainingError};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro128PlusPlus;
use rayon::prelude::*;
use std::num::NonZeroUsize;
use vapo_sampler::Noise;

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Loss of the step's batch, before the update.
    pub loss: f64,
    /// Learning rate.
    pub learning_rate: f32,
    /// Norm of the gradient, before clipping.
    pub gradient_norm: f32,
}

/// A potential under training.
pub struct Trainer<'a> {
    engine: Engine,
    state: State<'a>,
}

/// All but the engine, which must not leave its thread if it is a CUDA device.
struct State<'a> {
    config: &'a Config,
    dataset: &'a Dataset,
    batches: Batches,
    step: u64,
    parameters: Vec<f32>,
    optimiser: Optimiser,
    ema: Ema,
    generator: Xoshiro128PlusPlus,
    layout: Layout,
    /// The state just before weights came to rest where int8 holds them; none while they move.
    before_rest: Option<Snapshot>,
}

impl<'a> Trainer<'a> {
    /// A potential with fresh parameters.
    ///
    /// # Errors
    /// A batch or a number of threads that cannot be.
    pub fn new(config: &'a Config, dataset: &'a Dataset) -> Result<Self, TrainingError> {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(config.seed);
        let layout = Layout::new(&config.architecture);
        let parameters = layout.initial(&mut generator);
        let optimiser = Optimiser::new(config.optimiser, &layout);
        let ema = Ema::new(&parameters, config.ema_decay);
        Self::with(config, dataset, 0, parameters, optimiser, ema, generator)
    }

    /// A potential as a checkpoint of the same run left it: training continues exactly.
    ///
    /// # Errors
    /// As [`Trainer::new`]; a checkpoint whose vectors differ in length.
    pub fn restore(config: &'a Config, dataset: &'a Dataset, checkpoint: Checkpoint) -> Result<Self, TrainingError> {
        let Checkpoint { now, before_rest, run: _ } = checkpoint;
        let Snapshot { step, parameters, ema, first_moment, second_moment, generator } = now;
        let (layout, steps) = (Layout::new(&config.architecture), u32::try_from(step).unwrap_or(u32::MAX));
        let optimiser = match before_rest {
            Some(_) => Optimiser::of_biases(&layout, steps, &first_moment, &second_moment)?,
            None => Optimiser::restore(config.optimiser, &layout, steps, &first_moment, &second_moment)?,
        };
        let ema = Ema::restore(ema, config.ema_decay, step);
        let mut trainer = Self::with(config, dataset, step, parameters, optimiser, ema, generator_of(generator))?;
        trainer.state.before_rest = before_rest;
        Ok(trainer)
    }

    fn with(
        config: &'a Config,
        dataset: &'a Dataset,
        step: u64,
        parameters: Vec<f32>,
        optimiser: Optimiser,
        ema: Ema,
        generator: Xoshiro128PlusPlus,
    ) -> Result<Self, TrainingError> {
        let batch = NonZeroUsize::new(config.batch).ok_or(TrainingError::Batch)?;
        if batch.get() == 1 && !config.objective.is_sum_over_samples() {
            return Err(TrainingError::Lone);
        }
        let images = NonZeroUsize::new(config.draws.images(batch.get())).ok_or(TrainingError::Batch)?;
        let batches = dataset.batches(images, config.seed);
        let engine = Engine::new(config.device, config.threads)?;
        let layout = Layout::new(&config.architecture);
        let (optimiser, before_rest) = (optimiser.with_decay(config.weight_decay), None);
        let state =
            State { config, dataset, batches, step, parameters, optimiser, ema, generator, layout, before_rest };
        Ok(Trainer { engine, state })
    }

    /// Steps made.
    pub fn step(&self) -> u64 {
        self.state.step
    }

    /// The moving average of the parameters: what is sampled and written.
    pub fn average(&self) -> &[f32] {
        self.state.ema.average()
    }

    /// Where weights rest where int8 holds them, the moving average just before they did: the last one of float weights.
    pub fn average_before_rest(&self) -> Option<&[f32]> {
        self.state.before_rest.as_ref().map(|snapshot| snapshot.ema.as_slice())
    }

    /// Everything that the next step depends on.
    pub fn checkpoint(&self) -> Checkpoint {
        let State { config, before_rest, .. } = &self.state;
        Checkpoint { now: self.state.snapshot(), before_rest: before_rest.clone(), run: config.digest() }
    }

    /// One step. `progress` is the part of the budget that is used, 0 to 1.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`]: the loss or a gradient is infinite or not a number. The parameters keep their
    /// values.
    pub fn advance(&mut self, progress: f64) -> Result<Report, TrainingError> {
        let Trainer { engine, state } = self;
        engine.run(|device| state.advance(device, progress))
    }
}

impl State<'_> {
    fn advance(&mut self, device: &dyn Differentiate, progress: f64) -> Result<Report, TrainingError> {
        if progress >= 1.0 - self.config.int8_part && self.before_rest.is_none() {
            self.rest()?;
        }
        let path = self.draw()?;
        let Config { architecture, objective, .. } = self.config;
        let (loss, mut gradient) = device.differentiate(architecture, &self.parameters, &path, *objective)?;
        let not_finite = TrainingError::NotFinite { step: self.step + 1, loss };
        if !loss.is_finite() {
            return Err(not_finite);
        }
        if self.before_rest.is_some() {
            self.layout.matrices.iter().for_each(|place| gradient[place.weight()].fill(0.0));
        }
        let gradient_norm = clip(&mut gradient, self.config.clip_norm).map_err(|_| not_finite)?;
        let learning_rate = learning_rate(self.config.learning_rate, self.step, self.config.warm_up, progress as f32);
        self.optimiser.update(&mut self.parameters, &gradient, learning_rate)?;
        self.ema.update(&self.parameters)?;
        self.step += 1;
        Ok(Report { loss, learning_rate, gradient_norm })
    }

    /// What the next step depends on, but for what weights were before they came to rest.
    fn snapshot(&self) -> Snapshot {
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
    fn rest(&mut self) -> Result<(), ExtentError> {
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

    /// The step's batch: images, a little noise on them, and a random point of each one's path from the prior.
    fn draw(&mut self) -> Result<Path, TrainingError> {
        let Config { architecture, batch, draws, .. } = self.config;
        let (mut indices, mut data) = (Vec::new(), Vec::new());
        self.batches.indices(self.step, &mut indices);
        self.dataset.fill(&indices, &mut data);
        if self.config.flip {
            let place = self.step.wrapping_mul(indices.len() as u64);
            Flips::new(self.config.seed).apply(place, self.dataset.shape(), &mut data);
        }
        let times = self.config.times.draw(draws.times(*batch), &mut self.generator);
        let noise = self.add_noise(&mut data);
        let Batch { data, noise, times } =
            draws.batch(*batch, self.dataset.shape().elements(), Batch { data, noise, times });
        Ok(Path::new(architecture.homotopy, &data, &noise, &times)?)
    }

    /// Adds a little noise to images, and returns the noise that their paths come from, a value each.
    fn add_noise(&mut self, data: &mut [f32]) -> Vec<f32> {
        let mut noise = vec![0.0; data.len()];
        let pieces = data.chunks_mut(DRAWN).zip(noise.chunks_mut(DRAWN));
        let seeded: Vec<_> = pieces.map(|pieces| (pieces, self.generator.next_u64())).collect();
        seeded.into_par_iter().for_each(|((data, noise), seed)| {
            let mut gaussian = Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed));
            for value in data {
                *value += self.config.data_noise * gaussian.draw();
            }
            gaussian.fill(noise);
        });
        noise
    }
}

/// Values whose noise comes from one generator, seeded by that of the run: however many threads draw it, it is the same.
const DRAWN: usize = 1024;

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
    use crate::objective::Objective;
    use crate::run::config::Choices;
    use crate::run::preset::Preset;
    use rand_core::Rng;

    #[test]
    fn a_restored_run_mirrors_the_same_images() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("tiny").unwrap();
        let averages = [true, false].map(|flip| {
            let choices = Choices { flip: Some(flip), threads: Some(1), batch: Some(8), ..Choices::default() };
            let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices);
            let advance = |trainer: &mut Trainer<'_>, steps| {
                for _ in 0..steps {
                    trainer.advance(0.0).unwrap();
                }
            };
            let mut whole = Trainer::new(&config, &dataset).unwrap();
            advance(&mut whole, 5);
            let mut first = Trainer::new(&config, &dataset).unwrap();
            advance(&mut first, 3);
            let mut rest = Trainer::restore(&config, &dataset, first.checkpoint()).unwrap();
            advance(&mut rest, 2);
            assert!(whole.average() == rest.average(), "flip {flip}");
            whole.average().to_vec()
        });
        assert!(averages[0] != averages[1]);
    }

    #[test]
    fn in_the_last_part_weights_rest_where_int8_holds_them() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("tiny").unwrap();
        let choices = Choices { int8_part: Some(0.25), threads: Some(1), batch: Some(8), ..Choices::default() };
        let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices);
        let mut trainer = Trainer::new(&config, &dataset).unwrap();
        for progress in [0.0, 0.5, 0.7] {
            trainer.advance(progress).unwrap();
        }
        let layout = Layout::new(&config.architecture);
        let before = trainer.checkpoint();
        assert_eq!((before.before_rest, trainer.average_before_rest()), (None, None));
        let before = before.now;
        let on_grid = rounded(&layout, &before.ema);
        assert!(on_grid != before.ema);
        trainer.advance(0.75).unwrap();
        trainer.advance(0.8).unwrap();
        // What was before is kept, as it was.
        assert_eq!(trainer.checkpoint().before_rest.as_ref(), Some(&before));
        assert_eq!(trainer.average_before_rest(), Some(before.ema.as_slice()));
        let after = trainer.checkpoint().now;
        let mut restored = Trainer::restore(&config, &dataset, trainer.checkpoint()).unwrap();
        for place in &layout.matrices {
            assert_eq!(after.parameters[place.weight()], on_grid[place.weight()]);
            assert_eq!(after.ema[place.weight()], on_grid[place.weight()]);
        }
        // A bias has a gradient, and moves, unless no weight of its column does anything yet.
        let first = layout.matrices[0].bias();
        assert!(after.parameters[first.clone()] != before.parameters[first.clone()]);
        assert!(after.ema[first.clone()] != before.ema[first]);
        assert_eq!(rounded(&layout, &after.ema), after.ema);
        // Time that was not logged before a crash is had again: weights that rest rest on.
        for (trainer, progress) in [(&mut trainer, 0.9), (&mut restored, 0.6)] {
            trainer.advance(progress).unwrap();
        }
        for place in &layout.matrices {
            assert_eq!(restored.checkpoint().now.parameters[place.weight()], on_grid[place.weight()]);
        }
        assert_eq!(restored.checkpoint().before_rest, trainer.checkpoint().before_rest);
        assert_eq!(rounded(&layout, restored.average()), restored.average());
    }

    #[test]
    fn a_restored_run_whose_weights_rest_goes_on_to_the_same_bytes() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("tiny").unwrap();
        let choices = Choices { threads: Some(1), batch: Some(8), ..Choices::default() };
        let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices);
        let mut whole = Trainer::new(&config, &dataset).unwrap();
        let mut pieces = Trainer::new(&config, &dataset).unwrap();
        for step in 0..20 {
            let progress = f64::from(step) / 20.0;
            whole.advance(progress).unwrap();
            pieces.advance(progress).unwrap();
            pieces = Trainer::restore(&config, &dataset, pieces.checkpoint()).unwrap();
            assert!(whole.checkpoint() == pieces.checkpoint(), "step {step}");
        }
        // Rewound, it makes the same steps again.
        let rewound = whole.checkpoint().rewound();
        assert_eq!(rewound.now.step, 18);
        let mut again = Trainer::restore(&config, &dataset, rewound).unwrap();
        for step in 18..20 {
            again.advance(f64::from(step) / 20.0).unwrap();
        }
        assert!(again.checkpoint() == whole.checkpoint());
    }

    /// The covariance of one image is zero, and the least energy a drift of zero.
    #[test]
    fn one_image_a_step_is_refused_where_images_are_compared() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("tiny").unwrap();
        let refused = |objective, batch| {
            let choices =
                Choices { objective: Some(objective), batch: Some(batch), threads: Some(1), ..Choices::default() };
            let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices);
            Trainer::new(&config, &dataset).err().map(|error| error.to_string())
        };
        for objective in [Objective::Energy, Objective::VapoBayes] {
            assert!(refused(objective, 1).unwrap().contains("give 2 or more"));
            assert_eq!(refused(objective, 2), None);
        }
        assert_eq!(refused(Objective::Flow, 1), None);
    }

    #[test]
    fn a_generator_continues_from_its_state() {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(3);
        generator.next_u32();
        let mut restored = generator_of(state_of(&generator));
        assert_eq!(restored.next_u64(), generator.next_u64());
    }
}
