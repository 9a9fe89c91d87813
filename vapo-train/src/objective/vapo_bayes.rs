//! The published mixture of *Variational Potential Flow Bayes*:
//!
//! ```text
//! F = corr(Φ, (1 − t)γ/d) − E[⟨g, u⟩/(‖g‖‖u‖)ᵗ] + ½ E‖g‖² + 0.1 E[Φₜ²]
//! ```
//!
//! where E is the mean over the batch, and inner product and norm are means over a sample's pixels: ⟨a, b⟩ = a·b/d,
//! ‖a‖² = ⟨a, a⟩. So its second and third term are half of `flow`'s loss at time 0, and a cosine and a norm at time 1.
//!
//! The std of Φ in the correlation is *detached*: derivatives hold it constant. All else is differentiated. The
//! correlation then pulls Φ up with a force that falls as 1/std Φ. That matters at late times, where the direction
//! no longer depends on the drift's length and the norm alone would shrink it to nothing.
//!
//! Training does **not** come to rest at the drift that transports noise to data, but near it in direction and off it in
//! length. For Gaussian data, potentials ½a‖x‖² + b·x and batches of one time, at time 0 it is f times that drift with
//! f = ½(1 + √(1 + 4K)), K = d/(std γ · std Φ*), Φ* the optimal potential. A test finds f = 1.5 on the straight path and
//! 1.8 on the other, cosines above 0.998 at all times, and a length that falls to 0.4 to 0.5 of the right one at time
//! 15/16. Use it to compare with the published method, not for quality.

use super::Cotangents;
use crate::arithmetic::sums::{centred, dot, std, widen};
use crate::path::Path;
use crate::potential::Evaluation;

/// Weight of the mean square of the drift.
const NORM: f64 = 0.5;
/// Weight of the mean square of ∂Φ/∂t.
const TIME_RATE: f64 = 0.1;
/// Least std, and least root mean square of a drift or a velocity, that is divided by. Training meets values a
/// hundred times as large; batches of one sample and constant potentials meet zero.
const FLOOR: f64 = 1e-3;

/// Std of a batch's potentials, over their number.
pub(super) fn potential_std(potential: &[f32]) -> f64 {
    std(&centred(widen(potential)))
}

pub(super) fn evaluate(evaluation: &Evaluation<f32>, path: &Path) -> Cotangents {
    evaluate_with(evaluation, path, potential_std(&evaluation.potential))
}

/// The loss for a given value of its detached quantity.
pub(super) fn evaluate_with(evaluation: &Evaluation<f32>, path: &Path, potential_std: f64) -> Cotangents {
    let samples = path.times().len() as f64;
    let (correlation, potential) = correlation(&evaluation.potential, path, potential_std);
    let (along, drift) = direction_and_norm(&evaluation.drift, path);
    let rate = dot(&evaluation.time_rate, &evaluation.time_rate) / samples;
    let of_rate = (2.0 * TIME_RATE / samples) as f32;
    Cotangents {
        loss: correlation + along + TIME_RATE * rate,
        drift,
        potential,
        time_rate: evaluation.time_rate.iter().map(|rate| rate * of_rate).collect(),
    }
}

/// corr(Φ, (1 − t)γ/d), and its derivatives by Φ.
fn correlation(potential: &[f32], path: &Path, potential_std: f64) -> (f64, Vec<f32>) {
    let dimension = path.dimension() as f64;
    let damped = path.innovation().iter().zip(path.times());
    let damped = centred(damped.map(|(gamma, &time)| gamma * (1.0 - f64::from(time)) / dimension).collect());
    let scale = 1.0 / (damped.len() as f64 * std(&damped).max(FLOOR) * potential_std.max(FLOOR));
    let covariance: f64 = potential.iter().zip(&damped).map(|(&phi, gamma)| f64::from(phi) * gamma).sum();
    (covariance * scale, damped.iter().map(|gamma| (gamma * scale) as f32).collect())
}

/// ½E‖g‖² − E[⟨g, u⟩/(‖g‖‖u‖)ᵗ], and its derivatives by g.
fn direction_and_norm(drift: &[f32], path: &Path) -> (f64, Vec<f32>) {
    let dimension = path.dimension();
    let mean = |a: &[f32], b: &[f32]| dot(a, b) / dimension as f64;
    let weight = 1.0 / path.times().len() as f64;
    let (mut loss, mut cotangent) = (0.0, Vec::with_capacity(drift.len()));
    let rows = drift.chunks_exact(dimension).zip(path.velocity().chunks_exact(dimension));
    for ((drift, velocity), &time) in rows.zip(path.times()) {
        let (time, square) = (f64::from(time), mean(drift, drift));
        // Of the form √(x² + floor²), not max(x, floor): differentiable everywhere.
        let (drift_square, velocity_square) = (square + FLOOR * FLOOR, mean(velocity, velocity) + FLOOR * FLOOR);
        let lengths = libm::pow(drift_square * velocity_square, 0.5 * time);
        let direction = mean(drift, velocity) / lengths;
        loss += weight * (NORM * square - direction);
        let each = weight / dimension as f64;
        let of_drift = ((2.0 * NORM + time * direction / drift_square) * each) as f32;
        let of_velocity = (-each / lengths) as f32;
        cotangent.extend(drift.iter().zip(velocity).map(|(g, u)| of_drift * g + of_velocity * u));
    }
    (loss, cotangent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::flow;
    use vapo_format::Homotopy;

    #[test]
    fn without_correlation_it_is_half_of_flow_at_time_zero() {
        let path = Path::new(Homotopy::Linear, &[1.0, 2.0, 0.0, 0.5], &[0.0, 1.0, 0.25, 0.0], &[0.0; 2]).unwrap();
        let drift = vec![3.0, 1.0, 0.0, -4.0];
        let (loss, cotangent) = direction_and_norm(&drift, &path);
        let flow = flow::evaluate(&Evaluation { drift, ..Evaluation::default() }, &path, 0..2);
        let constant = 0.5 * dot(path.velocity(), path.velocity()) / path.velocity().len() as f64;
        assert!((loss - (0.5 * flow.loss - constant)).abs() < 1e-12);
        for (found, expected) in cotangent.iter().zip(&flow.drift) {
            assert!((found - 0.5 * expected).abs() < 1e-6);
        }
    }

    #[test]
    fn a_perfect_correlation_is_one() {
        // Φ = γ(1 − t), up to an affine map.
        let path = Path::new(Homotopy::Bayes, &[1.0, 2.0, -1.0], &[0.5, -1.5, 1.0], &[0.25; 3]).unwrap();
        let potential: Vec<f32> = path.innovation().iter().map(|&gamma| (3.0 - 2.0 * gamma) as f32).collect();
        let (found, _) = correlation(&potential, &path, potential_std(&potential));
        assert!((found + 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_time_rate_has_its_weight() {
        let path = Path::new(Homotopy::Linear, &[0.0; 2], &[0.0; 2], &[0.5; 2]).unwrap();
        let evaluation = Evaluation { potential: vec![0.0; 2], drift: vec![0.0; 2], time_rate: vec![1.0, 3.0] };
        let found = evaluate(&evaluation, &path);
        assert!((found.loss - 0.5).abs() < 1e-12);
        assert_eq!(found.time_rate, [0.1, 0.3]);
    }
}
