//! From scores of windows to scores of readings.

/// A score for each of `count` readings: the mean of those of the windows that cover it. A window of `width` readings begins at
/// each of `starts`. `None` where no window covers a reading: near a gap, or beyond the last window.
///
/// # Panics
/// The numbers of windows and scores differ, or a window ends after the last reading.
pub fn reading_scores(count: usize, starts: &[usize], width: usize, scores: &[f32]) -> Vec<Option<f32>> {
    assert_eq!(starts.len(), scores.len(), "a score a window");
    let mut sums = vec![(0.0_f64, 0_u32); count];
    for (start, score) in starts.iter().zip(scores) {
        for (sum, covering) in &mut sums[*start..start + width] {
            *sum += f64::from(*score);
            *covering += 1;
        }
    }
    sums.into_iter().map(|(sum, covering)| (covering > 0).then(|| (sum / f64::from(covering)) as f32)).collect()
}

/// Whether each window of `width` readings covers an anomalous one.
///
/// # Panics
/// A window ends after the last reading.
pub fn anomalous_windows(anomalous: &[bool], starts: &[usize], width: usize) -> Vec<bool> {
    starts.iter().map(|start| anomalous[*start..start + width].contains(&true)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_has_the_mean_of_the_windows_that_cover_it() {
        let found = reading_scores(7, &[0, 2, 3], 3, &[1.0, 2.0, 6.0]);
        let expected = [Some(1.0), Some(1.0), Some(1.5), Some(4.0), Some(4.0), Some(6.0), None];
        assert_eq!(found, expected);
        assert_eq!(reading_scores(2, &[], 3, &[]), [None, None]);
    }

    #[test]
    fn one_anomalous_reading_makes_a_window_anomalous() {
        let anomalous = [false, false, true, false, false, false];
        assert_eq!(anomalous_windows(&anomalous, &[0, 1, 2, 3], 2), [false, true, true, false]);
    }
}
