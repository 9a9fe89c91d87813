//! What a file of a series holds.

use crate::dataset::series::times::{is_gap, step};
use std::ops::Range;

/// Readings that follow one another: all of a file, or one case of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The file's name; with the number of the case, where it holds several.
    pub name: String,
    /// Names of the channels: of columns, or numbers from 1.
    pub channels: Vec<String>,
    /// Raw readings (T, C), one after the other; not a number where a value is missing.
    pub readings: Vec<f32>,
    /// When each was taken, in seconds, where that is known.
    pub times: Option<Vec<f64>>,
    /// Which are anomalies, where that is known.
    pub anomalous: Option<Vec<bool>>,
    /// The class of a case.
    pub class: Option<String>,
}

impl Recording {
    /// Number of readings.
    pub fn len(&self) -> usize {
        self.readings.len() / self.channels.len().max(1)
    }

    /// Runs of readings with no gap in time between them.
    pub fn stretches(&self) -> Vec<Range<usize>> {
        let times = self.times.as_deref().unwrap_or_default();
        let median = step(times).map(|step| step.median);
        let gap = |pair: &[f64]| median.is_some_and(|median| is_gap(pair[0], pair[1], median));
        let ends = times.windows(2).enumerate().filter(|(_, pair)| gap(pair)).map(|(index, _)| index + 1);
        let mut start = 0;
        let runs = ends.chain([self.len()]).map(|end| std::mem::replace(&mut start, end)..end);
        runs.filter(|run| !run.is_empty()).collect()
    }

    /// Whether there is no reading.
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }
}

/// All that a file holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Contents {
    pub(super) recordings: Vec<Recording>,
    /// Whether recordings are cases, each a sample of a class or of none, and not one long series.
    pub(super) cases: bool,
    /// What a person should know of how it was read.
    pub(super) notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_time_ends_a_stretch() {
        let of = |times: Option<Vec<f64>>| {
            let (name, channels) = ("x".to_owned(), vec!["a".to_owned()]);
            Recording { name, channels, readings: vec![0.0; 6], times, anomalous: None, class: None }.stretches()
        };
        assert_eq!(of(Some(vec![0.0, 1.0, 2.0, 9.0, 10.0, 11.0])), vec![0..3, 3..6]);
        assert_eq!(of(Some(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0])), vec![0_usize..6; 1]);
        assert_eq!(of(None), vec![0_usize..6; 1]);
    }
}
