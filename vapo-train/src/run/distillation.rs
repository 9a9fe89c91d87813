//! What a run learns that begins as another model: to draw in few evaluations what that one draws in many.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use vapo_sampler::{Schedule, Solver};

/// A run that begins as a model, its teacher, and compares images by what that one tells apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distillation {
    /// The teacher's file.
    pub teacher: PathBuf,
    /// SHA-256 of that file, in hexadecimal.
    pub sha256: String,
    /// How many evaluations a sample takes.
    pub evaluations: u16,
}

/// Evaluations of a distilled model, at most. A model that draws in more need not be distilled.
pub const MOST_EVALUATIONS: u16 = 16;

/// How distilled models are sampled in so many evaluations: the solver, its steps and the temperature, those of
/// `sample --solver euler --steps COUNT --temperature 0`. The solver works in a single buffer. The potential is known at the times of these
/// steps alone.
///
/// # Panics
/// The count is 0, or far larger than [`MOST_EVALUATIONS`].
pub fn way(evaluations: u16) -> (Solver, Schedule, f32) {
    let schedule = Schedule::graded(evaluations, Schedule::EXPONENT);
    (Solver::Euler, schedule.expect("a grid of few steps"), 0.0)
}
