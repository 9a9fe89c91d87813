//! Average precision.

/// The area under precision over recall, as a sum over thresholds: precision at each, times the recall that it adds. Equal scores
/// share a threshold. It is scikit-learn's `average_precision_score`. `None` without anomalies.
///
/// # Panics
/// The numbers of scores and labels differ.
pub fn average_precision(scores: &[f32], anomalous: &[bool]) -> Option<f64> {
    assert_eq!(scores.len(), anomalous.len(), "a label a score");
    let mut all: Vec<(f32, bool)> = scores.iter().copied().zip(anomalous.iter().copied()).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let anomalies = all.iter().filter(|(_, label)| *label).count();
    if anomalies == 0 {
        return None;
    }
    let (mut hits, mut seen, mut area) = (0, 0, 0.0);
    for tied in all.chunk_by(|a, b| a.0 == b.0) {
        let added = tied.iter().filter(|(_, label)| *label).count();
        hits += added;
        seen += tied.len();
        area += added as f64 / anomalies as f64 * (hits as f64 / seen as f64);
    }
    Some(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_of_few() {
        let of = |scores: &[f32], anomalous: &[u8]| {
            average_precision(scores, &anomalous.iter().map(|label| *label == 1).collect::<Vec<_>>())
        };
        // In order: an anomaly, 1 of 1; another, 2 of 2; the last, 3 of 4.
        assert_eq!(of(&[4.0, 3.0, 2.0, 1.0], &[1, 1, 0, 1]), Some((1.0 + 1.0 + 0.75) / 3.0));
        assert_eq!(of(&[1.0, 2.0], &[0, 1]), Some(1.0));
        // All alike: the share of anomalies.
        assert_eq!(of(&[5.0; 4], &[0, 1, 0, 0]), Some(0.25));
        // Zero has no sign.
        assert_eq!(of(&[0.0, -0.0], &[0, 1]), Some(0.5));
        assert_eq!(of(&[1.0], &[0]), None);
    }
}
