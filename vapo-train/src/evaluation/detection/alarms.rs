//! How often a threshold is exceeded in ordinary operation.

use serde::Serialize;

const SECONDS_A_DAY: f64 = 86_400.0;

/// Verdicts on ordinary windows, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Alarms {
    /// Windows.
    pub windows: usize,
    /// Windows above the threshold.
    pub above: usize,
    /// Runs of windows above the threshold, each after an ordinary one: alarms, as a person hears them.
    pub runs: usize,
}

impl Alarms {
    /// Counts the windows of `scores` above a threshold. A new run begins wherever `follows` says that a window does not come
    /// right after the one before it.
    pub fn of(scores: &[f32], threshold: f32, follows: impl Fn(usize) -> bool) -> Self {
        let above = |index: usize| scores[index] > threshold;
        let begins = |&index: &usize| above(index) && (index == 0 || !follows(index) || !above(index - 1));
        Alarms {
            windows: scores.len(),
            above: (0..scores.len()).filter(|index| above(*index)).count(),
            runs: (0..scores.len()).filter(begins).count(),
        }
    }

    /// The share of windows above the threshold. `None` without windows.
    pub fn share(&self) -> Option<f64> {
        (self.windows > 0).then(|| self.above as f64 / self.windows as f64)
    }

    /// Runs a day where a verdict is made every `stride` readings, `rate` of them a second. `None` without windows.
    pub fn a_day(&self, rate: f64, stride: usize) -> Option<f64> {
        let verdicts = SECONDS_A_DAY * rate / stride as f64;
        (self.windows > 0).then(|| self.runs as f64 / self.windows as f64 * verdicts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_where_windows_do_not_follow() {
        let scores = [2.0, 2.0, 0.0, 2.0, 2.0, 1.0, 2.0];
        let of = |breaks: &[usize]| Alarms::of(&scores, 1.0, |index| !breaks.contains(&index));
        assert_eq!(of(&[]), Alarms { windows: 7, above: 5, runs: 3 });
        assert_eq!(of(&[1, 4]).runs, 5);
        assert_eq!(of(&[2, 6]).runs, 3);
        assert_eq!(of(&[]).share(), Some(5.0 / 7.0));
    }

    #[test]
    fn a_day_has_as_many_verdicts_as_strides() {
        let alarms = Alarms { windows: 1000, above: 20, runs: 10 };
        // 8 readings a second, a verdict every 8: one a second.
        assert_eq!(alarms.a_day(8.0, 8), Some(864.0));
        assert_eq!(alarms.a_day(4.0, 8), Some(432.0));
        let none = Alarms::of(&[], 0.0, |_| true);
        assert_eq!((none.a_day(1.0, 1), none.share()), (None, None));
    }
}
