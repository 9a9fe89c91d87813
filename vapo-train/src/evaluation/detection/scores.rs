//! Energies of a series' windows, laid back on its readings, and what they detect.

use super::segments::{found, segments, within_slack};
use super::{Alarms, Confusion, auroc, average_precision, reading_scores};
use crate::dataset::series::{Series, Start};
use serde::Serialize;
use std::ops::Range;

/// Energies of the windows of a series.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'s> {
    series: &'s Series,
    energies: &'s [f32],
}

/// How well scores rank what is anomalous above the rest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ranking {
    /// Scores.
    pub count: usize,
    /// Those of anomalies.
    pub anomalies: usize,
    /// The area under the receiver operating characteristic.
    pub auroc: f64,
    /// The area under precision over recall.
    pub average_precision: f64,
}

/// The window of the greatest energy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Top {
    /// Index of the part that it lies in.
    pub part: usize,
    /// Its readings, as the file counts them.
    pub readings: Range<usize>,
    /// Whether its middle lies within an anomaly, with the slack of the UCR anomaly archive.
    pub within: bool,
}

/// What a threshold says of the windows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// Windows above it and below. A window is anomalous if one of its readings is.
    pub confusion: Confusion,
    /// Runs of anomalous readings.
    pub anomalies: usize,
    /// Those that a window above the threshold touches.
    pub found: usize,
    /// Normal windows above it.
    pub false_alarms: Alarms,
}

impl<'s> Scores<'s> {
    /// # Panics
    /// The numbers of windows and energies differ.
    pub fn new(series: &'s Series, energies: &'s [f32]) -> Self {
        assert_eq!(series.starts().len(), energies.len(), "an energy a window");
        Scores { series, energies }
    }

    /// The windows of a part: their starts and their energies.
    fn of_part(&self, part: usize) -> (Vec<usize>, Vec<f32>) {
        let starts = self.series.starts();
        // They lie segment by segment.
        let before = |part: usize| starts.partition_point(|start| start.segment < part);
        let of = before(part)..before(part + 1);
        (starts[of.clone()].iter().map(|start| start.reading).collect(), self.energies[of].to_vec())
    }

    /// Readings of a part.
    fn count(&self, part: usize) -> usize {
        self.series.segments()[part].readings.len() / self.series.channels().len()
    }

    /// A score for each reading of a part: the mean of the windows that cover it.
    ///
    /// # Panics
    /// There is no such part.
    pub fn readings(&self, part: usize) -> Vec<Option<f32>> {
        let (starts, energies) = self.of_part(part);
        reading_scores(self.count(part), &starts, self.series.window(), &energies)
    }

    /// Whether each window is anomalous, where that is known of all.
    pub fn anomalous_windows(&self) -> Option<Vec<bool>> {
        (0..self.energies.len()).map(|window| self.series.is_anomalous(window)).collect()
    }

    /// How readings are ranked. Those without a score or a label do not count. `None` unless there are normal and anomalous ones.
    pub fn ranking_of_readings(&self) -> Option<Ranking> {
        let (mut scores, mut labels) = (Vec::new(), Vec::new());
        for (part, segment) in self.series.segments().iter().enumerate() {
            let Some(anomalous) = &segment.anomalous else { continue };
            for (score, label) in self.readings(part).into_iter().zip(anomalous) {
                if let Some(score) = score {
                    scores.push(score);
                    labels.push(*label);
                }
            }
        }
        Ranking::of(&scores, &labels)
    }

    /// How windows are ranked.
    pub fn ranking_of_windows(&self) -> Option<Ranking> {
        Ranking::of(self.energies, &self.anomalous_windows()?)
    }

    /// How parts are ranked, each by the mean energy of its windows: for cases, which are anomalous as a whole.
    pub fn ranking_of_parts(&self) -> Option<Ranking> {
        let (mut scores, mut labels) = (Vec::new(), Vec::new());
        for (part, segment) in self.series.segments().iter().enumerate() {
            let (_, energies) = self.of_part(part);
            if let Some(anomalous) = segment.anomalous.as_ref().filter(|_| !energies.is_empty()) {
                scores.push((energies.iter().copied().map(f64::from).sum::<f64>() / energies.len() as f64) as f32);
                labels.push(anomalous.contains(&true));
            }
        }
        Ranking::of(&scores, &labels)
    }

    /// The window of the greatest energy, the first of several. `None` where no reading is anomalous.
    pub fn top(&self) -> Option<Top> {
        let runs = self.runs();
        if runs.iter().all(Vec::is_empty) {
            return None;
        }
        let greatest = self.energies.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let window = self.energies.iter().position(|energy| *energy == greatest)?;
        let Start { segment, reading } = self.series.starts()[window];
        let (width, first) = (self.series.window(), self.series.segments()[segment].first);
        let within = within_slack(reading + width / 2, &runs[segment]);
        Some(Top { part: segment, readings: first + reading..first + reading + width, within })
    }

    /// What a threshold says. `None` where it is not known which windows are anomalous.
    pub fn judge(&self, threshold: f32) -> Option<Judgement> {
        let anomalous = self.anomalous_windows()?;
        let runs = self.runs();
        let found_of = |(part, runs): (usize, &Vec<Range<usize>>)| {
            let (starts, energies) = self.of_part(part);
            found(runs, &starts, self.series.window(), &energies, threshold)
        };
        Some(Judgement {
            confusion: Confusion::at(threshold, self.energies, &anomalous),
            anomalies: runs.iter().map(Vec::len).sum(),
            found: runs.iter().enumerate().map(found_of).sum(),
            false_alarms: self.alarms(threshold, |window| !anomalous[window]),
        })
    }

    /// How often chosen windows lie above a threshold.
    pub fn alarms(&self, threshold: f32, chosen: impl Fn(usize) -> bool) -> Alarms {
        let windows: Vec<usize> = (0..self.energies.len()).filter(|window| chosen(*window)).collect();
        let energies: Vec<f32> = windows.iter().map(|window| self.energies[*window]).collect();
        let start = |index: usize| self.series.starts()[windows[index]];
        Alarms::of(&energies, threshold, |index| {
            let (before, now) = (start(index - 1), start(index));
            before.segment == now.segment && before.reading + self.series.stride() == now.reading
        })
    }

    /// Runs of anomalous readings of each part.
    fn runs(&self) -> Vec<Vec<Range<usize>>> {
        let parts = self.series.segments().iter();
        parts.map(|segment| segment.anomalous.as_deref().map_or(vec![], segments)).collect()
    }
}

impl Ranking {
    fn of(scores: &[f32], anomalous: &[bool]) -> Option<Self> {
        Some(Ranking {
            count: scores.len(),
            anomalies: anomalous.iter().filter(|label| **label).count(),
            auroc: auroc(scores, anomalous)?,
            average_precision: average_precision(scores, anomalous)?,
        })
    }
}
