//! The published mixture of *Variational Potential Flow Bayes*, as its authors' code computes it:
//!
//! ```text
//! F = corr(Φ, (1 − t)γ/d) − E[(g·u/d)/(‖g‖‖u‖)ᵗ] + ½ E[g·g/d] + 0.1 E[Φₜ²]
//! ```
//!
//! E is the mean over the batch. Products are divided by the number of pixels d, and so are means over pixels. Lengths are not: ‖a‖ is the
//! root of a *sum* of squares. So the second and third term are half of `flow`'s loss at time 0. At time 1 they are a norm and a dth of
//! a cosine. With root mean squares for lengths the direction would weigh dᵗ times as much.
//!
//! The std of Φ in the correlation is *detached*: derivatives hold it constant. All else is differentiated. The
//! correlation then pulls Φ up with a force that falls as 1/std Φ. That matters at late times, where the direction
//! no longer depends on the drift's length and the norm alone would shrink it to nothing.
//!
//! Training does **not** come to rest at the drift g* that transports noise to data, but near it in direction and off it in
//! length. Let Φ* be the potential of g*. In batches of one time, where the product of ‖g*‖ and ‖u‖ is about the same for all samples, the
//! length is r times the right one with
//!
//! ```text
//! r = K/r + (1 − t)/(r‖g*‖‖u‖)ᵗ,    K = d/(std γ · std Φ*)
//! ```
//!
//! At time 0 that is f = ½(1 + √(1 + 4K)). Both lengths grow as √d, so that with many pixels r is about √K from the middle of the path on.
//! Tests with Gaussian data in three dimensions and potentials ½a‖x‖² + b·x find f = 1.5 on the straight path and 1.8 on the other, cosines
//! above 0.98 at all times, and lengths that follow r to 4 %, down to 0.41 and 0.50 of the right one at time 15/16. Late on the path
//! it is mostly the correlation that gives the direction, and its derivatives vary much from batch to batch. Use it to compare with the published
//! method, not for quality.
//!
//! Published times are uniform in [10⁻⁵, 1]. Here they are uniform in [0, [`LATEST`]], as everywhere in training: at time 1 γ is infinite.
//!
//! [`LATEST`]: crate::path::LATEST

use super::Cotangents;
use crate::arithmetic::sums::{centred, dot, std, widen};
use crate::path::Path;
use crate::potential::Evaluation;

/// Weight of the mean square of the drift.
const NORM: f64 = 0.5;
/// Weight of the mean square of ∂Φ/∂t.
const TIME_RATE: f64 = 0.1;
/// Least std, and least length of a drift or a velocity, that is divided by. Training meets values a
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

/// ½E\[g·g/d\] − E\[(g·u/d)/(‖g‖‖u‖)ᵗ\], and its derivatives by g: ((1 + t·s/‖g‖²)g − u/(‖g‖‖u‖)ᵗ)/(B·d), where
/// s = g·u/(‖g‖‖u‖)ᵗ.
fn direction_and_norm(drift: &[f32], path: &Path) -> (f64, Vec<f32>) {
    // Of B samples and of d pixels: products are means, lengths are not.
    let each = 1.0 / drift.len() as f64;
    let (mut loss, mut cotangent) = (0.0, Vec::with_capacity(drift.len()));
    let rows = drift.chunks_exact(path.dimension()).zip(path.velocity().chunks_exact(path.dimension()));
    for ((drift, velocity), &time) in rows.zip(path.times()) {
        let (time, square) = (f64::from(time), dot(drift, drift));
        // Of the form √(x² + floor²), not max(x, floor): differentiable everywhere.
        let (drift_square, velocity_square) = (square + FLOOR * FLOOR, dot(velocity, velocity) + FLOOR * FLOOR);
        let lengths = libm::pow(drift_square * velocity_square, 0.5 * time);
        let direction = dot(drift, velocity) / lengths;
        loss += each * (NORM * square - direction);
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

    /// Three samples of four pixels, at times 0, 0.5 and 0.9. Numbers of Python's `decimal`, to 50 digits: the loss by the formula, its
    /// derivatives by central differences. With means over the four pixels in the place of sums, the loss would be 2.49902.
    #[test]
    fn lengths_are_sums_over_pixels() {
        let drift = vec![1.0, 2.0, -2.0, 4.0, 1.0, -1.0, 1.0, 1.0, 2.0, 0.0, -3.0, 6.0];
        // From no noise the velocity of the straight path is the datum.
        let velocity = [2.0, 0.0, 1.0, 2.0, 3.0, 0.0, -4.0, 0.0, 1.0, 0.5, 0.5, 0.5];
        let path = Path::new(Homotopy::Linear, &velocity, &[0.0; 12], &[0.0, 0.5, 0.9]).unwrap();
        assert_eq!(path.velocity(), velocity);
        let (loss, cotangent) = direction_and_norm(&drift, &path);
        assert!((loss - 2.570_336_85).abs() < 1e-6, "{loss}");
        let derivatives = [
            [-0.083_333_33, 0.166_666_67, -0.25, 0.166_666_67],
            [0.000_982_35, -0.080_039_29, 0.185_448_55, 0.080_039_29],
            [0.156_869_62, -0.005_621_26, -0.257_789_46, 0.498_715_14],
        ];
        for (found, expected) in cotangent.iter().zip(derivatives.as_flattened()) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
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
