//! One step of a distillation, top to bottom: draw → compare → gradient → step, then the critic's own.
//!
//! Shapes: B samples a batch, d values a sample. Time runs from 0, noise, to 1, data, on the straight path: x = t·x̄ + (1 − t)·ε, so that
//! the image that a drift g predicts at x is D = x + (1 − t)·g.

use super::{Distiller, drifts};
use crate::arithmetic::random::uniform;
use crate::objective::{Cotangents, Objective};
use crate::ops::Fused;
use crate::path::{Path, Times};
use crate::potential::parameters::Layout;
use crate::potential::{Evaluation, Potential, Samples};
use crate::quantise::{Precision, rounded};
use crate::run::distillation::way;
use crate::training::TrainingError;
use crate::training::noise::gaussian_noise;
use crate::training::weights::{Parts, Weights};
use dfdx::prelude::Cpu;
use rand_xoshiro::Xoshiro128PlusPlus;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Rate of the critics, in units of the student's. A critic that lags behind points where the student has been: at 2 the student
/// swings, at 8 and more it settles.
const CRITIC_RATE: f32 = 16.0;
/// The times at which images of the student are compared. Later than that the mixture tells the image itself.
const COMPARED: [f32; 2] = [0.02, 0.95];
/// Least distance of an image and its prediction, a value, that a direction is divided by.
const LEAST_DISTANCE: f32 = 0.01;
/// How hard values outside those of images are drawn back into them.
const OUTSIDE: f32 = 0.5;

/// What a batch of the student leaves.
pub(in crate::training) struct Distilled {
    /// Mean square of the directions that its images move in.
    pub(in crate::training) loss: f64,
    /// The step that drew them.
    step: usize,
    /// The images, (B, d).
    images: Vec<f32>,
    classes: Vec<Option<u16>>,
}

