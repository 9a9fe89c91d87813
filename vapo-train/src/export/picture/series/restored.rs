//! A series before and after its gaps are filled.

use super::Channel;
use super::panel::{CURVE, MADE, MISSING, Panel, axis};
use super::scored::missing;
use super::stack::{BOTTOM, LEFT, NAME, RIGHT, Stack, name, readings, titled};
use crate::export::picture::Picture;
use std::ops::Range;

/// Gaps that are shown enlarged, at most.
const ENLARGED: usize = 6;
/// Pixels of an enlarged part.
const HEIGHT: i32 = 110;
/// Pixels between two enlarged parts that are side by side, with room for numbers.
const BETWEEN: i32 = 84;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Restored<'s> {
    /// What a person knows the series by.
    pub title: &'s str,
    /// Its readings, as they were.
    pub before: &'s [Channel<'s>],
    /// Its readings, as they are now.
    pub after: &'s [Channel<'s>],
    /// Parts to enlarge: a channel, and readings around a gap of it.
    pub gaps: &'s [(usize, Range<usize>)],
    /// First readings of parts that do not follow the ones before them.
    pub parts: &'s [usize],
    /// Readings a second, where that is known.
    pub rate: Option<f64>,
}

/// A picture of a series, a panel a channel, with what was made in another colour. Below, the first gaps, enlarged: before on the
/// left, after on the right.
pub fn restored(series: &Restored<'_>) -> Picture {
    let stack = Stack::new(series.after);
    let shown = &series.gaps[..series.gaps.len().min(ENLARGED)];
    let below = stack.end() + BOTTOM;
    let height = below + shown.len() as i32 * (HEIGHT + NAME + BOTTOM / 2) + NAME / 2;
    let mut picture = titled(height, series.title, &[(CURVE, "read"), (MADE, "restored"), (MISSING, "missing before")]);
    for (index, (before, after)) in series.before.iter().zip(series.after).enumerate() {
        let panel = stack.panel(index, after);
        panels(&mut picture, &panel, before, after);
        name(&mut picture, &panel, after.name);
        series.parts.iter().for_each(|reading| panel.part(&mut picture, *reading));
        if index + 1 == series.after.len() {
            readings(&mut picture, &panel, series.rate);
        }
    }
    for (row, (channel, part)) in shown.iter().enumerate() {
        let (Some(before), Some(after)) = (series.before.get(*channel), series.after.get(*channel)) else { continue };
        let within = |readings: &[f32]| readings.iter().copied().take(part.end).skip(part.start).collect::<Vec<_>>();
        let y = axis(within(before.readings).into_iter().chain(within(after.readings)));
        let top = below + NAME + row as i32 * (HEIGHT + NAME + BOTTOM / 2);
        let middle = (LEFT + RIGHT) / 2;
        let left = Panel {
            left: LEFT,
            right: middle - BETWEEN / 2,
            top,
            bottom: top + HEIGHT,
            first: part.start,
            count: part.len(),
            y,
        };
        let right = Panel { left: middle + BETWEEN / 2, right: RIGHT, ..left };
        for (panel, now, what) in [(left, before, "before"), (right, after, "after")] {
            panels(&mut picture, &panel, before, now);
            name(&mut picture, &panel, &format!("{}, {what}", after.name));
            panel.count_readings(&mut picture);
        }
    }
    picture
}

/// Readings as they are `now`, with those that were missing before in another colour.
fn panels(picture: &mut Picture, panel: &Panel, before: &Channel<'_>, now: &Channel<'_>) {
    let gaps = missing(before.readings);
    gaps.iter().for_each(|gap| panel.shade(picture, gap, MISSING));
    panel.frame(picture);
    panel.curve(picture, before.readings, CURVE, 1);
    // With the reading on either side, so that nothing is left open.
    let mut made = vec![f32::NAN; now.readings.len()];
    for gap in gaps.iter().filter(|gap| now.readings[(*gap).clone()].iter().all(|reading| reading.is_finite())) {
        let around = gap.start.saturating_sub(1)..(gap.end + 1).min(made.len());
        made[around.clone()].copy_from_slice(&now.readings[around]);
    }
    panel.curve(picture, &made, MADE, 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_told_from_what_was_read() {
        let after: Vec<f32> = (0..400).map(|reading| libm::sinf(reading as f32 / 9.0)).collect();
        let mut before = after.clone();
        before[100..120].fill(f32::NAN);
        fn names(readings: &[f32]) -> [Channel<'_>; 1] {
            [Channel { name: "x", readings }]
        }
        let draw = |now: &[f32], gaps: &[(usize, Range<usize>)]| {
            let (before, after) = (names(&before), names(now));
            restored(&Restored { title: "t", before: &before, after: &after, gaps, parts: &[], rate: None })
        };
        let made = |picture: &Picture| {
            let all = (40..picture.height()).flat_map(|y| (0..picture.width()).map(move |x| (x, y)));
            all.filter(|(x, y)| picture.pixel(*x, *y) == [220, 100, 0]).count()
        };
        let whole = draw(&after, &[]);
        assert!(made(&whole) > 30);
        assert_eq!(made(&draw(&before, &[])), 0, "nothing was restored");
        let enlarged = draw(&after, &[(0, 80..140), (7, 0..3)]);
        assert!(made(&enlarged) > 2 * made(&whole) && enlarged.height() > whole.height());
        assert_eq!(enlarged, draw(&after, &[(0, 80..140), (7, 0..3)]));
    }
}
