//! A potential under training: a state, and its weights on their device.

use super::engine::Engine;
use super::shards;
use super::state::State;
use super::step::Report;
use super::weights::Moved;
use crate::dataset::Dataset;
use crate::run::checkpoint::Checkpoint;
use crate::run::config::Config;
use crate::team::{Alone, Team, tell};
use crate::training::TrainingError;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Steps after which the ranks of a team compare what they have, beside the first step of all.
const COMPARED_EVERY: u64 = 50;

/// A potential under training.
pub struct Trainer<'a> {
    engine: Engine<'a>,
    state: State<'a>,
    team: &'a dyn Team,
    /// Whether the ranks of the team have been compared.
    compared: bool,
}

impl<'a> Trainer<'a> {
    /// A potential with fresh parameters.
    ///
    /// # Errors
    /// A batch, a device or a number of threads that cannot be.
    pub fn new(config: &'a Config, dataset: &'a Dataset) -> Result<Self, TrainingError> {
        Self::taught(config, dataset, None)
    }

    /// A potential that begins with the parameters of a model, where the run begins as one.
    ///
    /// # Errors
    /// As [`Trainer::new`]; a distillation that cannot be.
    pub fn taught(config: &'a Config, dataset: &'a Dataset, teacher: Option<Vec<f32>>) -> Result<Self, TrainingError> {
        let (state, moved) = State::new(config, dataset, teacher)?;
        Self::between(state, &moved)
    }

    /// A potential as a checkpoint of the same run left it: training continues exactly.
    ///
    /// # Errors
    /// As [`Trainer::new`]; a checkpoint whose vectors differ in length.
    pub fn restore(config: &'a Config, dataset: &'a Dataset, checkpoint: Checkpoint) -> Result<Self, TrainingError> {
        Self::restore_taught(config, dataset, None, checkpoint)
    }

    /// As [`Trainer::restore`], with the parameters of its teacher, where the run has one.
    ///
    /// # Errors
    /// As [`Trainer::restore`]; a distillation that cannot be.
    pub fn restore_taught(
        config: &'a Config,
        dataset: &'a Dataset,
        teacher: Option<Vec<f32>>,
        checkpoint: Checkpoint,
    ) -> Result<Self, TrainingError> {
        let (state, moved) = State::restore(config, dataset, teacher, checkpoint)?;
        Self::between(state, &moved)
    }

    fn between(state: State<'a>, moved: &Moved) -> Result<Self, TrainingError> {
        let engine = Engine::new(state.config, &state.layout, moved, state.moving())?;
        Ok(Trainer { engine, state, team: &Alone, compared: false })
    }

    /// From now on each rank of a team computes a part of every batch. All have to be trainers of the same state, and to make the same
    /// steps: each draws the whole batch, and all have the gradient of the whole, with the bytes that one process has.
    ///
    /// # Errors
    /// [`TrainingError::Ranks`]: more ranks than a batch has parts, a device or a kind of run that has no part in it.
    pub fn in_team(mut self, team: &'a dyn Team) -> Result<Self, TrainingError> {
        if team.size() == 1 {
            return Ok(self);
        }
        let State { config, distiller, pairs, .. } = &self.state;
        let refuse = |cause: String| Err(TrainingError::Ranks { cause });
        let alone = [("--distil", distiller.is_some()), ("--reflow", pairs.is_some())];
        if let Some((option, _)) = alone.into_iter().find(|(_, is_set)| *is_set) {
            return refuse(format!("{option}: expected one process, found {}: start it without mpirun", team.size()));
        }
        let (batch, elements) = (config.batch, config.architecture.signal.elements());
        let parts = shards::sums(batch, batch * elements);
        if team.size() > parts {
            return refuse(format!(
                "found {} of them, and the images of a step are cut in {parts} parts: start {parts} or fewer, or give a larger --batch \
                 (up to {} parts)",
                team.size(),
                shards::SUMS
            ));
        }
        self.engine.join(team)?;
        self.team = team;
        Ok(self)
    }

