//! A series with its score, a threshold and what is labelled.

use super::Channel;
use super::panel::{ALARM, CURVE, LABELLED, MISSING, axis, style};
use super::stack::{BOTTOM, NAME, Stack, name, readings, titled};
use crate::evaluation::rank_sum::median;
use crate::export::picture::Picture;
use crate::export::picture::axis::Axis;
use crate::export::picture::canvas::text;
use embedded_graphics::prelude::*;
use embedded_graphics::text::Alignment;
use std::ops::Range;

/// What is said of the score.
const SCORE: &str = "score: energy, the mean of the windows that cover a reading; marks below: windows above the threshold, at their end";
/// Pixels of the score's panel.
const HEIGHT: i32 = 170;
/// Parts whose beginnings are drawn, at most.
const MOST_PARTS: usize = 64;
/// The score's axis ends so many times as far above its median as the threshold does, where scores reach farther than
/// [`FAR`] times.
const SHOWN: f64 = 6.0;
const FAR: f64 = 15.0;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'s> {
    /// What a person knows the series by.
    pub title: &'s str,
    /// Its readings.
    pub channels: &'s [Channel<'s>],
    /// One score a reading; not a number where there is none.
    pub scores: &'s [f32],
    /// Above which a score is an alarm.
    pub threshold: Option<f32>,
    /// Readings at which a device finds the window that ends there anomalous.
    pub verdicts: &'s [usize],
    /// Readings that are labelled as anomalies.
    pub anomalous: &'s [Range<usize>],
    /// First readings of parts that do not follow the ones before them.
    pub parts: &'s [usize],
    /// Readings a second, where that is known.
    pub rate: Option<f64>,
}

/// A picture of a series, a panel a channel, with its score below.
pub fn scored(series: &Scored<'_>) -> Picture {
    let stack = Stack::new(series.channels);
    let top = stack.end() + NAME;
    let mut legend = vec![(CURVE, "reading, score")];
    legend.extend(series.threshold.map(|_| (ALARM, "threshold, above it")));
    legend.extend((!series.anomalous.is_empty()).then_some((LABELLED, "labelled anomaly")));
    let absent = |readings: &[f32]| readings.iter().any(|reading| !reading.is_finite());
    let absent = absent(series.scores) || series.channels.iter().any(|channel| absent(channel.readings));
    legend.extend(absent.then_some((MISSING, "missing, no score")));
    let mut picture = titled(top + HEIGHT + BOTTOM, series.title, &legend);

    let panels = series
        .channels
        .iter()
        .enumerate()
        .map(|(index, channel)| (stack.panel(index, channel), channel.name, channel.readings));
    let (y, beyond) = score_axis(series.scores, series.threshold);
    let score = stack.across(top, top + HEIGHT, y);
    for (panel, title, values) in panels {
        for run in missing(values) {
            panel.shade(&mut picture, &run, MISSING);
        }
        series.anomalous.iter().for_each(|run| panel.shade(&mut picture, run, LABELLED));
        panel.frame(&mut picture);
        name(&mut picture, &panel, title);
        panel.curve(&mut picture, values, CURVE, 1);
        parts(series).for_each(|reading| panel.part(&mut picture, *reading));
    }
    for run in missing(series.scores) {
        score.shade(&mut picture, &run, MISSING);
    }
    series.anomalous.iter().for_each(|run| score.shade(&mut picture, run, LABELLED));
    score.frame(&mut picture);
    name(&mut picture, &score, SCORE);
    score.curve(&mut picture, series.scores, CURVE, 1);
    if let Some(threshold) = series.threshold {
        score.curve(&mut picture, &alarms(series.scores, threshold), ALARM, 2);
        score.level(&mut picture, threshold.into(), ALARM);
    }
    parts(series).for_each(|reading| score.part(&mut picture, *reading));
    series.verdicts.iter().for_each(|reading| score.mark(&mut picture, *reading, ALARM));
    if let Some(highest) = beyond {
        let place = Point::new(score.right, score.top - NAME / 2 + 2);
        text(&mut picture, &format!("cut off; the highest is {highest}"), place, Alignment::Right, style(ALARM));
    }
    readings(&mut picture, &score, series.rate);
    picture
}

/// Scores above a threshold, and the threshold beside them. Not a number elsewhere.
fn alarms(scores: &[f32], threshold: f32) -> Vec<f32> {
    let above = |reading: usize| scores.get(reading).is_some_and(|score| *score > threshold);
    let beside = |reading: usize| (reading > 0 && above(reading - 1)) || above(reading) || above(reading + 1);
    let drawn = |reading: usize| if beside(reading) { scores[reading].max(threshold) } else { f32::NAN };
    (0..scores.len()).map(drawn).collect()
}

