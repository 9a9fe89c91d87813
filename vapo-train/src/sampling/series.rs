//! Fills the gaps of a series, through `vapo-sampler`, the very code of the device.

use crate::sampling::inpainting::inpaint;
use crate::sampling::{SamplingError, Settings, to_raw};
use std::ops::Range;
use vapo_format::Model;

/// Readings one after another, each with a missing value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The readings.
    pub readings: Range<usize>,
    /// The window around it. None where there is no such window: the gap is longer, or nothing in it is known.
    pub window: Option<Range<usize>>,
}

/// The gaps of raw readings (T, C), of which those that are not finite are missing, in one stretch of a series. The window of a
/// gap has it in its middle, or lies at an end of the stretch.
pub fn gaps(readings: &[f32], channels: usize, stretch: &Range<usize>, width: usize) -> Vec<Gap> {
    let known =
        |reading: usize| readings[reading * channels..][..channels].iter().filter(|value| value.is_finite()).count();
    let (mut gaps, mut start) = (Vec::new(), stretch.start);
    while start < stretch.end {
        let end = (start..stretch.end).find(|reading| known(*reading) == channels).unwrap_or(stretch.end);
        if end > start {
            let middle = start + (end - start) / 2;
            let fits = end - start <= width && width <= stretch.len();
            let first = || middle.saturating_sub(width / 2).clamp(stretch.start, stretch.end - width);
            let window = fits.then(|| first()..first() + width);
            let window = window.filter(|window| window.clone().any(|reading| known(reading) > 0));
            gaps.push(Gap { readings: start..end, window });
        }
        start = end + 1;
    }
    gaps
}

/// Fills a gap of raw readings (T, C): the mean of `settings.count` restorations takes the place of each missing value. All that
/// is known in its window stays as it is.
///
/// # Errors
/// As [`inpaint`].
///
/// # Panics
/// The gap's window lies outside the readings, or is none of the model's.
pub fn fill(model: &Model<'_>, readings: &mut [f32], gap: &Gap, settings: &Settings) -> Result<(), SamplingError> {
    let Some(window) = &gap.window else { return Ok(()) };
    let channels = usize::from(model.signal().channels);
    let within = &readings[window.start * channels..window.end * channels];
    let missing: Vec<bool> = within.iter().map(|value| !value.is_finite()).collect();
    let values = within.iter().enumerate().map(|(index, raw)| model.scaling(index % channels).value(*raw));
    let mut restored = inpaint(model, &values.collect::<Vec<_>>(), &missing, settings)?;
    to_raw(model, &mut restored);
    let all: Vec<&[f32]> = restored.chunks_exact(within.len()).collect();
    for reading in gap.readings.clone() {
        for channel in 0..channels {
            let index = (reading - window.start) * channels + channel;
            if missing[index] {
                let sum: f64 = all.iter().map(|window| f64::from(window[index])).sum();
                readings[reading * channels + channel] = (sum / all.len() as f64) as f32;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: f32 = f32::NAN;

    #[test]
    fn the_window_of_a_gap_covers_it_and_stays_in_its_stretch() {
        let mut readings = vec![0.0; 20];
        for missing in [0, 9, 10, 19] {
            readings[missing] = N;
        }
        let found = gaps(&readings, 1, &(0..20), 6);
        let expected = [(0..1, 0..6), (9..11, 7..13), (19..20, 14..20)];
        let expected = expected.map(|(readings, window)| Gap { readings, window: Some(window) });
        assert_eq!(found, expected);
        // Every place and length that fits.
        for (start, end) in (0..20).flat_map(|start| (start + 1..=20).map(move |end| (start, end))) {
            let mut readings = vec![0.0; 20];
            readings[start..end].fill(N);
            let [Gap { readings: gap, window }] = &gaps(&readings, 1, &(0..20), 6)[..] else { panic!() };
            assert_eq!((gap.start, gap.end), (start, end));
            match window {
                Some(window) => {
                    assert!(window.start <= start && end <= window.end && window.end <= 20 && window.len() == 6)
                }
                None => assert!(end - start >= 6),
            }
        }
    }

    #[test]
    fn a_gap_of_one_channel_may_be_as_long_as_a_window() {
        let readings: Vec<f32> =
            (0..10).flat_map(|reading| [1.0, if (2..8).contains(&reading) { N } else { 0.0 }]).collect();
        assert_eq!(gaps(&readings, 2, &(0..10), 6), [Gap { readings: 2..8, window: Some(2..8) }]);
        assert_eq!(gaps(&readings, 2, &(0..10), 5), [Gap { readings: 2..8, window: None }]);
    }

    #[test]
    fn a_stretch_shorter_than_a_window_has_none() {
        assert_eq!(gaps(&[0.0, N, 0.0, 0.0], 1, &(0..4), 6), [Gap { readings: 1..2, window: None }]);
        assert_eq!(gaps(&[0.0, N, 0.0, N], 1, &(2..4), 2), [Gap { readings: 3..4, window: Some(2..4) }]);
        assert_eq!(gaps(&[], 1, &(0..0), 2), []);
    }
}
