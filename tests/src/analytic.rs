//! Problems with a known answer: mixtures of Gaussians of one variance, carried along a homotopy.
//!
//! For data N(mₖ, s²I) of component k, x = μx̄ + σε is N(μmₖ, vI) with v = μ²s² + σ², and x̄ and ε are Gaussian given x,
//! so E[u | x, k] = μ′mₖ + (v′/2v)(x − μmₖ). A mixture weighs these by the probability of k given x. All of it is in
//! f64 and shares no code with the crates under test.

#![allow(clippy::disallowed_methods)] // compares to a tolerance

use rand_core::Rng;
use vapo_format::Homotopy;

/// μ, dμ/dt, σ², dσ²/dt. Finite on both paths at all times, unlike dσ/dt.
#[derive(Clone, Copy, Debug)]
struct Moments {
    mean: f64,
    mean_rate: f64,
    variance: f64,
    variance_rate: f64,
}

fn moments(homotopy: Homotopy, time: f64) -> Moments {
    let (variance, variance_rate) = match homotopy {
        Homotopy::Linear => ((1.0 - time).powi(2), -2.0 * (1.0 - time)),
        Homotopy::Bayes => (1.0 - time, -1.0),
    };
    Moments { mean: time, mean_rate: 1.0, variance, variance_rate }
}

/// Data: a mixture of Gaussians N(mₖ, s²I).
#[derive(Clone, Debug)]
pub struct Mixture {
    /// Probability of each component; they sum to 1.
    pub weights: Vec<f64>,
    /// Mean mₖ of each component, of one dimension d.
    pub means: Vec<Vec<f64>>,
    /// Variance s² of every component, positive.
    pub variance: f64,
}

impl Mixture {
    /// A mixture of one.
    pub fn gaussian(mean: &[f64], variance: f64) -> Self {
        Mixture { weights: vec![1.0], means: vec![mean.to_vec()], variance }
    }

    /// Dimension d.
    pub fn dimension(&self) -> usize {
        self.means[0].len()
    }

    /// One datum, (d,).
    pub fn sample(&self, generator: &mut impl Rng) -> Vec<f64> {
        let mut left = uniform(generator);
        let component = self.weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        // Rounding may leave nothing of the last weight.
        let mean = &self.means[component.unwrap_or(self.means.len() - 1)];
        mean.iter().map(|mean| mean + self.variance.sqrt() * normal(generator)).collect()
    }

    /// The drift that transports noise to data, E[u | x], (d,).
    pub fn drift(&self, homotopy: Homotopy, time: f64, x: &[f64]) -> Vec<f64> {
        let at = moments(homotopy, time);
        let stretch = 0.5 * self.spread_rate(&at) / self.spread(&at);
        let mut drift: Vec<f64> = x.iter().map(|x| stretch * x).collect();
        for (weight, mean) in self.posterior(&at, x).iter().zip(&self.means) {
            for (drift, mean) in drift.iter_mut().zip(mean) {
                *drift += weight * (at.mean_rate - stretch * at.mean) * mean;
            }
        }
        drift
    }

    /// A potential whose gradient is [`Mixture::drift`], up to a constant of time.
    ///
    /// With the score −E[ε | x]/σ the drift is μ′x/μ + (σ²μ′/μ − ½dσ²/dt)∇log ρ, a gradient. At μ = 0 noise and data are
    /// independent, and the drift is μ′E[x̄] + ½dσ²/dt x.
    pub fn potential(&self, homotopy: Homotopy, time: f64, x: &[f64]) -> f64 {
        let (at, square) = (moments(homotopy, time), dot(x, x));
        if at.mean == 0.0 {
            return at.mean_rate * dot(&self.data_mean(), x) + 0.25 * at.variance_rate * square;
        }
        let rate = at.mean_rate / at.mean;
        0.5 * rate * square + (at.variance * rate - 0.5 * at.variance_rate) * self.log_density(homotopy, time, x)
    }

