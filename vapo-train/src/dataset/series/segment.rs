//! Parts of a series that windows lie in.

use crate::dataset::Split;
use crate::dataset::series::recording::Recording;
use crate::dataset::series::times::{is_gap, step};
use std::ops::Range;

/// Readings that follow one another, and no window leaves: a part of a file, or a case.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The file's name; with the number of the case, where it holds several.
    pub name: String,
    /// Readings of the file that come before.
    pub first: usize,
    /// Raw readings (T, C), one after the other; not a number where a value is missing.
    pub readings: Vec<f32>,
    /// When each was taken, in seconds, where that is known.
    pub times: Option<Vec<f64>>,
    /// Which readings are anomalies, where that is known: of a case all or none.
    pub anomalous: Option<Vec<bool>>,
    /// The class of a case, as [`crate::dataset::Dataset::class_names`] counts them.
    pub class: Option<u8>,
    /// Readings before which others are missing, as times say.
    pub(super) gaps: Vec<usize>,
}

/// Two are the same if their readings have the same bits: what is missing is not a number.
impl PartialEq for Segment {
    fn eq(&self, other: &Self) -> bool {
        let known = |it: &Self| (it.name.clone(), it.first, it.times.clone(), it.anomalous.clone(), it.class);
        let bits = |it: &Self| it.readings.iter().map(|reading| reading.to_bits()).collect::<Vec<u32>>();
        known(self) == known(other) && bits(self) == bits(other)
    }
}

/// Which readings of a file are of a split: the first 70 % to train, the next 10 % to choose, the last 20 % to test.
pub(super) fn part(split: Split, readings: usize) -> Range<usize> {
    // The product may not fit where readings are nearly as many as memory has bytes.
    let at = |tenths: usize| readings / 10 * tenths + readings % 10 * tenths / 10;
    match split {
        Split::Train => 0..at(7),
        Split::Valid => at(7)..at(8),
        Split::Test => at(8)..readings,
    }
}

impl Segment {
    /// A part of a recording.
    pub(super) fn cut(recording: &Recording, part: Range<usize>, class: Option<u8>, anomalous: Option<bool>) -> Self {
        let channels = recording.channels.len();
        let times = recording.times.as_deref();
        let median = times.and_then(step).map(|step| step.median);
        let times = times.map(|times| times[part.clone()].to_vec());
        let gap = |pair: &[f64]| median.is_some_and(|median| is_gap(pair[0], pair[1], median));
        let gaps = times.iter().flat_map(|times| times.windows(2).enumerate().filter(|(_, pair)| gap(pair)));
        let gaps = gaps.map(|(index, _)| index + 1).collect();
        let of_readings = recording.anomalous.as_ref().map(|anomalous| anomalous[part.clone()].to_vec());
        Segment {
            name: recording.name.clone(),
            first: part.start,
            readings: recording.readings[part.start * channels..part.end * channels].to_vec(),
            anomalous: of_readings.or_else(|| anomalous.map(|anomalous| vec![anomalous; part.len()])),
            times,
            class,
            gaps,
        }
    }
}

/// Where windows start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Starts {
    pub(super) clean: Vec<usize>,
    /// Windows with a missing value.
    pub(super) missing: usize,
    /// Other windows that times say to lack readings.
    pub(super) across: usize,
}

impl Segment {
    /// The windows of `window` readings, each `stride` readings after the one before, that no value and no reading is
    /// missing in.
    pub(super) fn windows(&self, channels: usize, window: usize, stride: usize) -> Starts {
        let mut starts = Starts::default();
        let is_whole = |reading: &[f32]| reading.iter().all(|value| value.is_finite());
        let whole: Vec<bool> = self.readings.chunks_exact(channels).map(is_whole).collect();
        // The next reading, from a start on, with a missing value, and the next with a gap before it.
        let (mut missing, mut gap) = (0, 0);
        for start in (0..(whole.len() + 1).saturating_sub(window)).step_by(stride) {
            missing = missing.max(start);
            while whole.get(missing) == Some(&true) {
                missing += 1;
            }
            while self.gaps.get(gap).is_some_and(|&before| before <= start) {
                gap += 1;
            }
            if missing < start + window && missing < whole.len() {
                starts.missing += 1;
            } else if self.gaps.get(gap).is_some_and(|&before| before < start + window) {
                starts.across += 1;
            } else {
                starts.clean.push(start);
            }
        }
        starts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn recording(readings: Vec<f32>, times: Option<Vec<f64>>) -> Recording {
        let channels = vec!["a".to_owned()];
        Recording { name: "x".to_owned(), channels, readings, times, anomalous: None, class: None }
    }

    #[test]
    fn parts_share_the_readings_out() {
        for readings in [0, 1, 9, 10, 99, 7040] {
            let [train, valid, test] = [Split::Train, Split::Valid, Split::Test].map(|split| part(split, readings));
            assert_eq!((train.start, train.end, valid.end, test.end), (0, valid.start, test.start, readings));
            assert_eq!((train.end, valid.end), (readings * 7 / 10, readings * 8 / 10));
        }
    }

    #[test]
    fn a_part_keeps_what_belongs_to_its_readings() {
        let times = vec![0.0, 1.0, 2.0, 5.0, 6.0, 7.0, 8.0];
        let whole = recording((0..7).map(|value| value as f32).collect(), Some(times));
        let part = Segment::cut(&whole, 2..6, Some(3), Some(true));
        assert_eq!((part.first, part.readings.as_slice()), (2, &[2.0, 3.0, 4.0, 5.0][..]));
        assert_eq!((part.gaps.as_slice(), part.times.as_deref()), (&[1][..], Some(&[2.0, 5.0, 6.0, 7.0][..])));
        assert_eq!((part.class, part.anomalous), (Some(3), Some(vec![true; 4])));
        // The gap lies before the part.
        assert!(Segment::cut(&whole, 3..7, None, None).gaps.is_empty());
    }

    proptest! {
        #[test]
        fn no_window_touches_a_gap_and_none_is_forgotten(
            missing in prop::collection::vec(prop::bool::weighted(0.1), 0..40),
            gaps in prop::collection::btree_set(1_usize..40, 0..3),
            window in 1_usize..9, stride in 1_usize..5,
        ) {
            let readings = missing.iter().map(|missing| if *missing { f32::NAN } else { 1.0 }).collect();
            let mut segment = Segment::cut(&recording(readings, None), 0..missing.len(), None, None);
            segment.gaps = gaps.into_iter().filter(|gap| *gap < missing.len()).collect();
            let found = segment.windows(1, window, stride);
            let all: Vec<usize> = (0..missing.len()).step_by(stride).filter(|start| start + window <= missing.len()).collect();
            let lacks = |start: &usize| missing[*start..start + window].contains(&true);
            let across = |start: &usize| segment.gaps.iter().any(|gap| (start + 1..start + window).contains(gap));
            let clean: Vec<usize> = all.iter().copied().filter(|start| !lacks(start) && !across(start)).collect();
            prop_assert_eq!(&found.clean, &clean);
            prop_assert_eq!(found.missing, all.iter().filter(|start| lacks(start)).count());
            prop_assert_eq!(found.clean.len() + found.missing + found.across, all.len());
        }
    }
}
