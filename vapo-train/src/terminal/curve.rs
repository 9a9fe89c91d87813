//! Numbers over time, as text.

/// Bars of one to eight eighths of a character's height.
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns of the numbers beside the bars.
pub(crate) const LABEL: usize = 9;

/// A bar a column, in `height` lines of [`LABEL`] and `width` columns. A point is the part of the time that is over, 0 to 1, and a
/// value. The bars of a column's mean values reach from the least of them all, an eighth of a line, to the largest, which the first and
/// the last line name. What is not finite is left out.
pub(crate) fn curve(points: &[(f64, f32)], width: usize, height: usize) -> Vec<String> {
    let means = means(points, width);
    let known = means.iter().flatten();
    let (Some(least), Some(most)) = (known.clone().copied().reduce(f64::min), known.copied().reduce(f64::max)) else {
        return vec![String::new(); height];
    };
    let steps = 8 * height;
    let bar = |mean: f64| {
        let part = if most > least { (mean - least) / (most - least) } else { 0.5 };
        1 + (part * (steps - 1) as f64).round() as usize
    };
    let bars: Vec<usize> = means.iter().map(|mean| mean.map_or(0, bar)).collect();
    let line = |from_above: usize| {
        let beneath = 8 * (height - 1 - from_above);
        let label = match from_above {
            0 => format!("{most:.4}"),
            last if last == height - 1 => format!("{least:.4}"),
            _ => String::new(),
        };
        let cell =
            |&bar: &usize| bar.saturating_sub(beneath).min(8).checked_sub(1).map_or(' ', |eighth| EIGHTHS[eighth]);
        let bars: String = bars.iter().map(cell).collect();
        format!("{label:>7}  {}", bars.trim_end()).trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// The mean value of every column, or that of the column before where it has none; none after the last point.
fn means(points: &[(f64, f32)], width: usize) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0u32); width];
    for &(time, value) in points.iter().filter(|(time, value)| time.is_finite() && value.is_finite()) {
        let column = (time.clamp(0.0, 1.0) * width as f64) as usize;
        if let Some((sum, count)) = sums.get_mut(column.min(width.saturating_sub(1))) {
            *sum += f64::from(value);
            *count += 1;
        }
    }
    let end = sums.iter().rposition(|(_, count)| *count > 0).map_or(0, |last| last + 1);
    let mut before = None;
    let mean = |(column, &(sum, count)): (usize, &(f64, u32))| {
        before = (count > 0).then(|| sum / f64::from(count)).or(before);
        before.filter(|_| column < end)
    };
    sums.iter().enumerate().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_reach_from_the_least_to_the_largest() {
        let points: Vec<_> = (0..16).map(|step| (f64::from(step) / 16.0, 15.0 - step as f32)).collect();
        // The 16 eighths of two lines: the least value takes one.
        assert_eq!(curve(&points, 16, 2), ["15.0000  █▇▆▅▄▃▂▁", " 0.0000  █████████▇▆▅▄▃▂▁"]);
    }

    #[test]
    fn columns_without_a_point_go_on_and_those_to_come_are_empty() {
        let points = [(0.0, 2.0), (0.05, 4.0), (0.5, 1.0), (0.55, f32::NAN)];
        assert_eq!(curve(&points, 10, 1), [" 3.0000  █████▁"]);
        assert_eq!(curve(&[(0.3, 5.0)], 4, 1), [" 5.0000   ▅"]);
        assert_eq!(curve(&[(2.0, 5.0), (1.0, 5.0)], 2, 1), [" 5.0000   ▅"]);
    }

    #[test]
    fn without_a_finite_point_there_is_nothing() {
        assert_eq!(curve(&[], 10, 2), ["", ""]);
        assert_eq!(curve(&[(0.5, f32::INFINITY)], 10, 1), [""]);
        assert_eq!(curve(&[(0.5, 1.0)], 0, 1), [""]);
    }
}
