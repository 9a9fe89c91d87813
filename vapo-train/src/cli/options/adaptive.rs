//! How samples are drawn where steps may be adaptive.

use super::sampler::SamplerOptions;
use super::solver::{NamedSolver, all_solvers};
use crate::cli::Failure;
use crate::cli::card::{Evaluations, SamplerCard};
use crate::sampling::adaptive::{Adaptive, TOLERANCE, TOLERANCES};
use crate::sampling::ode::Method;
use crate::sampling::{Asked, Integrator, Request};

#[derive(Clone, Debug, clap::Args)]
#[command(mut_arg("solver", |option| option.value_parser(all_solvers())))]
pub(in crate::cli) struct AdaptiveOptions {
    #[command(flatten)]
    pub(in crate::cli) fixed: SamplerOptions,
    /// Error of a step of rk45 and rk23, absolute and relative [default: 0.001]
    #[arg(long, value_name = "E", allow_negative_numbers = true)]
    tolerance: Option<f64>,
}

impl AdaptiveOptions {
    /// What to draw, for `count` images.
    ///
    /// # Errors
    /// As [`SamplerOptions::settings`]; options that the solver has no use for, a temperature or a tolerance that it has not.
    pub(in crate::cli) fn request(&self, count: usize) -> Result<Request, Failure> {
        let integrator = match (self.fixed.solver, self.tolerance) {
            (NamedSolver::Fixed(_), None) => return Ok(self.fixed.settings(count)?.into()),
            (NamedSolver::Fixed(solver), Some(tolerance)) => {
                return Err(Failure::Usage(format!(
                    "--tolerance {tolerance}: {} takes --steps, whatever their error; leave the option out, or give --solver rk45 or \
                     rk23",
                    solver.name()
                )));
            }
            (NamedSolver::Adaptive(method), _) => Integrator::Adaptive(self.adaptive(method)?),
        };
        Ok(Request { count, integrator, seed: self.fixed.seed, asked: Asked::default() })
    }

    fn adaptive(&self, method: Method) -> Result<Adaptive, Failure> {
        let SamplerOptions { steps, grading, extrapolation, temperature, .. } = &self.fixed;
        let name = method.name();
        let given = [
            steps.map(|steps| format!("--steps {steps}")),
            grading.map(|grading| format!("--grading {grading}")),
            extrapolation.map(|extrapolation| format!("--extrapolation {extrapolation}")),
        ];
        if let Some(option) = given.into_iter().flatten().next() {
            return Err(Failure::Usage(format!(
                "{option}: steps of {name} are as long as --tolerance allows; leave the option out, or give a solver of fixed steps, \
                 euler, heun, ab2 or etd2"
            )));
        }
        if let Some(found) = temperature.filter(|temperature| *temperature != 0.0) {
            return Err(Failure::Usage(format!(
                "--temperature {found}: expected 0; {name} follows the deterministic flow, and noise has no error to keep steps to"
            )));
        }
        let (tolerance, [least, most]) = (self.tolerance.unwrap_or(TOLERANCE), TOLERANCES);
        if !(least..=most).contains(&tolerance) {
            return Err(Failure::Usage(format!("--tolerance {tolerance}: expected a number from {least} to {most}")));
        }
        Ok(Adaptive { method, tolerance })
    }

    /// What a run card says of these options, and of the evaluations that each sample took, where they were counted.
    ///
    /// # Errors
    /// As [`AdaptiveOptions::request`].
    pub(in crate::cli) fn card(&self, count: usize, evaluations: &[u32]) -> Result<SamplerCard, Failure> {
        let NamedSolver::Adaptive(method) = self.fixed.solver else { return self.fixed.card(count) };
        let Adaptive { method, tolerance } = self.adaptive(method)?;
        Ok(SamplerCard {
            count,
            solver: method.name(),
            steps: None,
            evaluations: Evaluations::counted(evaluations),
            grading: None,
            extrapolation: None,
            tolerance: Some(tolerance),
            temperature: 0.0,
            seed: self.fixed.seed,
            class: None,
            guidance: None,
        })
    }
}
