//! How samples are drawn, in steps that are fixed beforehand. Adaptive ones: in `adaptive`.

use super::solver::{NamedSolver, fixed_solvers};
use crate::cli::card::{Evaluations, SamplerCard};
use crate::cli::{Code, Failure, from_one_to};
use crate::sampling::{Asked, SamplingError, Settings};
use vapo_sampler::{Schedule, Solver};

/// The help of `--temperature` where something is restored.
pub(in crate::cli) const RESTORING_TEMPERATURE: &str =
    "Temperature of the SDE; 0 is the deterministic flow [default: 8 for etd2, else 0]";

#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct SamplerOptions {
    /// Steps of the solver [default: 20]
    #[arg(long, value_name = "K", value_parser = from_one_to::<u16, { u16::MAX as u64 }>())]
    pub(super) steps: Option<u16>,
    /// Temperature of the SDE; 0 is the deterministic flow [default: 0.3 for etd2, else 0]
    #[arg(long, value_name = "ETA", allow_negative_numbers = true)]
    pub(super) temperature: Option<f32>,
    /// Solver of the flow or the SDE
    #[arg(long, value_parser = fixed_solvers(), default_value = Solver::Etd2.name())]
    pub(super) solver: NamedSolver,
    /// Exponent P of the grid of times 1 − (1 − s)^P for uniform s; 1 is the uniform grid [default: 0.5]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    pub(super) grading: Option<f32>,
    /// How far etd2 extrapolates the predicted image, in units of the second order; above 1 samples are sharper
    /// [default: 1.25]
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    pub(super) extrapolation: Option<f32>,
    /// First seed: image i is the one that a device draws with seed N + i
    #[arg(long, value_name = "N", default_value = "0", allow_negative_numbers = true)]
    pub(super) seed: u64,
    /// Threads to sample on; the result does not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = from_one_to::<usize, 1024>())]
    threads: Option<usize>,
}

/// So many threads, or one a core.
///
/// # Errors
/// The system starts none.
pub(in crate::cli) fn pool(threads: Option<usize>) -> Result<rayon::ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build().map_err(|cause| {
        let count = threads.map_or_else(|| "one thread a core".to_owned(), |threads| format!("{threads} threads"));
        Failure::told(Code::Unexpected, format!("cannot start {count}: {cause}; give fewer --threads"))
    })
}

/// Steps where nothing is said.
const STEPS: u16 = 20;

impl SamplerOptions {
    /// The settings for `count` images.
    ///
    /// # Errors
    /// A solver of adaptive steps, a grading that makes no grid of times, a temperature that is negative or not finite.
    pub(in crate::cli) fn settings(&self, count: usize) -> Result<Settings, Failure> {
        let solver = self.fixed()?;
        if let Some(factor) = self.extrapolation
            && solver != Solver::Etd2
        {
            return Err(Failure::Usage(format!(
                "--extrapolation {factor}: it is of --solver etd2, found --solver {}: leave one of them out",
                solver.name()
            )));
        }
        let (grading, extrapolation) = (self.grading(), self.extrapolation());
        let schedule = Schedule::graded(self.steps(), grading)
            .map_err(|cause| Failure::Usage(format!("--grading {grading}: {cause}")))?
            .extrapolating(extrapolation)
            .map_err(|cause| Failure::Usage(format!("--extrapolation {extrapolation}: {cause}")))?;
        let temperature = self.temperature();
        if !temperature.is_finite() || temperature < 0.0 {
            return Err(self.explain(vapo_sampler::Error::Temperature { found: temperature }.into()));
        }
        Ok(Settings { count, solver, schedule, temperature, seed: self.seed, asked: Asked::default() })
    }

    /// The solver of fixed steps.
    fn fixed(&self) -> Result<Solver, Failure> {
        match self.solver {
            NamedSolver::Fixed(solver) => Ok(solver),
            NamedSolver::Adaptive(method) => Err(Failure::Usage(format!(
                "--solver {}: its steps are as long as their error allows, which sample, eval and neighbours take; here give euler, \
                 heun, ab2 or etd2",
                method.name()
            ))),
        }
    }

    fn steps(&self) -> u16 {
        self.steps.unwrap_or(STEPS)
    }

    fn grading(&self) -> f32 {
        self.grading.unwrap_or(Schedule::EXPONENT)
    }

    fn extrapolation(&self) -> f32 {
        self.extrapolation.unwrap_or(Schedule::EXTRAPOLATION)
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

    /// What a run card says of these options, where steps are fixed.
    ///
    /// # Errors
    /// A solver of adaptive steps.
    pub(in crate::cli) fn card(&self, count: usize) -> Result<SamplerCard, Failure> {
        let solver = self.fixed()?;
        Ok(SamplerCard {
            count,
            solver: solver.name(),
            steps: Some(self.steps()),
            evaluations: Evaluations::Each(solver.evaluations(self.steps())),
            grading: Some(self.grading()),
            extrapolation: (solver == Solver::Etd2).then(|| self.extrapolation()),
            tolerance: None,
            temperature: self.temperature(),
            seed: self.seed,
            class: None,
            guidance: None,
        })
    }

    /// The threads to work on.
    ///
    /// # Errors
    /// The system starts none.
    pub(in crate::cli) fn pool(&self) -> Result<rayon::ThreadPool, Failure> {
        pool(self.threads)
    }

    /// Names the option that the sampler refused.
    pub(in crate::cli) fn explain(&self, cause: SamplingError) -> Failure {
        match cause {
            SamplingError::Refused(cause @ vapo_sampler::Error::Temperature { .. }) => {
                Failure::refused(&cause, format!("--temperature {}: {cause}", self.temperature()))
            }
            cause => cause.into(),
        }
    }
}
