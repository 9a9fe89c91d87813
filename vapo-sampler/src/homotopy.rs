//! The path from noise to data: x = mean(t)·data + std(t)·noise.
//!
//! # Example
//!
//! ```
//! use vapo_format::Homotopy;
//! use vapo_sampler::homotopy::{Coefficients, coefficients};
//!
//! let Coefficients { mean, std, mean_rate, std_rate } = coefficients(Homotopy::Linear, 0.25);
//! assert_eq!((mean, std, mean_rate, std_rate), (0.25, 0.75, 1.0, -1.0));
//! assert_eq!(coefficients(Homotopy::Bayes, 0.75).std, 0.5); // the root of 1 − t
//! ```

use vapo_format::Homotopy;

/// A homotopy and its rates of change at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Factor μ of the data.
    pub mean: f32,
    /// Factor σ of the noise.
    pub std: f32,
    /// dμ/dt.
    pub mean_rate: f32,
    /// dσ/dt. For [`Homotopy::Bayes`] it is −∞ at time 1.
    pub std_rate: f32,
}

impl Coefficients {
    /// Factors of the drift ∇Φ and of x in the data that is expected at x: E\[x̄|x\] = (σ∇Φ − σ′x)/(μ′σ − σ′μ).
    pub(crate) fn data(self) -> [f32; 2] {
        let determinant = self.mean_rate * self.std - self.std_rate * self.mean;
        [self.std / determinant, -self.std_rate / determinant]
    }
}

/// The coefficients at `time`, from 0 (prior) to 1 (data).
pub fn coefficients(homotopy: Homotopy, time: f32) -> Coefficients {
    match homotopy {
        Homotopy::Linear => Coefficients { mean: time, std: 1.0 - time, mean_rate: 1.0, std_rate: -1.0 },
        Homotopy::Bayes => {
            let std = libm::sqrtf(1.0 - time);
            Coefficients { mean: time, std, mean_rate: 1.0, std_rate: -0.5 / std }
        }
    }
}

/// ∫ dt/σ from `start` to `end`, before time 1.
pub(crate) fn inverse_std_integral(homotopy: Homotopy, start: f32, end: f32) -> f32 {
    match homotopy {
        Homotopy::Linear => libm::logf((1.0 - start) / (1.0 - end)),
        Homotopy::Bayes => 2.0 * (libm::sqrtf(1.0 - start) - libm::sqrtf(1.0 - end)),
    }
}

/// ∫ μ/σ dt from `start` to `end`, before time 1.
pub(crate) fn ratio_integral(homotopy: Homotopy, start: f32, end: f32) -> f32 {
    match homotopy {
        Homotopy::Linear => inverse_std_integral(homotopy, start, end) - (end - start),
        Homotopy::Bayes => {
            // μ = 1 − σ², so that ∫σ dt is what is taken away.
            let cubed = |time: f32| (1.0 - time) * libm::sqrtf(1.0 - time);
            inverse_std_integral(homotopy, start, end) - (cubed(start) - cubed(end)) / 1.5
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_are_sums() {
        for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
            for (start, end) in [(0.0, 0.5), (0.25, 0.3125), (0.5, 0.96875)] {
                // The midpoint rule: its error is below 1e-5 of the integral for these widths.
                let (mut inverse, mut ratio) = (0.0, 0.0);
                for part in 0..4096 {
                    let at = coefficients(homotopy, start + (end - start) * (part as f32 + 0.5) / 4096.0);
                    inverse += f64::from((end - start) / 4096.0 / at.std);
                    ratio += f64::from((end - start) / 4096.0 * at.mean / at.std);
                }
                let found = [inverse_std_integral, ratio_integral].map(|f| f64::from(f(homotopy, start, end)));
                assert!((found[0] / inverse - 1.0).abs() < 1e-4, "{homotopy:?} {start}: {found:?}, {inverse}");
                assert!((found[1] / ratio - 1.0).abs() < 1e-4, "{homotopy:?} {start}: {found:?}, {ratio}");
            }
        }
    }

    #[test]
    fn both_start_at_the_prior_and_end_at_the_data() {
        for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
            let (start, end) = (coefficients(homotopy, 0.0), coefficients(homotopy, 1.0));
            assert_eq!((start.mean, start.std), (0.0, 1.0));
            assert_eq!((end.mean, end.std), (1.0, 0.0));
        }
        assert_eq!(coefficients(Homotopy::Bayes, 1.0).std_rate, f32::NEG_INFINITY);
    }

    #[test]
    fn literal_values() {
        let linear = Coefficients { mean: 0.75, std: 0.25, mean_rate: 1.0, std_rate: -1.0 };
        let bayes = Coefficients { mean: 0.75, std: 0.5, mean_rate: 1.0, std_rate: -1.0 };
        assert_eq!(coefficients(Homotopy::Linear, 0.75), linear);
        assert_eq!(coefficients(Homotopy::Bayes, 0.75), bayes);
    }

    #[test]
    fn rates_are_derivatives() {
        // A central difference of step 2⁻⁸ in f32: truncation ≤ 2e-5 here, rounding ≤ 2⁻²⁴/2⁻⁸ = 1.5e-5.
        let width = 1.0 / 256.0;
        for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
            for time in [0.125, 0.5, 0.75] {
                let at = coefficients(homotopy, time);
                let (low, high) = (coefficients(homotopy, time - width), coefficients(homotopy, time + width));
                assert!((at.mean_rate - (high.mean - low.mean) / (2.0 * width)).abs() < 1e-4);
                assert!((at.std_rate - (high.std - low.std) / (2.0 * width)).abs() < 1e-4);
            }
        }
    }
}
