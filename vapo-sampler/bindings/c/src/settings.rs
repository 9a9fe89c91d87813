//! How a sample is drawn.

use crate::result::VapoResult;
use vapo_sampler::{Condition, Sampler, Schedule, Solver};

/// Stands for whatever class.
pub const VAPO_ANY_CLASS: i32 = -1;
/// Stands for the temperature that samples are usually drawn at, or restored at, with the solver of the settings.
pub const VAPO_USUAL_TEMPERATURE: f32 = -1.0;

/// Euler-Maruyama: as many evaluations as steps.
pub const VAPO_SOLVER_EULER: u32 = 0;
/// Heun: twice as many, less one.
pub const VAPO_SOLVER_HEUN: u32 = 1;
/// Two-step Adams-Bashforth: as many evaluations as steps.
pub const VAPO_SOLVER_AB2: u32 = 2;
/// Two-step exponential time differencing: as many evaluations as steps. The default.
pub const VAPO_SOLVER_ETD2: u32 = 3;

/// How a sample is drawn. `vapo_settings` gives the usual ones; change what you like.
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
    /// How far ETD2 extrapolates the predicted image: 1 as it is, 0 not at all.
    pub extrapolation: f32,
    /// How much noise is added on the way, at least 0; or VAPO_USUAL_TEMPERATURE.
    pub temperature: f32,
    /// The class that is asked for, from 0, or VAPO_ANY_CLASS.
    pub class_index: i32,
    /// How far the sample is led to its class: 0 not at all. Others take two evaluations for one.
    pub guidance: f32,
}

/// The usual settings for so many steps, with seed 0.
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
