//! The gradient of a distillation's step, top to bottom: draw → sample → compare → back through the steps.
//!
//! Shapes: B samples a batch, d values a sample, k steps of a sample. Time runs from 0, noise, to 1, data.

use super::energy::{Points, gradient};
use super::{Distiller, Drawn, drifts};
use crate::objective::Cotangents;
use crate::potential::parameters::Layout;
use crate::potential::{Evaluation, Potential, Samples};
use crate::quantise::{Precision, rounded};
use crate::run::distillation::way;
use crate::training::TrainingError;
use crate::training::noise::gaussian_noise;
use crate::training::weights::{Parts, Weights};
use dfdx::prelude::Cpu;
use nalgebra::DMatrix;
use rand_xoshiro::Xoshiro128PlusPlus;
use rayon::prelude::*;
use std::ops::Range;

/// How hard values outside those of images are drawn back into them.
const OUTSIDE: f32 = 0.004;
/// How far, by root mean square of a value, a sample is moved to see how the drift changes.
const MOVED: f32 = 0.01;
/// Least length of the direction that it is moved along: a sample that nothing draws anywhere has none.
const LEAST: f32 = 1e-22;

impl Distiller<'_> {
    /// The gradient of the student, `weights`, of as many samples as there are images in `drawn`. It stays in `weights`. With `rounding`,
    /// the student is that of the rounded parameters. Returns the energy distance, but for what does not depend on the student.
    ///
    /// # Errors
    /// [`TrainingError::Device`].
    pub(in crate::training) fn differentiate(
        &self,
        weights: &mut dyn Weights,
        rounding: Option<Precision>,
        drawn: &Drawn,
        generator: &mut Xoshiro128PlusPlus,
    ) -> Result<f64, TrainingError> {
        let architecture = &self.config.architecture;
        let size = architecture.signal.elements();
        let (batch, classes) = (drawn.data.len() / size, &drawn.classes);
        let moved = weights.read()?.parameters;
        let student = rounding.map(|precision| rounded(&Layout::new(architecture), &moved, precision)).unwrap_or(moved);
        let student = Potential::new(architecture, &student, &Cpu::default());
        let drift_at = |x: &[f32], time: f32| {
            let times = vec![time; batch];
            drifts(&student, Samples { images: x, times: &times, classes, dropout: None })
        };

        // Draw. Noise x₀, (B, d).
        let mut x = gaussian_noise(&mut vec![0.0; batch * size], 0.0, generator);
        // Sample. x ← x + h·∇Φ(x, t) for each of the steps; where each began is kept, (k, B, d).
        let steps: Vec<_> = way(self.settings.evaluations).1.steps().collect();
        let mut starts = Vec::with_capacity(steps.len());
        for step in &steps {
            let drift = drift_at(&x, step.start);
            let next = x.iter().zip(drift).map(|(x, drift)| x + (step.end - step.start) * drift).collect();
            starts.push(std::mem::replace(&mut x, next));
        }

        // Compare. v = ∂F/∂x, (B, d), of the energy distances F between features of samples and of data.
        let (distance, mut v) = self.compared(&x, drawn, batch);

        // Back. The last step changes by its drift as h·v. What came before it changes by v too, and by how the drift changes with where it is
        // taken: v ← v + h·(∂∇Φ/∂x)·v, a product with the matrix of second derivatives, which is symmetric. So it is how the drift
        // changes along v.
        let mut cotangents = vec![Vec::new(); steps.len()];
        for (number, step) in steps.iter().enumerate().rev() {
            let width = step.end - step.start;
            cotangents[number] = v.iter().map(|v| width * v).collect();
            if number > 0 {
                let change = change_along(&v, size, &starts[number], |x| drift_at(x, step.start));
                v.iter_mut().zip(change).for_each(|(v, change)| *v += width * change);
            }
        }

        // Gradient. Of Σ cotangents·∇Φ, with cotangents held constant, over all steps at once: (k·B) samples.
        let times: Vec<f32> = steps.iter().flat_map(|step| vec![step.start; batch]).collect();
        let (starts, cotangents) = (starts.concat(), cotangents.concat());
        let of_all: Vec<Option<u16>> = steps.iter().flat_map(|_| classes).copied().collect();
        let samples = Samples { images: &starts, times: &times, classes: &of_all, dropout: None };
        weights.differentiate(samples, rounding, Parts::Shards, &|_: &Evaluation<f32>, part: Range<usize>| {
            let drift = cotangents[part.start * size..part.end * size].to_vec();
            let zeros = vec![0.0; part.len()];
            Ok(Cotangents { loss: 0.0, drift, potential: zeros.clone(), time_rate: zeros })
        })?;
        Ok(distance)
    }

    /// The energy distances of all groups of features added up, and how they change with the samples `x`, (B, d). Samples of images that
    /// leave −1 to 1 are drawn back: beyond it nothing is told.
    fn compared(&self, x: &[f32], drawn: &Drawn, batch: usize) -> (f64, Vec<f32>) {
        let (of_samples, of_data) = (self.features.of(x, batch), self.features.of(&drawn.data, batch));
        let compared = |(samples, data): (&DMatrix<f32>, &DMatrix<f32>)| {
            gradient(
                Points { values: samples, classes: &drawn.classes },
                Points { values: data, classes: &drawn.of_data },
            )
        };
        let groups: Vec<_> = of_samples.par_iter().zip(&of_data).map(compared).collect();
        let (gradients, distances): (Vec<_>, Vec<_>) = groups.into_iter().unzip();
        let mut v = self.features.pulled_back(x, batch, &gradients);
        // Windows of a series have any values.
        if self.config.series.is_none() {
            v.iter_mut().zip(x).for_each(|(v, x)| *v += OUTSIDE * (x - x.clamp(-1.0, 1.0)));
        }
        v.iter_mut().for_each(|v| *v /= batch as f32);
        (distances.iter().sum(), v)
    }
}

/// How the drift, (B, d), changes along `v`, (B, d), at `x`: by the central difference of two evaluations.
fn change_along(v: &[f32], size: usize, x: &[f32], drift: impl Fn(&[f32]) -> Vec<f32>) -> Vec<f32> {
    // Each sample moves as far as any other, however short its v is.
    let length = |v: &[f32]| MOVED / (v.iter().map(|v| v * v).sum::<f32>() / size as f32).sqrt().max(LEAST);
    let lengths: Vec<f32> = v.chunks_exact(size).map(length).collect();
    let at = |sign: f32| {
        let rows = x.chunks_exact(size).zip(v.chunks_exact(size)).zip(&lengths);
        let moved: Vec<f32> =
            rows.flat_map(|((x, v), length)| x.iter().zip(v).map(move |(x, v)| x + sign * length * v)).collect();
        drift(&moved)
    };
    let (ahead, behind) = (at(1.0), at(-1.0));
    let rows = ahead.chunks_exact(size).zip(behind.chunks_exact(size)).zip(&lengths);
    rows.flat_map(|((ahead, behind), length)| {
        ahead.iter().zip(behind).map(move |(ahead, behind)| (ahead - behind) / (2.0 * length))
    })
    .collect()
}