/// Runs of readings that are not finite.
pub(super) fn missing(readings: &[f32]) -> Vec<Range<usize>> {
    let absent: Vec<bool> = readings.iter().map(|reading| !reading.is_finite()).collect();
    crate::evaluation::detection::segments::segments(&absent)
}

/// The score's axis, with room for the threshold, and the highest score where it lies beyond.
fn score_axis(scores: &[f32], threshold: Option<f32>) -> (Axis, Option<f32>) {
    let finite: Vec<f32> = scores.iter().copied().filter(|score| score.is_finite()).collect();
    let all = || finite.iter().copied().chain(threshold);
    let highest = finite.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let middle = median(&finite.iter().copied().map(f64::from).collect::<Vec<_>>());
    let reach = threshold.zip(middle).map(|(threshold, middle)| (middle, f64::from(threshold) - middle));
    match reach.filter(|(_, reach)| *reach > 0.0) {
        Some((middle, reach)) if f64::from(highest) > middle + FAR * reach => {
            let most = (middle + SHOWN * reach) as f32;
            (axis(all().map(|score| score.min(most))), Some(highest))
        }
        _ => (axis(all()), None),
    }
}

/// Where parts begin; nowhere where their lines would hide what is drawn.
fn parts<'s>(series: &'s Scored<'_>) -> impl Iterator<Item = &'s usize> {
    series.parts.iter().filter(|_| series.parts.len() <= MOST_PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(picture: &Picture, colour: embedded_graphics::pixelcolor::Rgb888) -> usize {
        let wanted = [colour.r(), colour.g(), colour.b()];
        let all = (0..picture.height()).flat_map(|y| (0..picture.width()).map(move |x| (x, y)));
        all.filter(|(x, y)| picture.pixel(*x, *y) == wanted).count()
    }

    /// Readings of two channels; scores that are `high` in the middle.
    fn picture(high: f32, anomalous: &[Range<usize>]) -> Picture {
        let mut waves: Vec<f32> = (0..3000).map(|reading| libm::sinf(reading as f32 / 20.0)).collect();
        let scores: Vec<f32> = (0..3000).map(|r| if (1500..1520).contains(&r) { high } else { 1.0 }).collect();
        let other = waves.clone();
        waves[700..800].fill(f32::NAN);
        let channels = [Channel { name: "a", readings: &waves }, Channel { name: "b", readings: &other }];
        scored(&Scored {
            title: "test",
            channels: &channels,
            scores: &scores,
            threshold: Some(2.0),
            verdicts: &[],
            anomalous,
            parts: &[2000],
            rate: Some(64.0),
        })
    }

    #[test]
    fn alarms_labels_and_gaps_are_seen() {
        let quiet = picture(1.5, &[]);
        let loud = picture(3.0, &[1500..1520, 2900..2901]);
        assert!(count(&loud, ALARM) > count(&quiet, ALARM) + 100);
        assert!(count(&loud, LABELLED) > 1000 && count(&quiet, LABELLED) == 0);
        assert!(count(&quiet, MISSING) > 100);
        assert_eq!(loud, picture(3.0, &[1500..1520, 2900..2901]));
    }

    #[test]
    fn a_score_far_above_is_cut_off_so_that_the_threshold_stays_visible() {
        let (y, beyond) = score_axis(&[0.0, 1.0, 1.0, 1.0, 1e6], Some(2.0));
        assert_eq!(beyond, Some(1e6));
        assert!(y.position(2.0) > 0.2 && y.position(7.0) < 1.0, "{y:?}");
        for (scores, threshold) in [(&[0.0, 1.0, 10.0][..], Some(2.0)), (&[1.0, 1e6], None), (&[f32::NAN], Some(1.0))] {
            let (y, beyond) = score_axis(scores, threshold);
            assert_eq!(beyond, None);
            assert!(
                scores
                    .iter()
                    .chain(&threshold)
                    .filter(|score| score.is_finite())
                    .all(|score| y.position((*score).into()) <= 1.0)
            );
        }
    }

    #[test]
    fn alarms_rise_from_the_threshold() {
        let found = alarms(&[1.0, 1.0, 3.0, 4.0, 0.0, f32::NAN, 5.0], 2.0);
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&found), bits(&[f32::NAN, 2.0, 3.0, 4.0, 2.0, 2.0, 5.0]));
    }

    #[test]
    fn nothing_is_drawn_without_failing() {
        let none = Scored {
            title: "",
            channels: &[],
            scores: &[],
            threshold: None,
            verdicts: &[0],
            anomalous: &[],
            parts: &[],
            rate: None,
        };
        assert!(scored(&none).height() > 0);
        let missing = [Channel { name: "°C", readings: &[f32::NAN] }];
        scored(&Scored { channels: &missing, scores: &[f32::INFINITY], threshold: Some(0.0), ..none });
    }
}
