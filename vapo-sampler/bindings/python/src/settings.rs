//! How samples are drawn.

use crate::error::refused;
use pyo3::prelude::*;
use vapo_sampler::{Schedule, Solver};

/// How samples are drawn. `temperature` is the solver's usual one if none.
#[pyclass(frozen, module = "vapo._native")]
#[derive(Debug)]
pub struct Settings {
    pub(crate) solver: Solver,
    pub(crate) schedule: Schedule,
    temperature: Option<f32>,
    pub(crate) guidance: f32,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
}

#[pymethods]
impl Settings {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "Python gives each by its name")]
    #[pyo3(signature = (*, solver, steps, grading, extrapolation, temperature, guidance, seed, threads))]
    fn new(
        solver: &str,
        steps: u16,
        grading: f32,
        extrapolation: f32,
        temperature: Option<f32>,
        guidance: f32,
        seed: u64,
        threads: usize,
    ) -> PyResult<Self> {
        let Some(solver) = Solver::ALL.into_iter().find(|known| known.name() == solver) else {
            let known = Solver::ALL.map(Solver::name).join(", ");
            return Err(refused(format!("solver: expected one of {known}, found {solver}")));
        };
        let schedule = Schedule::graded(steps, grading)
            .map_err(|cause| refused(format!("grading: {cause}")))?
            .extrapolating(extrapolation)
            .map_err(|cause| refused(format!("extrapolation: {cause}")))?;
        Ok(Settings { solver, schedule, temperature, guidance, seed, threads })
    }
}

impl Settings {
    /// The temperature of samples.
    pub(crate) fn usual_temperature(&self) -> f32 {
        self.temperature.unwrap_or(self.solver.usual_temperature())
    }

    /// The temperature of restorations.
    pub(crate) fn restoring_temperature(&self) -> f32 {
        self.temperature.unwrap_or(self.solver.restoring_temperature())
    }
}