    /// The team that the trainer is one rank of.
    pub(super) fn team(&self) -> &'a dyn Team {
        self.team
    }

    /// Keeps the pairs of a reflow in a file, and goes on with those that it holds: they are of an earlier part of the run. Without this
    /// they are kept in a file without a name, and made anew by a run that goes on, to the same bytes.
    #[must_use]
    pub fn keeping_pairs_in(mut self, path: PathBuf) -> Self {
        if let Some(pairs) = &mut self.state.pairs {
            pairs.keep_in(path);
        }
        self
    }

    /// Steps made.
    pub fn step(&self) -> u64 {
        self.state.step
    }

    /// The moving average of the parameters: what is sampled and written.
    ///
    /// # Errors
    /// [`TrainingError::Device`]: the device failed.
    pub fn average(&self) -> Result<Vec<f32>, TrainingError> {
        Ok(self.engine.weights().read()?.average)
    }

    /// Where weights rest, the moving average just before they did: the last one of float weights.
    pub fn average_before_rest(&self) -> Option<&[f32]> {
        self.state.before_rest.as_ref().map(|snapshot| snapshot.ema.as_slice())
    }

    /// Everything that the next step depends on.
    ///
    /// # Errors
    /// [`TrainingError::Device`]: the device failed.
    pub fn checkpoint(&self) -> Result<Checkpoint, TrainingError> {
        let State { config, before_rest, .. } = &self.state;
        let now = self.state.snapshot(self.engine.weights().read()?);
        Ok(Checkpoint { now, before_rest: before_rest.clone(), run: config.digest() })
    }

    /// One step, that of `training/step.rs`. `progress` is the part of the budget that is used, 0 to 1.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`]: the loss or a gradient is infinite or not a number. The parameters keep their
    /// values. [`TrainingError::Device`]: the device failed.
    pub fn advance(&mut self, progress: f64) -> Result<Report, TrainingError> {
        let Trainer { engine, state, .. } = self;
        let report = engine.run(|weights, threads| state.advance(weights, threads, progress))?;
        if self.team.size() > 1 && (!self.compared || self.step().is_multiple_of(COMPARED_EVERY)) {
            self.compare()?;
            self.compared = true;
        }
        Ok(report)
    }

    /// Refuses to go on where ranks have come apart: each updates its own parameters, and processors of other kinds round otherwise.
    fn compare(&self) -> Result<(), TrainingError> {
        let Moved { parameters, average, first_moment, second_moment, .. } = self.engine.weights().read()?;
        let mut digest = Sha256::new();
        for values in [parameters, average, first_moment, second_moment] {
            digest.update(bytemuck::cast_slice(&values));
        }
        let own = digest.finalize().to_vec();
        let all: Vec<_> = (0..self.team.size()).map(|rank| tell(own.clone(), rank, self.team)).collect();
        match all.iter().position(|digest| *digest != all[0]) {
            Some(rank) => Err(TrainingError::Apart { step: self.step(), rank }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Files, Source, Split};
    use crate::objective::Objective;
    use crate::potential::parameters::Layout;
    use crate::quantise::{Precision, rounded};
    use crate::run::config::Choices;
    use crate::run::preset::Preset;
    use crate::team::threads::together;

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
            let mut rest = Trainer::restore(&config, &dataset, first.checkpoint().unwrap()).unwrap();
            advance(&mut rest, 2);
            assert!(whole.average().unwrap() == rest.average().unwrap(), "flip {flip}");
            whole.average().unwrap()
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
        let before = trainer.checkpoint().unwrap();
        assert_eq!((before.before_rest, trainer.average_before_rest()), (None, None));
        let before = before.now;
        let on_grid = rounded(&layout, &before.ema, Precision::Int8);
        assert!(on_grid != before.ema);
        trainer.advance(0.75).unwrap();
        trainer.advance(0.8).unwrap();
        // What was before is kept, as it was.
        assert_eq!(trainer.checkpoint().unwrap().before_rest.as_ref(), Some(&before));
        assert_eq!(trainer.average_before_rest(), Some(before.ema.as_slice()));
        let after = trainer.checkpoint().unwrap().now;
        let mut restored = Trainer::restore(&config, &dataset, trainer.checkpoint().unwrap()).unwrap();
        for place in &layout.matrices {
            assert_eq!(after.parameters[place.weight()], on_grid[place.weight()]);
            assert_eq!(after.ema[place.weight()], on_grid[place.weight()]);
        }
        // A bias has a gradient, and moves, unless no weight of its column does anything yet.
        let first = layout.matrices[0].bias();
        assert!(after.parameters[first.clone()] != before.parameters[first.clone()]);
        assert!(after.ema[first.clone()] != before.ema[first]);
        assert_eq!(rounded(&layout, &after.ema, Precision::Int8), after.ema);
        // Time that was not logged before a crash is had again: weights that rest rest on.
        for (trainer, progress) in [(&mut trainer, 0.9), (&mut restored, 0.6)] {
            trainer.advance(progress).unwrap();
        }
        for place in &layout.matrices {
            assert_eq!(restored.checkpoint().unwrap().now.parameters[place.weight()], on_grid[place.weight()]);
        }
        assert_eq!(restored.checkpoint().unwrap().before_rest, trainer.checkpoint().unwrap().before_rest);
        assert_eq!(rounded(&layout, &restored.average().unwrap(), Precision::Int8), restored.average().unwrap());
    }

    #[test]
    fn from_the_middle_on_the_loss_is_that_of_weights_of_few_bits() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("digits").unwrap();
        let config = |weights| {
            let choices = Choices { weights: Some(weights), threads: Some(1), batch: Some(8), ..Choices::default() };
            Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices)
        };
        let [int8, int4] = [Precision::Int8, Precision::Int4].map(config);
        let layout = Layout::new(&int8.architecture);
        let mut trainer = Trainer::new(&int8, &dataset).unwrap();
        for _ in 0..4 {
            trainer.advance(0.1).unwrap();
        }
        let kept = || trainer.checkpoint().unwrap();
        let on_grid = |parameters: &[f32]| rounded(&layout, parameters, Precision::Int4);
        // The checkpoint does not depend on the bits: a run may be resumed with others.
        let after = |config, checkpoint: Checkpoint, progress| {
            let mut trainer = Trainer::restore(config, &dataset, checkpoint).unwrap();
            let report = trainer.advance(progress).unwrap();
            (report.loss, trainer.checkpoint().unwrap())
        };
        for progress in [0.4, 0.6] {
            let (of_int8, of_int4) = (after(&int8, kept(), progress), after(&int4, kept(), progress));
            assert_eq!(of_int4.0 == of_int8.0, progress < 0.5, "{progress}");
            let mut at_grid = kept();
            at_grid.now.parameters = on_grid(&at_grid.now.parameters);
            assert_eq!(of_int4.0 == after(&int8, at_grid, progress).0, progress > 0.5, "{progress}");
            // What moves are the weights that keep all their bits, by the gradient of those that do not.
            let moved = &of_int4.1.now.parameters;
            assert!(on_grid(moved) != *moved && (*moved == of_int8.1.now.parameters) == (progress < 0.5));
        }
        // At rest they lie where 4 bits hold them, and stay there.
        let (_, resting) = after(&int4, kept(), 0.95);
        assert!(on_grid(&resting.now.ema) == resting.now.ema);
        assert!(on_grid(&kept().now.ema) != kept().now.ema);
        let weight = layout.matrices[4].weight();
        assert_eq!(resting.now.ema[weight.clone()], on_grid(&kept().now.ema)[weight]);
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
            pieces = Trainer::restore(&config, &dataset, pieces.checkpoint().unwrap()).unwrap();
            assert!(whole.checkpoint().unwrap() == pieces.checkpoint().unwrap(), "step {step}");
        }
        // Rewound, it makes the same steps again.
        let rewound = whole.checkpoint().unwrap().rewound();
        assert_eq!(rewound.now.step, 18);
        let mut again = Trainer::restore(&config, &dataset, rewound).unwrap();
        for step in 18..20 {
            again.advance(f64::from(step) / 20.0).unwrap();
        }
        assert!(again.checkpoint().unwrap() == whole.checkpoint().unwrap());
    }

    /// Batches of whole objectives, and of a sum over samples, before and after weights come to rest.
    #[test]
    fn ranks_make_the_steps_of_one_process_to_the_same_bytes() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("tiny").unwrap();
        for objective in [Objective::Flow, Objective::Energy, Objective::VapoBayes] {
            let choices =
                Choices { objective: Some(objective), batch: Some(11), threads: Some(2), ..Choices::default() };
            let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices);
            let trained = |team: &dyn Team| {
                let mut trainer = Trainer::new(&config, &dataset).unwrap().in_team(team).unwrap();
                let reports = [0.0, 0.3, 0.6, 0.95].map(|progress| trainer.advance(progress).unwrap());
                (reports, trainer.checkpoint().unwrap())
            };
            let one = trained(&Alone);
            for size in [2, 3] {
                for (rank, found) in together(size, trained).into_iter().enumerate() {
                    assert!(found == one, "{objective:?}: rank {rank} of {size}: {:?}, not {:?}", found.0, one.0);
                }
            }
        }
    }

    #[test]
    fn ranks_that_come_apart_are_found() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("tiny").unwrap();
        let choices = Choices { threads: Some(1), batch: Some(8), ..Choices::default() };
        let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices);
        let found = together(3, |team| {
            let mut checkpoint = Trainer::new(&config, &dataset).unwrap().checkpoint().unwrap();
            if team.rank() == 1 {
                let parameter = &mut checkpoint.now.parameters[7];
                *parameter = f32::from_bits(parameter.to_bits() ^ 1);
            }
            let mut trainer = Trainer::restore(&config, &dataset, checkpoint).unwrap().in_team(team).unwrap();
            trainer.advance(0.0).map_err(|error| error.to_string())
        });
        for told in found {
            assert!(told.unwrap_err().starts_with("after step 1 rank 1 has other parameters than rank 0"));
        }
    }

    #[test]
    fn more_ranks_than_a_batch_has_parts_are_refused() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("tiny").unwrap();
        for (batch, size, parts) in [(3, 4, Some(3)), (3, 3, None), (300, 17, Some(6)), (2000, 17, Some(16))] {
            let choices = Choices { batch: Some(batch), threads: Some(1), ..Choices::default() };
            let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices);
            let refused = together(size, |team| Trainer::new(&config, &dataset).unwrap().in_team(team).err());
            let refused: Vec<_> = refused.into_iter().map(|error| error.map(|error| error.to_string())).collect();
            let expected = parts.map(|parts| format!("cut in {parts} parts: start {parts} or fewer"));
            let is_as_expected = |told: &Option<String>| match (told, &expected) {
                (Some(told), Some(expected)) => told.contains(expected),
                (told, expected) => told.is_none() && expected.is_none(),
            };
            assert!(refused.iter().all(is_as_expected), "{refused:?}");
        }
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
}