    /// log ρ(x, t), normalised.
    pub fn log_density(&self, homotopy: Homotopy, time: f64, x: &[f64]) -> f64 {
        let at = moments(homotopy, time);
        let logs = self.log_joint(&at, x);
        let largest = logs.iter().fold(f64::NEG_INFINITY, |largest, &log| largest.max(log));
        let normalisation = 0.5 * x.len() as f64 * (core::f64::consts::TAU * self.spread(&at)).ln();
        largest + logs.iter().map(|log| (log - largest).exp()).sum::<f64>().ln() - normalisation
    }

    /// Mean of x at a time, (d,).
    pub fn mean(&self, homotopy: Homotopy, time: f64) -> Vec<f64> {
        let at = moments(homotopy, time);
        self.data_mean().iter().map(|mean| at.mean * mean).collect()
    }

    /// Covariance of x at a time, (d, d), row-major.
    pub fn covariance(&self, homotopy: Homotopy, time: f64) -> Vec<f64> {
        let (at, centre, dimension) = (moments(homotopy, time), self.data_mean(), self.dimension());
        let mut covariance = vec![0.0; dimension * dimension];
        for row in 0..dimension {
            covariance[row * dimension + row] = self.spread(&at);
            for column in 0..dimension {
                for (weight, mean) in self.weights.iter().zip(&self.means) {
                    let product = (mean[row] - centre[row]) * (mean[column] - centre[column]);
                    covariance[row * dimension + column] += at.mean.powi(2) * weight * product;
                }
            }
        }
        covariance
    }

    /// The drift closest to the optimal one, in mean square over x at a time, among a·x + b: (a, b).
    ///
    /// a = ½(d/dt tr Σ)/tr Σ for Σ the covariance of x, and b puts the mean right. For one Gaussian it is the drift itself.
    pub fn affine_drift(&self, homotopy: Homotopy, time: f64) -> (f64, Vec<f64>) {
        let at = moments(homotopy, time);
        let centre = self.data_mean();
        let distances =
            self.means.iter().map(|mean| mean.iter().zip(&centre).map(|(a, b)| (a - b).powi(2)).sum::<f64>());
        let between: f64 = distances.zip(&self.weights).map(|(distance, weight)| weight * distance).sum();
        let dimension = self.dimension() as f64;
        let trace = dimension * self.spread(&at) + at.mean.powi(2) * between;
        let trace_rate = dimension * self.spread_rate(&at) + 2.0 * at.mean * at.mean_rate * between;
        let stretch = 0.5 * trace_rate / trace;
        (stretch, centre.iter().map(|mean| (at.mean_rate - stretch * at.mean) * mean).collect())
    }

    fn data_mean(&self) -> Vec<f64> {
        let component =
            |index: usize| self.weights.iter().zip(&self.means).map(move |(weight, mean)| weight * mean[index]);
        (0..self.dimension()).map(|index| component(index).sum()).collect()
    }

    /// Variance v of a component at a time.
    fn spread(&self, at: &Moments) -> f64 {
        at.mean.powi(2) * self.variance + at.variance
    }

    fn spread_rate(&self, at: &Moments) -> f64 {
        2.0 * at.mean * at.mean_rate * self.variance + at.variance_rate
    }

    /// log of weight times density of each component, up to the normalisation that they share.
    fn log_joint(&self, at: &Moments, x: &[f64]) -> Vec<f64> {
        let log = |(weight, mean): (&f64, &Vec<f64>)| {
            let distance: f64 = x.iter().zip(mean).map(|(x, mean)| (x - at.mean * mean).powi(2)).sum();
            weight.ln() - 0.5 * distance / self.spread(at)
        };
        self.weights.iter().zip(&self.means).map(log).collect()
    }

    /// Probability of each component given x.
    fn posterior(&self, at: &Moments, x: &[f64]) -> Vec<f64> {
        let logs = self.log_joint(at, x);
        let largest = logs.iter().fold(f64::NEG_INFINITY, |largest, &log| largest.max(log));
        let joint: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
        let total: f64 = joint.iter().sum();
        joint.iter().map(|weight| weight / total).collect()
    }
}

