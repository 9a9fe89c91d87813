//! How a sample is drawn.

use crate::result::VapoResult;
use vapo_sampler::{Condition, Sampler, Schedule, Solver};

/// Stands for any class.
pub const VAPO_ANY_CLASS: i32 = -1;
/// Stands for the default temperature of the settings' solver, for drawing or for restoring.
pub const VAPO_USUAL_TEMPERATURE: f32 = -1.0;

/// Euler-Maruyama: as many evaluations as steps.
pub const VAPO_SOLVER_EULER: u32 = 0;
/// Heun: twice as many evaluations as steps, less one.
pub const VAPO_SOLVER_HEUN: u32 = 1;
/// Two-step Adams-Bashforth: as many evaluations as steps.
pub const VAPO_SOLVER_AB2: u32 = 2;
/// Two-step exponential time differencing: as many evaluations as steps. The default.
pub const VAPO_SOLVER_ETD2: u32 = 3;

/// How a sample is drawn. `vapo_settings` gives the defaults; change them as you like.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VapoSettings {
    /// Decides the noise: the same seed gives the same sample.
    pub seed: u64,
    /// Steps from noise to sample, at least 1. More steps cost more and draw better, up to about 20.
    pub steps: u16,
    /// One of the solvers `VAPO_SOLVER_...`.
    pub solver: u32,
    /// Below 1 the steps are longest near the data, above 1 shortest.
    pub exponent: f32,
    /// How far ETD2 extrapolates the predicted image: 1 is the second order, 0 is not at all.
    pub extrapolation: f32,
    /// How much noise is added while sampling, at least 0; or VAPO_USUAL_TEMPERATURE.
    pub temperature: f32,
    /// The class to draw, from 0, or VAPO_ANY_CLASS.
    pub class_index: i32,
    /// How strongly the sample is pushed towards its class: 0 is not at all. Other values take two evaluations in place of one.
    pub guidance: f32,
}

/// The default settings for so many steps, with seed 0.
#[unsafe(no_mangle)]
pub extern "C" fn vapo_settings(steps: u16) -> VapoSettings {
    VapoSettings {
        seed: 0,
        steps,
        solver: VAPO_SOLVER_ETD2,
        exponent: Schedule::EXPONENT,
        extrapolation: Schedule::EXTRAPOLATION,
        temperature: VAPO_USUAL_TEMPERATURE,
        class_index: VAPO_ANY_CLASS,
        guidance: 0.0,
    }
}

impl VapoSettings {
    /// Prepares a sampler, and says when to stop and how much noise to add. `usual` is the usual temperature of a solver.
    pub(crate) fn apply(
        &self,
        sampler: &mut Sampler<'_>,
        usual: impl FnOnce(Solver) -> f32,
    ) -> Result<(Schedule, f32), VapoResult> {
        let solver = match self.solver {
            VAPO_SOLVER_EULER => Solver::Euler,
            VAPO_SOLVER_HEUN => Solver::Heun,
            VAPO_SOLVER_AB2 => Solver::Ab2,
            VAPO_SOLVER_ETD2 => Solver::Etd2,
            _ => return Err(VapoResult::Solver),
        };
        let schedule = Schedule::graded(self.steps, self.exponent)?.extrapolating(self.extrapolation)?;
        sampler.set_solver(solver)?;
        sampler.set_condition(Condition { class: class(self.class_index)?, guidance: self.guidance })?;
        let asked = self.temperature;
        Ok((schedule, if asked == VAPO_USUAL_TEMPERATURE { usual(solver) } else { asked }))
    }
}

/// The class of an index; none of whatever class.
pub(crate) fn class(index: i32) -> Result<Option<u16>, VapoResult> {
    match index {
        VAPO_ANY_CLASS => Ok(None),
        _ => u16::try_from(index).map(Some).map_err(|_| VapoResult::Class),
    }
}
