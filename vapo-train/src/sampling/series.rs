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
        let mut rest = start..end;
        while !rest.is_empty() {
            let part = first_part(&rest, width, |reading| known(reading) > 0);
            let middle = part.start + part.len() / 2;
            let fits = part.len() <= width && width <= stretch.len();
            let first = || middle.saturating_sub(width / 2).clamp(stretch.start, stretch.end - width);
            let window = fits.then(|| first()..first() + width);
            let window = window.filter(|window| window.clone().any(|reading| known(reading) > 0));
            rest.start = part.end;
            gaps.push(Gap { readings: part, window });
        }
        start = end + 1;
    }
    gaps
}

/// What is filled at once of readings with missing values: all of them, where they fit a window. Of more than that, readings of which
/// nothing is known together, and of others half a window, so that what stands before and after is seen too.
fn first_part(readings: &Range<usize>, width: usize, some_known: impl Fn(usize) -> bool) -> Range<usize> {
    if readings.len() <= width {
        return readings.clone();
    }
    let is_known = some_known(readings.start);
    let end = readings.clone().find(|reading| some_known(*reading) != is_known).unwrap_or(readings.end);
    let most = if is_known { width.div_ceil(2) } else { readings.len() };
    readings.start..end.min(readings.start + most)
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
        // A longer one is filled half a window at a time.
        let part = |readings, window| Gap { readings, window: Some(window) };
        assert_eq!(gaps(&readings, 2, &(0..10), 5), [part(2..5, 1..6), part(5..8, 4..9)]);
        // Where nothing is known for longer than a window, nothing is filled; beside it, all is.
        let both = |reading: usize| if (3..9).contains(&reading) { N } else { 1.0 };
        let one = |reading: usize| if (2..11).contains(&reading) { N } else { 0.0 };
        let readings: Vec<f32> = (0..14).flat_map(|reading| [both(reading), one(reading)]).collect();
        let none = Gap { readings: 3..9, window: None };
        assert_eq!(gaps(&readings, 2, &(0..14), 5), [part(2..3, 0..5), none, part(9..11, 8..13)]);
    }

    #[test]
    fn a_stretch_shorter_than_a_window_has_none() {
        assert_eq!(gaps(&[0.0, N, 0.0, 0.0], 1, &(0..4), 6), [Gap { readings: 1..2, window: None }]);
        assert_eq!(gaps(&[0.0, N, 0.0, N], 1, &(2..4), 2), [Gap { readings: 3..4, window: Some(2..4) }]);
        assert_eq!(gaps(&[], 1, &(0..0), 2), []);
    }
}
