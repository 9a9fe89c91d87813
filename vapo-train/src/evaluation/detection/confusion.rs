//! Hits and misses at one threshold.

use serde::Serialize;

/// How many scores lie above a threshold, of anomalies and of the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Anomalies above the threshold.
    pub true_positives: usize,
    /// Others above it.
    pub false_positives: usize,
    /// Others at or below it.
    pub true_negatives: usize,
    /// Anomalies at or below it.
    pub false_negatives: usize,
}

impl Confusion {
    /// Counts scores, each with whether it is an anomaly's.
    ///
    /// # Panics
    /// The numbers of scores and labels differ.
    pub fn at(threshold: f32, scores: &[f32], anomalous: &[bool]) -> Self {
        assert_eq!(scores.len(), anomalous.len(), "a label a score");
        let count = |label: bool, above: bool| {
            scores
                .iter()
                .zip(anomalous)
                .filter(|&(score, found)| *found == label && (*score > threshold) == above)
                .count()
        };
        Confusion {
            true_positives: count(true, true),
            false_positives: count(false, true),
            true_negatives: count(false, false),
            false_negatives: count(true, false),
        }
    }

    /// The share of scores above the threshold that are anomalies'. `None` if none are above.
    pub fn precision(&self) -> Option<f64> {
        share(self.true_positives, self.false_positives)
    }

    /// The share of anomalies above the threshold. `None` if there are none.
    pub fn recall(&self) -> Option<f64> {
        share(self.true_positives, self.false_negatives)
    }

    /// The share of the others above the threshold. `None` if there are none.
    pub fn false_positive_rate(&self) -> Option<f64> {
        share(self.false_positives, self.true_negatives)
    }

    /// The harmonic mean of precision and recall. `None` if there are no anomalies.
    pub fn f1(&self) -> Option<f64> {
        let Confusion { true_positives, false_positives, false_negatives, .. } = *self;
        self.recall()
            .map(|_| 2.0 * true_positives as f64 / (2 * true_positives + false_positives + false_negatives) as f64)
    }
}

fn share(part: usize, rest: usize) -> Option<f64> {
    (part + rest > 0).then(|| part as f64 / (part + rest) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_at_the_threshold_is_not_above_it() {
        let found = Confusion::at(2.0, &[1.0, 2.0, 3.0, 2.0, 4.0, 0.0], &[false, false, false, true, true, true]);
        let expected = Confusion { true_positives: 1, false_positives: 1, true_negatives: 2, false_negatives: 2 };
        assert_eq!(found, expected);
        assert_eq!((found.precision(), found.recall()), (Some(0.5), Some(1.0 / 3.0)));
        assert_eq!((found.false_positive_rate(), found.f1()), (Some(1.0 / 3.0), Some(2.0 / 5.0)));
    }

    #[test]
    fn shares_of_nothing_are_none() {
        let none = Confusion::at(0.0, &[], &[]);
        assert_eq!((none.precision(), none.recall(), none.false_positive_rate(), none.f1()), (None, None, None, None));
        // Nothing found of what there is.
        assert_eq!(Confusion::at(1.0, &[0.0], &[true]).f1(), Some(0.0));
    }
}
