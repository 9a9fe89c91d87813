//! The path from noise to data: x = mean(t)·data + std(t)·noise.

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

#[cfg(test)]
mod tests {
    use super::*;

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
