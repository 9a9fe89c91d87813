//! Whether one set of numbers is smaller than another: the one-sided test of Mann and Whitney.
//!
//! Source: Mann and Whitney, *On a test of whether one of two random variables is stochastically larger than the
//! other*, 1947; normal approximation, with the corrections for ties and for continuity that SciPy makes.

use std::cmp::Ordering;

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankSum {
    /// Pairs in which the first number is the greater, ties counting half.
    pub statistic: f64,
    /// The same over all pairs: ½ where the two sets are alike, less where the first is smaller.
    pub share: f64,
    /// The chance of a statistic this small or smaller if both sets were drawn alike.
    pub p_value: f64,
}

/// Tests whether the `first` numbers are smaller than the `second`. `None` if there are none of either.
pub fn rank_sum(first: &[f64], second: &[f64]) -> Option<RankSum> {
    let (n, m) = (first.len() as f64, second.len() as f64);
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let tagged =
        |values: &[f64], is_first: bool| values.iter().map(move |&value| (value, is_first)).collect::<Vec<_>>();
    let mut all = [tagged(first, true), tagged(second, false)].concat();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut ties, mut start) = (0.0, 0.0, 0);
    for group in all.chunk_by(|a, b| a.0.partial_cmp(&b.0) == Some(Ordering::Equal)) {
        let size = group.len() as f64;
        // The mean of the ranks start + 1 to start + size.
        let rank = start as f64 + (size + 1.0) / 2.0;
        ranks += rank * group.iter().filter(|(_, is_first)| *is_first).count() as f64;
        ties += size.powi(3) - size;
        start += group.len();
    }
    let statistic = ranks - n * (n + 1.0) / 2.0;
    let total = n + m;
    let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    // Half a step towards the middle, for continuity. All numbers alike say nothing.
    let z = if variance > 0.0 { (statistic - n * m / 2.0 + 0.5) / variance.sqrt() } else { f64::INFINITY };
    Some(RankSum { statistic, share: statistic / (n * m), p_value: 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2) })
}

/// The middle number, or the mean of the two in the middle. `None` if there are none.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The quantile `level` (0 to 1), between two numbers as NumPy takes it: linearly. `None` if there are none.
pub fn quantile(values: &[f64], level: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = level.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted() {
        let found = rank_sum(&[1.0, 2.0, 5.0], &[2.0, 4.0]).unwrap();
        // 5 is above both, 2 ties with 2.
        assert_eq!((found.statistic, found.share), (2.5, 2.5 / 6.0));
    }

    #[test]
    fn smaller_numbers_have_a_small_p_value_and_larger_ones_a_large() {
        let numbers = |from: u32| (from..from + 50).map(f64::from).collect::<Vec<_>>();
        let p = |a, b| rank_sum(&numbers(a), &numbers(b)).unwrap().p_value;
        assert!(p(0, 100) < 1e-15 && p(100, 0) > 0.999_999);
        assert!((p(7, 7) - 0.5).abs() < 0.01, "{}", p(7, 7));
    }

    #[test]
    fn numbers_all_alike_say_nothing() {
        assert_eq!(rank_sum(&[3.0; 5], &[3.0; 4]).unwrap().p_value, 1.0);
        assert_eq!(rank_sum(&[], &[1.0]), None);
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|level| quantile(&values, level).unwrap()), [1.0, 1.75, 2.5, 4.0]);
        assert_eq!((median(&[7.0]), median(&[])), (Some(7.0), None));
    }
}
