//! How samples are drawn.

use crate::cli::card::SamplerCard;
use crate::cli::{Failure, from_one_to};
use crate::sampling::{Asked, SamplingError, Settings};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use vapo_sampler::{Schedule, Solver};

/// The help of `--temperature` where something is restored.
pub(in crate::cli) const RESTORING_TEMPERATURE: &str =
    "Temperature of the SDE; 0 is the deterministic flow [default: 8 for etd2, else 0]";

#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct SamplerOptions {
    /// Steps of the solver
    #[arg(long, value_name = "K", default_value = "20", value_parser = from_one_to::<u16, { u16::MAX as u64 }>())]
    steps: u16,
    /// Temperature of the SDE; 0 is the deterministic flow [default: 0.3 for etd2, else 0]
    #[arg(long, value_name = "ETA", allow_negative_numbers = true)]
    temperature: Option<f32>,
    /// Integrator of the flow or the SDE
    #[arg(long, value_parser = solvers(), default_value = Solver::Etd2.name())]
    solver: Solver,
    /// Grid of times 1 − (1 − s)^P for uniform s; 1 is the uniform grid
    #[arg(long, value_name = "P", default_value_t = Schedule::EXPONENT, allow_negative_numbers = true)]
    grading: f32,
    /// How far etd2 extrapolates the predicted image, in units of the second order; above 1 samples are sharper
    #[arg(long, value_name = "F", default_value_t = Schedule::EXTRAPOLATION, allow_negative_numbers = true)]
    extrapolation: f32,
    /// Image i is the one that a device draws with seed N + i
    #[arg(long, value_name = "N", default_value = "0", allow_negative_numbers = true)]
    seed: u64,
    /// Threads to sample on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
}

/// The sampler's solvers, by their names.
pub(in crate::cli) fn solvers() -> impl TypedValueParser<Value = Solver> {
    let values = Solver::ALL.map(|solver| PossibleValue::new(solver.name()).help(about(solver)));
    PossibleValuesParser::new(values)
        .map(|name| Solver::ALL.into_iter().find(|solver| solver.name() == name).unwrap_or_default())
}

/// One line for people.
const fn about(solver: Solver) -> &'static str {
    match solver {
        Solver::Euler => "Euler–Maruyama: one evaluation of the drift a step",
        Solver::Heun => "Predictor and corrector: two evaluations a step",
        Solver::Ab2 => "Two-step Adams–Bashforth: one evaluation a step",
        Solver::Etd2 => "Two-step exponential time differencing, for few steps: one evaluation a step",
    }
}

impl SamplerOptions {
    /// The settings for `count` images.
    ///
    /// # Errors
    /// A grading that makes no grid of times, a temperature that is negative or not finite.
    pub(in crate::cli) fn settings(&self, count: usize) -> Result<Settings, Failure> {
        let schedule = Schedule::graded(self.steps, self.grading)
            .map_err(|cause| Failure::Usage(format!("--grading {}: {cause}", self.grading)))?
            .extrapolating(self.extrapolation)
            .map_err(|cause| Failure::Usage(format!("--extrapolation {}: {cause}", self.extrapolation)))?;
        let temperature = self.temperature();
        if !temperature.is_finite() || temperature < 0.0 {
            return Err(self.explain(vapo_sampler::Error::Temperature { found: temperature }.into()));
        }
        Ok(Settings { count, solver: self.solver, schedule, temperature, seed: self.seed, asked: Asked::default() })
    }

    /// The settings for `count` images that follow from their noise alone.
    ///
    /// # Errors
    /// As [`SamplerOptions::settings`]; a temperature other than 0, with what noise on the way would do.
    pub(in crate::cli) fn settings_without_noise(&self, count: usize, why: &str) -> Result<Settings, Failure> {
        let settings = self.settings(count)?;
        match settings.temperature {
            0.0 => Ok(settings),
            found => Err(Failure::Usage(format!("--temperature {found}: expected 0; with noise on the way, {why}"))),
        }
    }

    /// These options where something is restored: hotter, if not said otherwise.
    pub(in crate::cli) fn restoring(&self) -> Self {
        let temperature = self.temperature.unwrap_or(self.solver.restoring_temperature());
        SamplerOptions { temperature: Some(temperature), ..self.clone() }
    }

    fn temperature(&self) -> f32 {
        self.temperature.unwrap_or(self.solver.usual_temperature())
    }

    /// The seed of the first sample, and of whatever else a command draws.
    pub(in crate::cli) fn seed(&self) -> u64 {
        self.seed
    }

    /// What a run card says of these options.
    pub(in crate::cli) fn card(&self, count: usize) -> SamplerCard {
        SamplerCard {
            count,
            solver: self.solver.name(),
            steps: self.steps,
            evaluations: self.solver.evaluations(self.steps),
            grading: self.grading,
            extrapolation: self.extrapolation,
            temperature: self.temperature(),
            seed: self.seed,
            class: None,
            guidance: None,
        }
    }

    /// The threads to work on.
    ///
    /// # Errors
    /// The system starts none.
    pub(in crate::cli) fn pool(&self) -> Result<rayon::ThreadPool, Failure> {
        Ok(rayon::ThreadPoolBuilder::new().num_threads(self.threads.unwrap_or(0)).build()?)
    }

    /// Names the option that the sampler refused.
    pub(in crate::cli) fn explain(&self, cause: SamplingError) -> Failure {
        match cause {
            SamplingError::Refused(cause @ vapo_sampler::Error::Temperature { .. }) => {
                Failure::Usage(format!("--temperature {}: {cause}", self.temperature()))
            }
            cause => cause.into(),
        }
    }
}
