//! Weights in the host's memory, differentiated by hand-written operations on threads.

use super::TrainingError;
use super::shards::{self, Memories};
use super::weights::{Loss, Moved, Moving, Parts, Weights};
use crate::arithmetic::extent::check;
use crate::optimiser::{Ema, Optimiser, clip};
use crate::potential::parameters::Layout;
use crate::potential::{Potential, Samples};
use crate::quantise::{Precision, rounded};
use crate::run::config::Config;
use crate::team::{Alone, Team};
use dfdx::prelude::Cpu;

/// Weights in the host's memory. What takes long runs on the threads of the current pool.
pub(super) struct HostWeights<'a> {
    config: &'a Config,
    layout: Layout,
    moving: Moving,
    parameters: Vec<f32>,
    optimiser: Optimiser,
    ema: Ema,
    /// Of the last batch.
    gradient: Vec<f32>,
    memories: Memories,
    /// Who computes the rest of a batch.
    team: &'a dyn Team,
}

impl<'a> HostWeights<'a> {
    /// Goes on from `moved`.
    ///
    /// # Errors
    /// As [`Weights::write`].
    pub(super) fn new(
        config: &'a Config,
        layout: &Layout,
        moved: &Moved,
        moving: Moving,
    ) -> Result<Self, TrainingError> {
        let mut weights = HostWeights {
            config,
            layout: layout.clone(),
            moving,
            parameters: Vec::new(),
            optimiser: Optimiser::new(config.optimiser, layout),
            ema: Ema::new(&[], config.ema_decay),
            gradient: Vec::new(),
            memories: Memories::default(),
            team: &Alone,
        };
        weights.write(moved, moving)?;
        Ok(weights)
    }

    /// From now on each rank computes a part of a batch, and has the gradient of the whole.
    pub(super) fn join(&mut self, team: &'a dyn Team) {
        self.team = team;
    }
}

impl Weights for HostWeights<'_> {
    fn differentiate(
        &mut self,
        samples: Samples<'_, f32>,
        rounding: Option<Precision>,
        parts: Parts,
        loss: &Loss<'_>,
    ) -> Result<f64, TrainingError> {
        let rounded = rounding.map(|precision| rounded(&self.layout, &self.parameters, precision));
        let parameters = rounded.as_ref().unwrap_or(&self.parameters);
        let potential = Potential::new(&self.config.architecture, parameters, &Cpu::default());
        let (loss, gradient) = match parts {
            Parts::Shards => shards::apart(&potential, samples, &self.memories, self.team, loss)?,
            Parts::Whole => {
                let recompute = self.config.recompute || self.config.accumulate > 1;
                shards::together(&potential, samples, &self.memories, recompute, self.team, loss)?
            }
        };
        self.gradient = gradient;
        Ok(loss)
    }

    fn clip(&mut self, limit: f32) -> Result<Option<f32>, TrainingError> {
        if self.moving == Moving::Biases {
            self.layout.matrices.iter().for_each(|place| self.gradient[place.weight()].fill(0.0));
        }
        Ok(clip(&mut self.gradient, limit).ok())
    }

    fn update(&mut self, learning_rate: f32) -> Result<(), TrainingError> {
        self.optimiser.update(&mut self.parameters, &self.gradient, learning_rate)?;
        self.ema.update(&self.parameters)?;
        Ok(())
    }

    fn read(&self) -> Result<Moved, TrainingError> {
        Ok(Moved {
            updates: self.ema.updates(),
            parameters: self.parameters.clone(),
            average: self.ema.average().to_vec(),
            first_moment: self.optimiser.first_moment(),
            second_moment: self.optimiser.second_moment(),
        })
    }

    fn write(&mut self, moved: &Moved, moving: Moving) -> Result<(), TrainingError> {
        let HostWeights { config, layout, .. } = self;
        let Moved { updates, parameters, average, first_moment, second_moment } = moved;
        check("the parameters", parameters, layout.len())?;
        check("the moving average", average, layout.len())?;
        let steps = u32::try_from(*updates).unwrap_or(u32::MAX);
        let optimiser = match moving {
            Moving::All => Optimiser::restore(config.optimiser, layout, steps, first_moment, second_moment)?,
            Moving::Biases => Optimiser::of_biases(layout, steps, first_moment, second_moment)?,
        };
        self.optimiser = optimiser.with_decay(config.weight_decay).with_clip(config.clip);
        self.parameters.clone_from(parameters);
        self.ema = Ema::restore(average.clone(), config.ema_decay, *updates);
        self.moving = moving;
        Ok(())
    }
}

#[cfg(test)]
impl HostWeights<'_> {
    /// That of the last batch.
    pub(super) fn gradient(&self) -> &[f32] {
        &self.gradient
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::{generator, uniform};
    use crate::dataset::{Dataset, Files, Source, Split};
    use crate::objective::Objective;
    use crate::path::Path;
    use crate::run::config::Choices;
    use crate::run::preset::Preset;

    /// With a memory a shard where it is kept, and a memory a thread where it is computed again.
    #[test]
    fn what_the_first_pass_leaves_is_kept_or_computed_again_to_the_same_bytes() {
        let dataset = Dataset::load(Source::Digits, Split::Train, None).unwrap();
        let preset = Preset::named("tiny").unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let mut generator = generator(3);
        let mut draw = |count: usize| -> Vec<f32> { (0..count).map(|_| uniform(&mut generator)).collect() };
        // Seven shards, of which the last is the smallest.
        let (data, noise, times) = (draw(310 * 64), draw(310 * 64), draw(310));
        for objective in [Objective::Energy, Objective::VapoBayes] {
            let differentiated = |choices: Choices| {
                let config = Config::new(Source::Digits, &dataset, &Files::default(), &preset, &choices);
                let layout = Layout::new(&config.architecture);
                let moved = Moved::fresh((0..layout.len()).map(|index| libm::sinf(index as f32)).collect());
                let mut weights = HostWeights::new(&config, &layout, &moved, Moving::All).unwrap();
                let path = Path::new(config.architecture.homotopy, &data, &noise, &times).unwrap();
                let loss = |evaluation: &_, part| objective.evaluate_part(evaluation, &path, part);
                let loss = pool.install(|| weights.differentiate(path.samples(), None, Parts::Whole, &loss)).unwrap();
                (loss, weights.gradient, weights.memories.count())
            };
            let (loss, gradient, memories) = differentiated(Choices::default());
            assert!(gradient.iter().any(|value| *value != 0.0) && memories == 7, "{objective:?}: {memories}");
            for choices in [
                Choices { accumulate: Some(5), ..Choices::default() },
                Choices { recompute: Some(true), ..Choices::default() },
            ] {
                let again = differentiated(choices);
                assert!(again.0 == loss && again.1 == gradient && again.2 <= 2, "{objective:?}: {}", again.2);
            }
        }
    }
}
