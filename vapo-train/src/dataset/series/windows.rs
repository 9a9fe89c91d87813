//! Where windows start, and which are left out.

use crate::dataset::Split;
use crate::dataset::series::error::SeriesError;
use crate::dataset::series::options::WINDOW;
use crate::dataset::series::{Segment, Series, SeriesOptions, Start};
use vapo_format::Shape;
use vapo_format::architecture::{MAX_ACTIVATION, MAX_SCALINGS};
use vapo_format::layer::MAX_EXTENT;

/// The windows of all segments.
pub(super) struct Windows {
    /// Those that nothing is missing in.
    pub(super) starts: Vec<Start>,
    /// How many have a missing value.
    missing: usize,
    /// How many others lack readings, as times say.
    across: usize,
    /// Segments that are shorter than a window.
    short: usize,
}

impl Windows {
    pub(super) fn of(segments: &[Segment], channels: usize, window: usize, stride: usize) -> Self {
        let mut windows = Windows { starts: vec![], missing: 0, across: 0, short: 0 };
        for (segment, part) in segments.iter().enumerate() {
            let found = part.windows(channels, window, stride);
            windows.short += usize::from(part.readings.len() < window * channels);
            windows.missing += found.missing;
            windows.across += found.across;
            windows.starts.extend(found.clean.into_iter().map(|reading| Start { segment, reading }));
        }
        windows
    }

    /// How many were left out, and why.
    pub(super) fn left_out(&self) -> Option<String> {
        let causes = [(self.missing, "with missing values"), (self.across, "across gaps in time")];
        let causes = causes.into_iter().filter(|(count, _)| *count > 0);
        let causes: Vec<String> = causes.map(|(count, cause)| format!("{count} {cause}")).collect();
        let left_out = self.missing + self.across;
        let all = counted(self.starts.len() + left_out, "window");
        (left_out > 0).then(|| format!("{left_out} of {all} left out: {}", causes.join(", ")))
    }

    /// What a person should know of the windows of a split.
    pub(super) fn notes(
        &self,
        window: usize,
        split: Split,
        rate: Option<f64>,
        segments: usize,
        what: &str,
    ) -> Vec<String> {
        let rate = rate.map_or(String::new(), |rate| format!(", {}", pace(rate)));
        let (count, from) = (counted(self.starts.len(), "window"), counted(segments, what));
        let taken = format!("the {} split is {count} of {window} readings{rate}, from {from}", split.name());
        let short = || format!("{} shorter than a window left out", counted(self.short, what));
        let short = (self.short > 0).then(short);
        [taken].into_iter().chain(self.left_out()).chain(short).collect()
    }
}

impl Series {
    /// A word where what is trained on is known to hold anomalies: they are learned as everything else is.
    pub(super) fn anomalies_in_training(&self) -> Option<String> {
        let holds = |window: &usize| self.is_anomalous(*window) == Some(true);
        let anomalous = (0..self.count.get()).filter(holds).count();
        let all = counted(self.count.get(), "window");
        (anomalous > 0).then(|| {
            format!("{anomalous} of {all} to train with hold anomalies, and are learned too: training reads no labels")
        })
    }
}

/// Readings of a window of a split.
pub(super) fn length(
    segments: &[Segment],
    channels: usize,
    cases: bool,
    options: &SeriesOptions,
    split: Split,
) -> Result<usize, SeriesError> {
    let lengths = segments.iter().map(|segment| segment.readings.len() / channels);
    let (least, longest) = (lengths.clone().min().unwrap_or_default(), lengths.max().unwrap_or_default());
    let window = match options.window {
        Some(window) => usize::from(window),
        None if cases && least != longest => return Err(SeriesError::Lengths { least, greatest: longest }),
        None if cases => longest,
        None => usize::from(WINDOW),
    };
    if longest < window || window == 0 {
        return Err(SeriesError::Short { window, longest, split: split.name() });
    }
    Ok(window)
}

/// The extent of a window.
pub(super) fn shape(window: usize, channels: usize) -> Result<Shape, SeriesError> {
    if !(1..=MAX_SCALINGS).contains(&channels) {
        return Err(SeriesError::Channels { found: channels, advice: "choose some with --columns" });
    }
    let width = u16::try_from(window).ok().filter(|width| *width <= MAX_EXTENT);
    let width = width.filter(|width| usize::from(*width) * channels <= MAX_ACTIVATION);
    let refused = || SeriesError::Option {
        option: format!("--window {window}"),
        advice: format!("expected at most {MAX_EXTENT} readings: give a smaller one"),
    };
    Ok(Shape { channels: channels as u16, height: 1, width: width.ok_or_else(refused)? })
}

/// How often readings come, for people.
fn pace(rate: f64) -> String {
    // Four digits.
    let rounded = |number: f64| {
        let unit = 10_f64.powi(3 - libm::log10(number).floor() as i32);
        (number * unit).round() / unit
    };
    if rate >= 1.0 { format!("{} a second", rounded(rate)) } else { format!("one in {} seconds", rounded(1.0 / rate)) }
}

fn counted(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::pace;

    #[test]
    fn a_pace_has_four_digits() {
        let told = [64.0002, 1.0, 12_345.6, 1.0 / 1800.0, 0.3].map(pace);
        let expected = ["64 a second", "1 a second", "12350 a second", "one in 1800 seconds", "one in 3.333 seconds"];
        assert_eq!(told, expected);
    }
}
