//! Distillation: a potential, the student, learns to draw in few evaluations what another one, the teacher, draws in many.
//!
//! The student begins as the teacher, and draws images in the few steps that it is to have. Their distribution is compared with
//! that of the data, not image by image: by the energy distance of the features that the teacher's encoder computes of them.
//! Its gradient by each image goes back through all the steps, to the student's weights.
//!
//! No network learns against another, and no pairs of noise and image are kept. A pair prescribes an image for each noise. A
//! small network cannot learn all pairs, and blurs. A density only prescribes which images have to come out.
//!
//! | module | concept |
//! |---|---|
//! | `step` | **one step, top to bottom: read this first** |
//! | `features` | the features of images by an encoder, and their derivatives |
//! | `energy` | the distance of two sets of points, and its derivatives |
//!
//! Sources: the energy distance as the loss of a generator is in Bellemare et al., *The Cramér distance*, 2017, arXiv:1705.10743; features of a
//! fixed network in place of pixels are in Li et al., *Generative moment matching networks*, 2015, arXiv:1502.02761, section 3.

mod energy;
mod features;
mod step;

use super::TrainingError;
use crate::dataset::Dataset;
use crate::ops::Fused;
use crate::potential::{Evaluation, Potential, Samples};
use crate::run::config::{Config, Device};
use crate::run::distillation::Distillation;
use dfdx::prelude::Cpu;
use features::Features;
use rayon::prelude::*;
use std::ops::Range;
use vapo_format::Homotopy;

/// Images that a thread evaluates at a time.
const IMAGES: usize = 4;

/// What judges the samples of a student.
pub(super) struct Distiller<'a> {
    config: &'a Config,
    settings: &'a Distillation,
    features: Features,
}

/// What a step draws of the data.
#[derive(Debug)]
pub(super) struct Drawn {
    /// Images, (B, d).
    pub(super) data: Vec<f32>,
    /// Their classes, (B,); empty where the potential has none.
    pub(super) of_data: Vec<Option<u16>>,
    /// The classes that samples are drawn of, (B,), some of them of none; empty likewise.
    pub(super) classes: Vec<Option<u16>>,
}

impl<'a> Distiller<'a> {
    /// That of a run with these settings, and of a teacher of the same network.
    ///
    /// # Errors
    /// [`TrainingError::Distillation`] for what cannot be distilled.
    pub(super) fn new(
        config: &'a Config,
        settings: &'a Distillation,
        dataset: &Dataset,
        teacher: &[f32],
    ) -> Result<Self, TrainingError> {
        let refuse = |cause: &'static str| Err(TrainingError::Distillation { cause });
        if config.device != Device::Cpu {
            return refuse("it computes on the processor: give --device cpu");
        }
        if config.architecture.homotopy != Homotopy::Linear {
            return refuse("the teacher is of --homotopy bayes: train one of the linear path");
        }
        if config.batch < 2 {
            return refuse("densities of one image cannot be compared: give --batch 2 or more");
        }
        let teacher = Potential::new(&config.architecture, teacher, &Cpu::default());
        Ok(Distiller { config, settings, features: Features::new(teacher, dataset) })
    }
}

/// The drift ∇Φ, (B, d), of `samples`, of B of them.
fn drifts(potential: &Potential<f32, Cpu>, samples: Samples<'_, f32>) -> Vec<f32> {
    let drift = |piece| {
        let Evaluation { drift, .. } = potential.evaluate::<Fused>(samples.slice(piece), &mut Default::default());
        drift
    };
    in_pieces(samples.times.len(), drift).concat()
}

/// What `of` makes of pieces of a batch, in their order, on the threads of the current pool.
fn in_pieces<T: Send>(count: usize, of: impl Fn(Range<usize>) -> T + Sync + Send) -> Vec<T> {
    let pieces: Vec<_> = (0..count).step_by(IMAGES).map(|first| first..(first + IMAGES).min(count)).collect();
    pieces.into_par_iter().map(of).collect()
}

#[cfg(test)]
mod tests;
