//! How raw readings become values of unit spread, channel by channel.

use crate::dataset::series::error::SeriesError;
use vapo_format::Scaling;

/// Part of the readings that is moved to where this part begins, at either end, before the spread is measured.
const TAIL: f64 = 0.01;

/// The scaling of each channel, from all readings (T, C) that training may see. The median becomes 0. The standard deviation
/// becomes 1, that of readings whose outermost hundredths are moved inwards: a few outliers do not change it. No reading
/// is changed by what it is scaled with.
///
/// # Errors
/// A channel is constant, has no reading, or has readings too far apart.
pub(super) fn learn<'r>(
    channels: &[String],
    readings: impl Iterator<Item = &'r [f32]> + Clone,
) -> Result<Vec<Scaling>, SeriesError> {
    let learn = |(index, name): (usize, &String)| {
        let of_channel = |part: &'r [f32]| part.iter().skip(index).step_by(channels.len()).copied();
        let values: Vec<f32> = readings.clone().flat_map(of_channel).filter(|value| value.is_finite()).collect();
        of_channel_values(values).map_err(|found| SeriesError::Channel { channel: name.clone(), found })
    };
    channels.iter().enumerate().map(learn).collect()
}

fn of_channel_values(mut values: Vec<f32>) -> Result<Scaling, String> {
    values.sort_unstable_by(f32::total_cmp);
    let (Some(&least), Some(&greatest)) = (values.first(), values.last()) else {
        return Err("no reading at all".to_owned());
    };
    if least == greatest {
        return Err(format!("{least} in every reading"));
    }
    let at = |part: f64| f64::from(values[((values.len() - 1) as f64 * part).round() as usize]);
    let inner = deviation(&values, at(TAIL), at(1.0 - TAIL));
    // Where nearly all readings are the same, the few others are its spread.
    let scale = if inner > 0.0 { inner } else { deviation(&values, least.into(), greatest.into()) };
    let scaling = Scaling { offset: at(0.5) as f32, scale: scale as f32 };
    if scaling.is_valid() { Ok(scaling) } else { Err(format!("readings from {least} to {greatest}")) }
}

/// The standard deviation of values that are moved into a range.
fn deviation(values: &[f32], low: f64, high: f64) -> f64 {
    let moved = || values.iter().map(|value| f64::from(*value).clamp(low, high));
    let mean = moved().sum::<f64>() / values.len() as f64;
    let squares: f64 = moved().map(|value| (value - mean).powi(2)).sum();
    (squares / values.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaling(values: Vec<f32>) -> Scaling {
        of_channel_values(values).unwrap()
    }

    /// 0 to 1000, each once: a hundredth of them, 10, is moved to 10 at the one end, to 990 at the other.
    fn expected_scale() -> f64 {
        let sum: f64 = (0..=1000).map(|value| (f64::from(value).clamp(10.0, 990.0) - 500.0).powi(2)).sum();
        (sum / 1001.0).sqrt()
    }

    #[test]
    fn the_median_is_zero_and_the_spread_is_one() {
        let Scaling { offset, scale } = scaling((0..=1000).rev().map(|value| value as f32).collect());
        assert!(offset == 500.0 && (f64::from(scale) - expected_scale()).abs() < 1e-4, "{offset} {scale}");
        // Of a uniform distribution.
        assert!((scale - 1000.0 / 12_f32.sqrt()).abs() < 2.0, "{scale}");
    }

    #[test]
    fn an_outlier_does_not_move_it() {
        let mut values: Vec<f32> = (0..=1000).map(|value| value as f32).collect();
        values[1000] = 1e30;
        let Scaling { offset, scale } = scaling(values);
        assert!(offset == 500.0 && (f64::from(scale) - expected_scale()).abs() < 1e-4, "{offset} {scale}");
    }

    #[test]
    fn few_readings_beside_the_median_are_the_spread() {
        let mut values = vec![5.0; 1000];
        values[7] = 9.0;
        let Scaling { offset, scale } = scaling(values);
        // One in a thousand, 4 away: 4·√(0.001·0.999).
        assert!(offset == 5.0 && (scale - 0.126_427_8).abs() < 1e-6, "{scale}");
    }

    #[test]
    fn channels_are_told_by_their_names() {
        let names = ["a", "b"].map(str::to_owned);
        let told = |readings: &[f32]| learn(&names, [readings].into_iter()).unwrap_err().to_string();
        let constant = told(&[1.0, 3.0, 2.0, 3.0]);
        assert!(constant.contains("channel b") && constant.contains("3 in every reading"), "{constant}");
        assert!(told(&[f32::NAN, 3.0, f32::NAN, 4.0]).contains("channel a"));
        // Too near each other for a float to divide by.
        assert!(told(&[0.0, 3.0, 1e-45, 4.0]).contains("channel a"));
        let both = learn(&names, [&[1.0, 3.0, f32::NAN, 5.0][..], &[2.0, 3.0]].into_iter()).unwrap();
        assert_eq!((both[0].offset, both[1].offset), (2.0, 3.0));
    }
}
