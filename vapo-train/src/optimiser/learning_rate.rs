//! The schedule of the learning rate.

use std::f64::consts::PI;

/// Fraction of the peak at the end.
pub const FINAL: f32 = 0.05;

/// The learning rate of step `step`, from 0: a linear rise to `peak` over `warm_up` steps, times half a cosine that
/// falls from 1 to [`FINAL`] as `progress`, the fraction of the training budget that is spent, goes from 0 to 1.
///
/// Progress is apart from the steps because a budget may be of time. It is clamped to [0, 1].
pub fn learning_rate(peak: f32, step: u64, warm_up: u64, progress: f32) -> f32 {
    let rise = if step < warm_up { (step + 1) as f64 / warm_up as f64 } else { 1.0 };
    let progress = f64::from(progress.clamp(0.0, 1.0));
    let fall = f64::from(FINAL) + (1.0 - f64::from(FINAL)) * 0.5 * (1.0 + libm::cos(PI * progress));
    (f64::from(peak) * rise * fall) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_values() {
        let cases = [
            (0, 0.0, 1e-5),
            (99, 0.0, 1e-3),
            (199, 0.0, 2e-3),
            (200, 0.0, 2e-3),
            (1000, 0.5, 1.05e-3),
            (1000, 1.0, 1e-4),
        ];
        for (step, progress, expected) in cases {
            let found = learning_rate(2e-3, step, 200, progress);
            assert!((found - expected).abs() < 1e-6 * expected, "{found} is not {expected}");
        }
    }

    #[test]
    fn no_warm_up_and_progress_past_the_end() {
        assert_eq!(learning_rate(1.0, 0, 0, 0.0), 1.0);
        assert_eq!(learning_rate(1.0, 0, 0, 7.0), FINAL);
        assert_eq!(learning_rate(1.0, 0, 0, -1.0), 1.0);
    }

    #[test]
    fn it_falls_after_the_warm_up() {
        let rates: Vec<f32> = (0..=100).map(|percent| learning_rate(1.0, 10, 10, percent as f32 / 100.0)).collect();
        assert!(rates.is_sorted_by(|a, b| a > b));
    }
}
