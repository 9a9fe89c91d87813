//! Runs of anomalous readings.

use std::ops::Range;

/// Readings by which the place of the highest score may miss an anomaly, at least.
///
/// Source: the rule of the UCR anomaly archive. Keogh, Dutta Roy, Naik and Agrawal, *Multi-dataset time-series anomaly detection
/// competition*, KDD 2021.
pub const SLACK: usize = 100;

/// Runs of anomalous readings, in order.
pub fn segments(anomalous: &[bool]) -> Vec<Range<usize>> {
    let mut start = 0;
    let runs = anomalous.chunk_by(|a, b| a == b).map(|run| {
        start += run.len();
        (run[0], start - run.len()..start)
    });
    runs.filter_map(|(is, run)| is.then_some(run)).collect()
}

/// Whether a reading lies in one of these segments, or nearer than [`SLACK`] readings to it, or nearer than its own length.
pub fn within_slack(reading: usize, segments: &[Range<usize>]) -> bool {
    segments.iter().any(|segment| {
        let slack = SLACK.max(segment.len());
        // Compared without a difference, which may be below zero.
        reading + slack > segment.start && reading < segment.end - 1 + slack
    })
}

/// How many of the segments a window above the threshold touches.
///
/// # Panics
/// The numbers of windows and scores differ.
pub fn found(segments: &[Range<usize>], starts: &[usize], width: usize, scores: &[f32], threshold: f32) -> usize {
    assert_eq!(starts.len(), scores.len(), "a score a window");
    let touches = |segment: &Range<usize>, start: usize| start < segment.end && segment.start < start + width;
    let hit = |segment: &&Range<usize>| {
        starts.iter().zip(scores).any(|(start, score)| *score > threshold && touches(segment, *start))
    };
    segments.iter().filter(hit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_at_both_ends() {
        let anomalous = [1, 0, 0, 1, 1, 0, 1].map(|label| label == 1);
        assert_eq!(segments(&anomalous), [0..1, 3..5, 6..7]);
        assert!(segments(&[false; 3]).is_empty());
        assert!(segments(&[]).is_empty());
    }

    /// The archive's own rule: min(begin - L, begin - 100) < place < max(end + L, end + 100), with the last reading as end.
    #[test]
    fn slack_is_that_of_the_archive() {
        for (begin, end) in [(1000_usize, 1011_usize), (1000, 1299), (1000, 1000), (5, 20)] {
            let length = (end - begin + 1) as i64;
            let low = (begin as i64 - length).min(begin as i64 - 100);
            let high = (end as i64 + length).max(end as i64 + 100);
            for place in 0..2000 {
                let expected = low < place as i64 && (place as i64) < high;
                assert_eq!(
                    within_slack(place, std::slice::from_ref(&(begin..end + 1))),
                    expected,
                    "{place} for {begin} to {end}"
                );
            }
        }
    }

    #[test]
    fn a_segment_is_found_by_a_window_that_touches_it() {
        let segments = [10..12, 30..31];
        let of = |starts: &[usize], scores: &[f32]| found(&segments, starts, 4, scores, 1.0);
        assert_eq!(of(&[7, 28], &[2.0, 2.0]), 2);
        assert_eq!(of(&[6, 12, 26, 31], &[2.0; 4]), 0);
        assert_eq!(of(&[7, 28], &[1.0, 2.0]), 1);
        assert_eq!(of(&[8, 9, 10], &[2.0; 3]), 1);
    }
}
