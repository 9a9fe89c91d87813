//! What training minimises: a loss F of a batch's drift g = ∇ₓΦ, potential Φ and rate Φₜ = ∂Φ/∂t, with its exact
//! derivatives by them.
//!
//! | objective | loss | what it is |
//! |---|---|---|
//! | [`Objective::Flow`] | mean (g − u)² | regression of the conditional velocity u: least variance |
//! | [`Objective::Energy`] | E[(1 − t)(½‖g‖² + Cov[Φ, γ])]/d | the variational potential flow as first published, weighted |
//! | [`Objective::VapoBayes`] | correlation + direction + ½ norm + 0.1 Φₜ² | its follow-up's mixture |
//!
//! `flow` and `energy` have one minimiser: E\[Φγ\] = −E\[g·u\] by parts, so that at every time `flow` is twice `energy`
//! without its weight, plus E‖u‖²/d which no potential changes. `vapo-bayes` has another one, see [`vapo_bayes`].

mod energy;
mod flow;
pub mod vapo_bayes;
#[cfg(test)]
mod variance;

use crate::arithmetic::extent::{ExtentError, check};
use crate::path::Path;
use crate::potential::{Evaluation, Seeds};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Which loss. Its names on the command line and in files are `flow`, `energy` and `vapo-bayes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Squared distance of drift and conditional velocity.
    #[default]
    Flow,
    /// Kinetic energy and covariance of potential and innovation.
    Energy,
    /// Correlation, direction, norm and rate of change in time.
    VapoBayes,
}

/// A loss F, and how it changes with an [`Evaluation`].
#[derive(Clone, Debug, PartialEq)]
pub struct Cotangents {
    /// F.
    pub loss: f64,
    /// ∂F/∂g, (B, d).
    pub drift: Vec<f32>,
    /// ∂F/∂Φ, (B,).
    pub potential: Vec<f32>,
    /// ∂F/∂Φₜ, (B,).
    pub time_rate: Vec<f32>,
}

impl Cotangents {
    /// The derivatives, as the potential takes them.
    pub fn seeds(&self) -> Seeds<'_, f32> {
        Seeds { potential: &self.potential, drift: &self.drift, time_rate: &self.time_rate }
    }
}

impl Objective {
    /// Whether the loss depends on ∂Φ/∂t. Where it does not, [`Objective::evaluate`] does not read it.
    pub fn needs_time_rate(self) -> bool {
        matches!(self, Objective::VapoBayes)
    }

    /// Whether the loss is a sum over the samples, each by itself, as [`Objective::evaluate_part`] needs it.
    pub fn is_sum_over_samples(self) -> bool {
        matches!(self, Objective::Flow)
    }

    /// What a range of samples adds to the loss of the whole batch on `path`, and the derivatives by their
    /// `evaluation`: where the loss is a sum over samples, parts need not wait for one another.
    ///
    /// # Errors
    /// The evaluation's extents are not the range's.
    ///
    /// # Panics
    /// The path has not so many samples, or the range has not all of them and the loss is not a sum over them.
    pub fn evaluate_part(
        self,
        evaluation: &Evaluation<f32>,
        path: &Path,
        range: Range<usize>,
    ) -> Result<Cotangents, ExtentError> {
        if range == (0..path.times().len()) {
            return self.evaluate(evaluation, path);
        }
        assert!(self.is_sum_over_samples(), "{self:?} is evaluated for whole batches");
        check("the drift", &evaluation.drift, range.len() * path.dimension())?;
        Ok(flow::evaluate(evaluation, path, range))
    }

    /// The loss of a batch, and its derivatives.
    ///
    /// # Errors
    /// The evaluation's extents are not the path's.
    pub fn evaluate(self, evaluation: &Evaluation<f32>, path: &Path) -> Result<Cotangents, ExtentError> {
        let samples = path.times().len();
        check("the drift", &evaluation.drift, path.images().len())?;
        check("the potential", &evaluation.potential, samples)?;
        if self.needs_time_rate() {
            check("the potential's rate in time", &evaluation.time_rate, samples)?;
        }
        Ok(match self {
            Objective::Flow => flow::evaluate(evaluation, path, 0..samples),
            Objective::Energy => energy::evaluate(evaluation, path),
            Objective::VapoBayes => vapo_bayes::evaluate(evaluation, path),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::uniform;
    use clap::ValueEnum;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro128PlusPlus;
    use vapo_format::Homotopy;

    const ALL: [Objective; 3] = [Objective::Flow, Objective::Energy, Objective::VapoBayes];
    const TIMES: [f32; 4] = [0.0, 0.25, 0.625, 0.9375];

    fn problem(samples: usize, dimension: usize, homotopy: Homotopy) -> (Evaluation<f32>, Path) {
        let mut generator = Xoshiro128PlusPlus::seed_from_u64(11);
        let mut draw = |count: usize| -> Vec<f32> { (0..count).map(|_| 4.0 * uniform(&mut generator) - 2.0).collect() };
        let times: Vec<f32> = TIMES.iter().cycle().take(samples).copied().collect();
        let path = Path::new(homotopy, &draw(samples * dimension), &draw(samples * dimension), &times).unwrap();
        let evaluation =
            Evaluation { potential: draw(samples), drift: draw(samples * dimension), time_rate: draw(samples) };
        (evaluation, path)
    }

    type Part = fn(&mut Evaluation<f32>) -> &mut Vec<f32>;

    /// Central differences of `loss` by every value that `part` reaches.
    fn differences(evaluation: &Evaluation<f32>, part: Part, loss: impl Fn(&Evaluation<f32>) -> f64) -> Vec<f64> {
        let mut moved = evaluation.clone();
        (0..part(&mut moved).len())
            .map(|index| {
                let value = part(&mut moved)[index];
                let mut at = |value| {
                    part(&mut moved)[index] = value;
                    (f64::from(value), loss(&moved))
                };
                let ((low, below), (high, above)) = (at(value - 1e-3), at(value + 1e-3));
                part(&mut moved)[index] = value;
                (above - below) / (high - low)
            })
            .collect()
    }

    /// Losses are f64 functions of f32 values, so the differences have no rounding to speak of. Truncation, of order
    /// 1e-6 times a third derivative, stays below 1e-4 of the largest derivative.
    fn assert_close(found: &[f32], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        let scale = expected.iter().fold(1e-3f64, |scale, value| scale.max(value.abs()));
        for (&found, expected) in found.iter().zip(expected) {
            assert!((f64::from(found) - expected).abs() < 1e-4 * scale, "{found} is not {expected}");
        }
    }

    fn assert_exact(cotangents: &Cotangents, evaluation: &Evaluation<f32>, loss: impl Fn(&Evaluation<f32>) -> f64) {
        assert_eq!(cotangents.loss, loss(evaluation));
        assert_close(&cotangents.drift, &differences(evaluation, |e| &mut e.drift, &loss));
        assert_close(&cotangents.potential, &differences(evaluation, |e| &mut e.potential, &loss));
        assert_close(&cotangents.time_rate, &differences(evaluation, |e| &mut e.time_rate, &loss));
    }

    #[test]
    fn cotangents_are_derivatives() {
        for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
            // Dimensions around the number of partial sums.
            for (samples, dimension) in [(4, 6), (7, 8), (2, 19), (1, 3)] {
                let (evaluation, path) = problem(samples, dimension, homotopy);
                for objective in [Objective::Flow, Objective::Energy] {
                    let cotangents = objective.evaluate(&evaluation, &path).unwrap();
                    assert_exact(&cotangents, &evaluation, |e| objective.evaluate(e, &path).unwrap().loss);
                }
                let cotangents = Objective::VapoBayes.evaluate(&evaluation, &path).unwrap();
                let std = vapo_bayes::potential_std(&evaluation.potential);
                assert_exact(&cotangents, &evaluation, |e| vapo_bayes::evaluate_with(e, &path, std).loss);
            }
        }
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let (evaluation, path) = problem(5, 6, Homotopy::Linear);
        let whole = Objective::Flow.evaluate(&evaluation, &path).unwrap();
        let part = |range: Range<usize>| {
            let drift = evaluation.drift[range.start * 6..range.end * 6].to_vec();
            Objective::Flow.evaluate_part(&Evaluation { drift, ..Evaluation::default() }, &path, range).unwrap()
        };
        let (first, second) = (part(0..2), part(2..5));
        assert!((first.loss + second.loss - whole.loss).abs() < 1e-12);
        assert_eq!([first.drift, second.drift].concat(), whole.drift);
    }

    #[test]
    fn vapo_bayes_holds_the_std_of_the_potential_constant() {
        let (evaluation, path) = problem(4, 6, Homotopy::Linear);
        let cotangents = Objective::VapoBayes.evaluate(&evaluation, &path).unwrap();
        let free =
            differences(&evaluation, |e| &mut e.potential, |e| Objective::VapoBayes.evaluate(e, &path).unwrap().loss);
        let along = |values: &[f64]| -> f64 {
            values.iter().zip(&evaluation.potential).map(|(value, &phi)| value * f64::from(phi)).sum()
        };
        // A true correlation does not change with the scale of Φ; the published term does, and so holds it up.
        let held: Vec<f64> = cotangents.potential.iter().map(|&value| value.into()).collect();
        assert!(along(&free).abs() < 1e-3 * along(&held).abs(), "{} and {}", along(&free), along(&held));
    }

    #[test]
    fn degenerate_batches_are_finite() {
        for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
            for samples in [1, 2, 5] {
                let (evaluation, path) = problem(samples, 4, homotopy);
                let zeros = |values: &[f32]| vec![0.0; values.len()];
                let still = Evaluation { drift: zeros(&evaluation.drift), ..evaluation.clone() };
                let flat = Evaluation { potential: zeros(&evaluation.potential), ..still.clone() };
                let nothing = Path::new(homotopy, &[0.0; 4], &[0.0; 4], &[0.5]).unwrap();
                for objective in ALL {
                    for evaluation in [&evaluation, &still, &flat] {
                        let found = objective.evaluate(evaluation, &path).unwrap();
                        let mut values = found.drift.iter().chain(&found.potential).chain(&found.time_rate);
                        assert!(found.loss.is_finite() && values.all(|value| value.is_finite()), "{objective:?}");
                    }
                }
                if samples == 1 {
                    let found = Objective::VapoBayes.evaluate(&flat, &nothing).unwrap();
                    assert!(found.loss.is_finite() && found.drift.iter().all(|value| value.is_finite()));
                }
            }
        }
    }

    #[test]
    fn other_extents_are_refused() {
        let (good, path) = problem(3, 4, Homotopy::Linear);
        for objective in ALL {
            let parts: [Part; 2] = [|e| &mut e.drift, |e| &mut e.potential];
            for part in parts {
                let mut bad = good.clone();
                let expected = part(&mut bad).len();
                part(&mut bad).pop();
                let error = objective.evaluate(&bad, &path).unwrap_err();
                assert_eq!((error.expected, error.found), (expected, expected - 1));
            }
            let untimed = Evaluation { time_rate: Vec::new(), ..good.clone() };
            assert_eq!(objective.evaluate(&untimed, &path).is_err(), objective.needs_time_rate());
        }
    }

    #[test]
    fn names_are_the_same_on_the_command_line_and_in_files() {
        for (objective, name) in ALL.iter().zip(["flow", "energy", "vapo-bayes"]) {
            assert_eq!(objective.to_possible_value().unwrap().get_name(), name);
            assert_eq!(serde_json::to_value(objective).unwrap(), name);
        }
        assert_eq!(Objective::value_variants(), ALL);
    }
}