/// Σ a·b.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Uniform in [0, 1).
pub fn uniform(generator: &mut impl Rng) -> f64 {
    (generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Standard Gaussian, by Box and Muller.
pub fn normal(generator: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(generator)).ln()).sqrt();
    radius * (core::f64::consts::TAU * uniform(generator)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Homotopy; 2] = [Homotopy::Linear, Homotopy::Bayes];

    fn mixture() -> Mixture {
        Mixture { weights: vec![0.3, 0.7], means: vec![vec![1.0, -0.5], vec![-0.75, 0.25]], variance: 0.09 }
    }

    /// Central difference of `value` at `at`.
    fn slope(at: f64, value: impl Fn(f64) -> f64) -> f64 {
        (value(at + 1e-5) - value(at - 1e-5)) / 2e-5
    }

    fn moved(x: &[f64], index: usize, value: f64) -> Vec<f64> {
        let mut x = x.to_vec();
        x[index] = value;
        x
    }

    #[test]
    fn the_potential_has_the_drift_as_its_gradient() {
        for homotopy in BOTH {
            for time in [0.0, 0.25, 0.5, 0.9, 1.0] {
                for x in [[0.2, -0.4], [-1.5, 1.0], [0.9, -0.6]] {
                    let drift = mixture().drift(homotopy, time, &x);
                    for (index, drift) in drift.iter().enumerate() {
                        let potential = |value| mixture().potential(homotopy, time, &moved(&x, index, value));
                        assert!((slope(x[index], potential) - drift).abs() < 1e-6 * (1.0 + drift.abs()));
                    }
                }
            }
        }
    }

    /// ∂ₜρ + ∇·(ρ∇Φ) = 0, divided by ρ: ∂ₜlog ρ + ∇log ρ·∇Φ + ∇·∇Φ = 0.
    #[test]
    fn the_drift_transports_the_density() {
        for homotopy in BOTH {
            for time in [0.1, 0.5, 0.9] {
                for x in [[0.2, -0.4], [-0.5, 0.3], [0.9, -0.6]] {
                    let problem = mixture();
                    let drift = problem.drift(homotopy, time, &x);
                    let mut balance = slope(time, |time| problem.log_density(homotopy, time, &x));
                    for index in 0..2 {
                        let density = |value| problem.log_density(homotopy, time, &moved(&x, index, value));
                        let along = |value| problem.drift(homotopy, time, &moved(&x, index, value))[index];
                        balance += slope(x[index], density) * drift[index] + slope(x[index], along);
                    }
                    assert!(balance.abs() < 1e-5, "{homotopy:?} at {time}: {balance}");
                }
            }
        }
    }

    #[test]
    fn the_affine_drift_of_a_gaussian_is_its_drift() {
        let (problem, x) = (Mixture::gaussian(&[0.5, -0.25], 0.25), [0.3, 0.8]);
        for homotopy in BOTH {
            for time in [0.0, 0.5, 1.0] {
                let (stretch, shift) = problem.affine_drift(homotopy, time);
                for ((drift, shift), x) in problem.drift(homotopy, time, &x).iter().zip(shift).zip(x) {
                    assert!((stretch * x + shift - drift).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn both_ends_are_noise_and_data() {
        let problem = mixture();
        for homotopy in BOTH {
            assert_eq!(problem.mean(homotopy, 0.0), [0.0, 0.0]);
            assert_eq!(problem.covariance(homotopy, 0.0), [1.0, 0.0, 0.0, 1.0]);
            let close =
                |found: &[f64], expected: &[f64]| found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(close(&problem.mean(homotopy, 1.0), &[-0.225, 0.025]));
            // s² + w₁w₂(m₁ − m₂)(m₁ − m₂)ᵀ.
            let expected = [0.09 + 0.21 * 3.0625, -0.21 * 1.3125, -0.21 * 1.3125, 0.09 + 0.21 * 0.5625];
            assert!(close(&problem.covariance(homotopy, 1.0), &expected));
        }
    }
}
