//! How well scores detect anomalies of a labelled series. A higher score is less ordinary. [`crate::sampling::anomaly::auroc`] is
//! the area under the curve of true over false positives.
//!
//! | module | concept |
//! |---|---|
//! | [`precision`] | average precision, the area under precision over recall |
//! | [`confusion`] | hits and misses at one threshold |
//! | [`readings`] | from scores of windows to scores of readings |
//! | [`segments`] | runs of anomalous readings: which are found, and whether the highest score lies in one |
//! | [`scores`] | all of these of a series |
//! | [`alarms`] | how often a threshold is exceeded in ordinary operation |

pub mod alarms;
pub mod confusion;
pub mod precision;
pub mod readings;
pub mod scores;
pub mod segments;

pub use alarms::Alarms;
pub use confusion::Confusion;
pub use precision::average_precision;
pub use readings::reading_scores;
pub use scores::{Judgement, Ranking, Scores};

use crate::sampling::anomaly;

/// The area under the receiver operating characteristic of scores, each with whether it is an anomaly's. `None` unless there are
/// scores of both kinds.
///
/// # Panics
/// The numbers of scores and labels differ.
pub fn auroc(scores: &[f32], anomalous: &[bool]) -> Option<f64> {
    assert_eq!(scores.len(), anomalous.len(), "a label a score");
    let of =
        |kind: bool| scores.iter().zip(anomalous).filter(move |(_, label)| **label == kind).map(|(score, _)| *score);
    let (ordinary, others): (Vec<f32>, Vec<f32>) = (of(false).collect(), of(true).collect());
    let both = !ordinary.is_empty() && !others.is_empty();
    both.then(|| anomaly::auroc(&ordinary, &others))
}
