//! Distillation: a potential, the student, learns to draw in few evaluations what another one, the teacher, draws in many.
//!
//! The student draws images. A third potential, the critic, learns what the student draws, by the loss `flow`. Then an image of the
//! student is mixed with noise. Teacher and critic both predict the image behind the mixture: D and D′. Where the student draws a
//! kind of image more often than the teacher, D′ lies nearer to it than D. So the student's images move along D − D′. At rest both
//! agree: the two densities are the same, at every size of noise.
//!
//! Each step of the student has a critic of its own. With one for all, one step's images may be too dark as long as another's are
//! too bright.
//!
//! No data is needed: the teacher stands for it. Each potential is evaluated as it always is, and the gradient of the student is that of a
//! loss of its drift, as in any other training.
//!
//! Source: Yin et al., *One-step diffusion with distribution matching distillation*, 2024, arXiv:2311.18828, equations 7 and 8, with
//! predicted images in place of scores: on the straight path the score is (μD − x)/σ², so that their differences differ by a factor
//! alone. Several steps, each from where the student itself arrives: Yin et al., 2024, arXiv:2405.14867, section 4.5.
//!
//! | module | concept |
//! |---|---|
//! | `step` | **one step, top to bottom: read this first** |
//! | [`Distiller`] | what the student learns from |

mod step;

use super::TrainingError;
use super::host::HostWeights;
use super::weights::{Moved, Moving, Weights};
use crate::ops::Fused;
use crate::potential::parameters::Layout;
use crate::potential::{Evaluation, Potential, Samples};
use crate::run::checkpoint::Snapshot;
use crate::run::config::{Config, Device};
use crate::run::distillation::Distillation;
use dfdx::prelude::Cpu;
use rayon::prelude::*;
use vapo_format::Homotopy;

/// Images that a thread evaluates at a time.
const IMAGES: usize = 4;

/// A teacher, and the critics of its student.
pub(super) struct Distiller<'a> {
    config: &'a Config,
    settings: &'a Distillation,
    /// The teacher's parameters, which never move.
    teacher: Vec<f32>,
    /// One a step.
    critics: Vec<HostWeights<'a>>,
}

impl<'a> Distiller<'a> {
    /// That of a run with these settings of a distillation. The critics begin as the teacher, or go on from where a checkpoint left them.
    ///
    /// # Errors
    /// [`TrainingError::Distillation`] for what cannot be distilled; vectors that have not a value a parameter.
    pub(super) fn new(
        config: &'a Config,
        settings: &'a Distillation,
        layout: &Layout,
        teacher: Vec<f32>,
        critics: Vec<Snapshot>,
    ) -> Result<Self, TrainingError> {
        let refuse = |cause: &'static str| Err(TrainingError::Distillation { cause });
        if config.device != Device::Cpu {
            return refuse("it computes on the processor: give --device cpu");
        }
        if config.architecture.homotopy != Homotopy::Linear {
            return refuse("the teacher is of --homotopy bayes: train one of the linear path");
        }
        let all = critics.into_iter().map(Moved::of).chain(std::iter::repeat_with(|| Moved::fresh(teacher.clone())));
        let critics =
            all.take(settings.evaluations.into()).map(|moved| HostWeights::new(config, layout, &moved, Moving::All));
        let critics = critics.collect::<Result<_, _>>()?;
        Ok(Distiller { config, settings, teacher, critics })
    }

    /// The critics' states. They draw no random numbers.
    ///
    /// # Errors
    /// As [`Weights::read`].
    pub(super) fn critics(&self) -> Result<Vec<Snapshot>, TrainingError> {
        self.critics.iter().map(|critic| Ok(critic.read()?.snapshot([0; 4]))).collect()
    }
}

/// The drift ∇Φ, (B, d), of `samples`, of B of them: in pieces, on the threads of the current pool.
fn drifts(potential: &Potential<f32, Cpu>, samples: Samples<'_, f32>) -> Vec<f32> {
    let count = samples.times.len();
    let pieces: Vec<_> = (0..count).step_by(IMAGES).map(|first| first..(first + IMAGES).min(count)).collect();
    let drift = |piece: std::ops::Range<usize>| {
        let Evaluation { drift, .. } = potential.evaluate::<Fused>(samples.slice(piece), &mut Default::default());
        drift
    };
    let drifts: Vec<Vec<f32>> = pieces.into_par_iter().map(drift).collect();
    drifts.concat()
}

#[cfg(test)]
mod tests;