impl Distiller<'_> {
    /// The gradient of the student, `weights`, of one batch of these classes, (B,), or of none. It stays in `weights`. With `rounding`,
    /// the student is that of the rounded parameters.
    ///
    /// # Errors
    /// [`TrainingError::Device`].
    pub(in crate::training) fn differentiate(
        &self,
        weights: &mut dyn Weights,
        rounding: Option<Precision>,
        classes: Vec<Option<u16>>,
        generator: &mut Xoshiro128PlusPlus,
    ) -> Result<Distilled, TrainingError> {
        let (architecture, batch) = (&self.config.architecture, self.config.batch);
        let size = architecture.signal.elements();
        let potential = |parameters: &[f32]| Potential::new(architecture, parameters, &Cpu::default());
        let moved = weights.read()?.parameters;
        let student = match rounding {
            Some(precision) => potential(&rounded(&Layout::new(architecture), &moved, precision)),
            None => potential(&moved),
        };
        // Draw. Noise ε, (B, d). One of the steps: the student itself takes those before it.
        let steps: Vec<_> = way(self.settings.evaluations).1.steps().collect();
        let number = ((uniform(generator) * steps.len() as f32) as usize).min(steps.len() - 1);
        let (teacher, critic) = (potential(&self.teacher), potential(self.critics[number].parameters()));
        let mut nothing = vec![0.0; batch * size];
        let mut x = gaussian_noise(&mut nothing, 0.0, generator);
        for step in &steps[..number] {
            let times = vec![step.start; batch];
            let drift = drifts(&student, Samples { images: &x, times: &times, classes: &classes });
            x.iter_mut().zip(drift).for_each(|(x, drift)| *x += (step.end - step.start) * drift);
        }
        let start = steps[number].start;
        let starts = vec![start; batch];
        // Times s, (B,), and noise of the comparison.
        let [low, high] = COMPARED;
        let times: Vec<f32> = Times::Uniform.draw(batch, generator).iter().map(|s| low + (high - low) * s).collect();
        let noise = gaussian_noise(&mut nothing, 0.0, generator);
        // Images have values from −1 to 1, windows of a series any.
        let in_range = self.config.series.is_none();

        // Compare. The student's image x̂ = x + (1 − t)·g, mixed with noise: y = s·x̂ + (1 − s)·ε. The direction that x̂ moves against is
        // D′ − D = (1 − s)(g′ − g), critic less teacher at y, divided by the mean distance of x̂ and D, so that all times weigh alike.
        // ∂x̂/∂g = 1 − t, so that the loss's derivative by the student's drift is that times the direction.
        let images = Mutex::new(vec![0.0; batch * size]);
        let compare = |evaluation: &Evaluation<f32>, part: Range<usize>| {
            let values = part.start * size..part.end * size;
            let pairs = x[values.clone()].iter().zip(&evaluation.drift);
            let image: Vec<f32> = pairs.map(|(x, drift)| x + (1.0 - start) * drift).collect();
            images.lock().unwrap_or_else(PoisonError::into_inner)[values.clone()].copy_from_slice(&image);
            let times = &times[part.clone()];
            let rows = image.chunks_exact(size).zip(noise[values].chunks_exact(size)).zip(times);
            let mixed: Vec<f32> = rows
                .flat_map(|((image, noise), &s)| {
                    image.iter().zip(noise).map(move |(image, noise)| s * image + (1.0 - s) * noise)
                })
                .collect();
            let samples = Samples { images: &mixed, times, classes: classes.get(part.clone()).unwrap_or_default() };
            let of_critic = critic.evaluate::<Fused>(samples, &mut Default::default()).drift;
            let of_teacher = self.guided(&teacher, samples);
            let (mut loss, mut drift) = (0.0, Vec::with_capacity(image.len()));
            for (row, &s) in times.iter().enumerate() {
                let row = row * size..(row + 1) * size;
                let parts = || row.clone().map(|at| (image[at], mixed[at], of_teacher[at], of_critic[at]));
                let distance = parts().map(|(image, y, g, _)| (image - y - (1.0 - s) * g).abs()).sum::<f32>();
                let scale = (1.0 - s) / (distance / size as f32).max(LEAST_DISTANCE);
                drift.extend(parts().map(|(image, _, teacher, critic)| {
                    let outside = if in_range { image - image.clamp(-1.0, 1.0) } else { 0.0 };
                    let direction = scale * (critic - teacher) + OUTSIDE * outside;
                    loss += f64::from(direction * direction);
                    (1.0 - start) * direction / (batch * size) as f32
                }));
            }
            let zeros = vec![0.0; times.len()];
            Ok(Cotangents { loss: loss / (batch * size) as f64, drift, potential: zeros.clone(), time_rate: zeros })
        };
        let samples = Samples { images: &x, times: &starts, classes: &classes };
        let loss = weights.differentiate(samples, rounding, Parts::Shards, &compare)?;
        Ok(Distilled {
            loss,
            step: number,
            images: images.into_inner().unwrap_or_else(PoisonError::into_inner),
            classes,
        })
    }

    /// The critic of a step learns the images of its batch, as any potential learns data, in the training's step of this number and rate.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`], with the critic's loss.
    pub(in crate::training) fn criticise(
        &mut self,
        Distilled { step, images, classes, .. }: Distilled,
        generator: &mut Xoshiro128PlusPlus,
        (number, learning_rate): (u64, f32),
    ) -> Result<(), TrainingError> {
        let config = self.config;
        let times = config.times.draw(config.batch, generator);
        let noise = gaussian_noise(&mut vec![0.0; images.len()], 0.0, generator);
        let path = Path::new(config.architecture.homotopy, &images, &noise, &times)?.with_classes(classes)?;
        let flow = |evaluation: &_, part| Objective::Flow.evaluate_part(evaluation, &path, part);
        let critic = &mut self.critics[step];
        let loss = critic.differentiate(path.samples(), None, Parts::Shards, &flow)?;
        let not_finite = TrainingError::NotFinite { step: number, loss };
        critic.clip(config.clip_norm)?.filter(|_| loss.is_finite()).ok_or(not_finite)?;
        critic.update(CRITIC_RATE * learning_rate)
    }

    /// The teacher's drift, (B, d), led towards the classes: (1 + w)·∇Φ(·, c) − w·∇Φ(·, ∅).
    fn guided(&self, teacher: &Potential<f32, Cpu>, samples: Samples<'_, f32>) -> Vec<f32> {
        let w = self.settings.guidance;
        let mut drift = teacher.evaluate::<Fused>(samples, &mut Default::default()).drift;
        if w != 0.0 && !samples.classes.is_empty() {
            let of_none = vec![None; samples.classes.len()];
            let samples = Samples { classes: &of_none, ..samples };
            let other = teacher.evaluate::<Fused>(samples, &mut Default::default()).drift;
            drift.iter_mut().zip(other).for_each(|(drift, other)| *drift = (1.0 + w) * *drift - w * other);
        }
        drift
    }
}
