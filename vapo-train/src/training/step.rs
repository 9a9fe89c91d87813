//! The training step, top to bottom: draw → path → drift → loss → gradient → clip → step → average.
//!
//! Shapes: B samples a batch, d = height·width·channels values a sample, P parameters θ. Time runs from 0, noise, to 1, data.
//!
//! Other files have the rest: [`super::weights`] has the computations of a device, [`super::engine`] the devices,
//! [`super::shards`] the threads, [`super::state`] the state that a checkpoint keeps, [`super::session`] the loop with its
//! files.
//!
//! Sources: Loo et al., *Variational Potential Flow*, 2024, arXiv:2407.15238, and its follow-up, 2025, arXiv:2504.16262.

use super::TrainingError;
use super::distillation::{Distiller, Drawn};
use super::images::{images, indices};
use super::noise::gaussian_noise;
use super::state::State;
use super::weights::{Parts, Weights};
use crate::optimiser::learning_rate;
use crate::path::{Batch, Path};
use crate::potential::Samples;
use crate::potential::dropout::Dropout;
use rayon::ThreadPool;

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

impl State<'_> {
    /// One step. `progress` is the part of the budget that is used, 0 to 1.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`]: the loss or a gradient is infinite or not a number. The parameters keep their
    /// values. [`TrainingError::Device`]: the device failed.
    pub(super) fn advance(
        &mut self,
        weights: &mut dyn Weights,
        threads: &ThreadPool,
        progress: f64,
    ) -> Result<Report, TrainingError> {
        let config = self.config;
        // In the last part of the budget weights rest where the model file holds them, and biases alone move.
        if progress >= 1.0 - config.int8_part && self.before_rest.is_none() {
            self.rest(weights)?;
        }

        if let Some(distiller) = self.distiller.take() {
            let report = self.distil(&distiller, weights, progress);
            self.distiller = Some(distiller);
            return report;
        }

        // Draw. Images x̄, (B, d) in −1 to 1, noise ε, (B, d), standard Gaussian, times t, (B,) in 0 ≤ t < 1, and classes c, (B,), where the
        // potential has some.
        let Batch { data, noise, times, classes } = self.draw(threads)?;

        // Path. x = μ(t)·x̄ + σ(t)·ε, (B, d), its velocity u = μ′·x̄ + σ′·ε, (B, d), and the innovation γ = −∂ₜ log ρ(x | x̄, t),
        // (B,). On the straight path, the default, μ = t and σ = 1 − t, so that u = x̄ − ε.
        let path = Path::new(config.architecture.homotopy, &data, &noise, &times)?.with_classes(classes)?;
        let path = path.in_units_of(config.draws.unit());

        // Drift. One pass forward and in reverse: Φ(x, t), (B,), the drift g = ∇ₓΦ, (B, d), and ∂Φ/∂t, (B,). A loss that is a sum
        // over samples is computed shard by shard, any other for the whole batch at once.
        let objective = config.objective;
        let parts = if objective.is_sum_over_samples() { Parts::Shards } else { Parts::Whole };
        // Where weights will have few bits it is the loss of rounded ones, and its derivative goes to those that are not.
        let rounding = self.rounding(progress);
        // In training, some networks leave a part of their activations out at random: both passes the same.
        let dropout = Dropout::of_step(config.dropout, config.seed, self.step);
        let loss =
            weights.differentiate(Samples { dropout, ..path.samples() }, rounding, parts, &|evaluation, part| {
                // Loss. F, by default mean (g − u)², and its derivatives v = ∂F/∂g, (B, d), ∂F/∂Φ, (B,), and ∂F/∂Φₜ, (B,).
                objective.evaluate_part(evaluation, &path, part)
                // Gradient. ∂F/∂θ, (P,), is that of the directional derivative v·∇ₓΦ with v held constant, which a dual pass
                // carries through the layers: no gradient is differentiated. What is linear in Φ and Φₜ rides along.
            })?;

        self.take_step(weights, loss, progress)
    }

    /// What a step looks at, but for the path between.
    fn draw(&mut self, threads: &ThreadPool) -> Result<Batch, TrainingError> {
        let (config, dataset) = (self.config, self.dataset);
        // Numbers of images, (B,): the next ones of a permutation of the data set. Draws that samples share are fewer than B here, and are
        // dealt out to B samples below.
        let indices = indices(&mut self.batches, self.step);
        // Classes: those of the images, but now and then none, so that the potential of whatever class is learned too.
        let classes = self.classes(&indices);
        let times = config.times.draw(config.draws.times(config.batch), &mut self.generator);
        // A run that straightens the ways of another model looks at the ends of these.
        if let Some(pairs) = &mut self.pairs {
            return pairs.batch(self.step, times);
        }
        // Images, some of them mirrored, and noise. A little noise is added to the images too, which blurs their grey levels. Where noise
        // is assigned to images, both come from the same pool.
        let (data, noise) = match &mut self.coupler {
            None => {
                let mut data = images(config, dataset, self.step, &indices);
                let mut noise = threads.install(|| gaussian_noise(&mut data, config.data_noise, &mut self.generator));
                // Of an image's further noises, where it has several.
                let elements = dataset.shape().elements();
                let mut further = vec![0.0; config.draws.noises(config.batch) * elements - noise.len()];
                if !further.is_empty() {
                    noise.extend(threads.install(|| gaussian_noise(&mut further, 0.0, &mut self.generator)));
                }
                (data, noise)
            }
            Some(coupler) => coupler.batch(self.step, config, dataset, &mut self.batches, threads),
        };
        // Antithetic samples share an image and a time, and have noise of opposite signs. Common ones share the direction of their noise
        // too. Independent ones share nothing.
        let drawn = Batch { data, noise, times, classes };
        Ok(config.draws.batch(config.batch, dataset.shape().elements(), drawn))
    }

    /// One step of samples in few evaluations: its gradient is told in `distillation/step.rs`.
    fn distil(
        &mut self,
        distiller: &Distiller<'_>,
        weights: &mut dyn Weights,
        progress: f64,
    ) -> Result<Report, TrainingError> {
        // Numbers of images, (B,). Samples are drawn of their classes, (B,), where the potential has some, but now and then of none.
        let indices = indices(&mut self.batches, self.step);
        let classes = self.classes(&indices);
        let data = images(self.config, self.dataset, self.step, &indices);
        let rounding = self.rounding(progress);
        let of_data = self.labels(&indices).unwrap_or_default();
        let drawn = Drawn { data, of_data, classes };
        let loss = distiller.differentiate(weights, rounding, &drawn, &mut self.generator)?;
        self.take_step(weights, loss, progress)
    }

    /// The end of a step: moves the weights against the gradient of a loss.
    fn take_step(&mut self, weights: &mut dyn Weights, loss: f64, progress: f64) -> Result<Report, TrainingError> {
        let config = self.config;
        // Clip. To a norm of at most `clip_norm`, or each element by Adam's second moment as the step is taken. What is not finite ends
        // the training before anything moved. Weights that rest have no part in the norm.
        let not_finite = TrainingError::NotFinite { step: self.step + 1, loss };
        if !loss.is_finite() {
            return Err(not_finite);
        }
        let gradient_norm = weights.clip(config.longest_gradient())?.ok_or(not_finite)?;

        // Step. θ ← θ − step(gradient). With `flow`, Muon moves the weights between channels, which also decay, and Adam all
        // else; with the other objectives, and once weights rest, Adam moves all. The rate rises, then falls.
        //
        // Average. θ̄ ← θ̄ + (1 − decay)·(θ − θ̄): what is sampled and written.
        let learning_rate = learning_rate(config.learning_rate, self.step, config.warm_up, progress as f32);
        weights.update(learning_rate)?;
        self.step += 1;
        Ok(Report { loss, learning_rate, gradient_norm })
    }
}
