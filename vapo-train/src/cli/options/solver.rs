//! Solvers by their names.

use crate::sampling::ode::Method;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use vapo_sampler::Solver;

/// What `--solver` names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cli) enum NamedSolver {
    /// One of the device's, of steps that are fixed beforehand.
    Fixed(Solver),
    /// One of steps as long as their error allows, on the host alone.
    Adaptive(Method),
}

impl NamedSolver {
    pub(super) fn usual_temperature(self) -> f32 {
        match self {
            NamedSolver::Fixed(solver) => solver.usual_temperature(),
            NamedSolver::Adaptive(_) => 0.0,
        }
    }

    pub(super) fn restoring_temperature(self) -> f32 {
        match self {
            NamedSolver::Fixed(solver) => solver.restoring_temperature(),
            NamedSolver::Adaptive(_) => 0.0,
        }
    }
}

/// The sampler's solvers, by their names.
pub(in crate::cli) fn solvers() -> impl TypedValueParser<Value = Solver> {
    PossibleValuesParser::new(fixed())
        .map(|name| Solver::ALL.into_iter().find(|solver| solver.name() == name).unwrap_or_default())
}

/// Names of which those of adaptive solvers are not listed: a command that refuses them says so itself.
pub(super) fn fixed_solvers() -> impl TypedValueParser<Value = NamedSolver> {
    PossibleValuesParser::new(fixed().chain(adaptive().map(|value| value.hide(true)))).map(named)
}

/// All names.
pub(super) fn all_solvers() -> impl TypedValueParser<Value = NamedSolver> {
    PossibleValuesParser::new(fixed().chain(adaptive())).map(named)
}

fn named(name: String) -> NamedSolver {
    let method = Method::ALL.into_iter().find(|method| method.name() == name);
    let solver = Solver::ALL.into_iter().find(|solver| solver.name() == name);
    method.map_or(NamedSolver::Fixed(solver.unwrap_or_default()), NamedSolver::Adaptive)
}

fn fixed() -> impl Iterator<Item = PossibleValue> {
    Solver::ALL.into_iter().map(|solver| PossibleValue::new(solver.name()).help(about(solver)))
}

fn adaptive() -> impl Iterator<Item = PossibleValue> {
    Method::ALL.into_iter().map(|method| PossibleValue::new(method.name()).help(about_adaptive(method)))
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

/// One line for people.
const fn about_adaptive(method: Method) -> &'static str {
    match method {
        Method::Rk45 => "Dormand–Prince, steps as long as --tolerance allows: six evaluations a step; temperature 0",
        Method::Rk23 => {
            "Bogacki–Shampine, steps as long as --tolerance allows: three evaluations a step; temperature 0"
        }
    }
}
