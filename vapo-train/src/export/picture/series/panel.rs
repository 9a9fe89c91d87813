//! One curve's place, its scales and its numbers.

use crate::export::picture::Picture;
use crate::export::picture::axis::Axis;
use crate::export::picture::canvas::{INK, RULE, draw, line, text};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_7X13;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use embedded_graphics::text::Alignment;
use std::ops::Range;

/// What readings are drawn in.
pub(super) const CURVE: Rgb888 = Rgb888::new(16, 78, 160);
/// What stands out from them.
pub(super) const ALARM: Rgb888 = Rgb888::new(196, 32, 40);
/// What was not read, but made.
pub(super) const MADE: Rgb888 = Rgb888::new(220, 100, 0);
/// Behind readings that are labelled as anomalies.
pub(super) const LABELLED: Rgb888 = Rgb888::new(255, 214, 200);
/// Behind readings that are missing.
pub(super) const MISSING: Rgb888 = Rgb888::new(222, 224, 230);

/// Pixels of what is shaded, at least: a lone reading stays visible.
const LEAST_SHADE: i32 = 3;
/// Pixels between two numbers on the left, at least.
const TICK: i32 = 26;
/// Pixels of a mark at the bottom.
const MARK: i32 = 6;
/// Pixels from the edge of a low panel that no number stands in, for it would touch that of the panel beside.
const EDGE: i32 = 5;
/// Pixels of such a panel.
const LOW: i32 = 60;
/// Dash and gap of a dashed line, in pixels.
const DASH: (usize, i32) = (10, 6);

pub(super) fn style(colour: Rgb888) -> MonoTextStyle<'static, Rgb888> {
    MonoTextStyle::new(&FONT_7X13, colour)
}

/// A rectangle in which curves are drawn: readings to the right, values upwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
    /// The reading at the left edge.
    pub(super) first: usize,
    /// Readings from there to the right edge, both counted.
    pub(super) count: usize,
    pub(super) y: Axis,
}

impl Panel {
    /// The column of a reading, or of what lies between two.
    fn across(&self, reading: f64) -> i32 {
        let steps = self.count.saturating_sub(1).max(1) as f64;
        self.left + ((reading - self.first as f64) / steps * f64::from(self.right - self.left)).round() as i32
    }

    /// The row of a value. One beyond the axis is at its end.
    fn up(&self, value: f64) -> i32 {
        self.bottom - (self.y.position(value).clamp(0.0, 1.0) * f64::from(self.bottom - self.top)).round() as i32
    }

    fn end(&self) -> usize {
        self.first + self.count
    }

    /// Colours the ground behind readings.
    pub(super) fn shade(&self, picture: &mut Picture, readings: &Range<usize>, colour: Rgb888) {
        let (start, end) = (readings.start.max(self.first), readings.end.min(self.end()));
        if start >= end {
            return;
        }
        // Half a reading more on either side.
        let (left, right) = (self.across(start as f64 - 0.5), self.across(end as f64 - 0.5));
        let wider = (LEAST_SHADE - (right - left)).max(0);
        let (left, right) = ((left - wider / 2).max(self.left), (right + wider - wider / 2).min(self.right));
        let area = Rectangle::with_corners(Point::new(left, self.top), Point::new(right, self.bottom));
        draw(area.into_styled(PrimitiveStyle::with_fill(colour)).draw(picture));
    }

    /// The frame, with numbers on the left and rules across.
    pub(super) fn frame(&self, picture: &mut Picture) {
        for (value, number) in self.y.ticks_at_most(((self.bottom - self.top) / TICK).max(2) as usize) {
            let place = Point::new(self.left, self.up(value));
            line(picture, place, Point::new(self.right, place.y), RULE, 1);
            let edge = if self.bottom - self.top < LOW { EDGE } else { 0 };
            if (self.top + edge..=self.bottom - edge).contains(&place.y) {
                text(picture, &number, place - Point::new(7, 0), Alignment::Right, style(INK));
            }
        }
        self.outline(picture);
    }

    /// The frame alone.
    pub(super) fn outline(&self, picture: &mut Picture) {
        let frame = Rectangle::with_corners(Point::new(self.left, self.top), Point::new(self.right, self.bottom));
        draw(frame.into_styled(PrimitiveStyle::with_stroke(INK, 1)).draw(picture));
    }

    /// Numbers of readings below the panel, and rules across it.
    pub(super) fn count_readings(&self, picture: &mut Picture) {
        let last = (self.end().saturating_sub(1)) as f64;
        for (reading, number) in Axis::linear(self.first as f64, last).ticks() {
            let x = self.across(reading);
            if reading.fract() == 0.0 && (self.left..=self.right).contains(&x) {
                line(picture, Point::new(x, self.bottom), Point::new(x, self.bottom + 4), INK, 1);
                text(picture, &number, Point::new(x, self.bottom + 13), Alignment::Center, style(INK));
            }
        }
    }

    /// A line from top to bottom between a reading and the one before it.
    pub(super) fn part(&self, picture: &mut Picture, reading: usize) {
        if (self.first + 1..self.end()).contains(&reading) {
            let x = self.across(reading as f64 - 0.5);
            line(picture, Point::new(x, self.top), Point::new(x, self.bottom), INK, 1);
        }
    }

    /// A short mark at the bottom, at a reading.
    pub(super) fn mark(&self, picture: &mut Picture, reading: usize, colour: Rgb888) {
        if (self.first..self.end()).contains(&reading) {
            let foot = Point::new(self.across(reading as f64), self.bottom - 1);
            line(picture, foot, foot - Point::new(0, MARK), colour, 1);
        }
    }

    /// A dashed line at a value.
    pub(super) fn level(&self, picture: &mut Picture, value: f64, colour: Rgb888) {
        let y = self.up(value);
        for left in (self.left..self.right).step_by(DASH.0) {
            line(picture, Point::new(left, y), Point::new((left + DASH.1).min(self.right), y), colour, 1);
        }
    }

    /// The curve through readings of the whole series, broken where one is missing: not a number.
    pub(super) fn curve(&self, picture: &mut Picture, readings: &[f32], colour: Rgb888, width: u32) {
        // Where the pen is, and the column that it drew last: its number, least and greatest row.
        let (mut pen, mut drawn): (Option<Point>, Option<(i32, i32, i32)>) = (None, None);
        for (reading, &value) in readings.iter().enumerate().take(self.end()).skip(self.first) {
            let value = f64::from(value);
            if !value.is_finite() {
                pen = None;
                continue;
            }
            let place = Point::new(self.across(reading as f64), self.up(value));
            let from = pen.unwrap_or(place);
            // A column is drawn once from end to end, however many readings lie there.
            let covered =
                drawn.is_some_and(|(x, top, bottom)| x == place.x && from.x == x && (top..=bottom).contains(&place.y));
            if !covered {
                line(picture, from, place, colour, width);
                let (top, bottom) = (from.y.min(place.y), from.y.max(place.y));
                drawn = Some(match drawn {
                    Some((x, least, most)) if x == place.x && from.x == x => (x, least.min(top), most.max(bottom)),
                    _ => (place.x, place.y, place.y),
                });
            }
            pen = Some(place);
        }
    }
}

/// A linear axis over all of these values that are finite, with a margin at both ends.
pub(super) fn axis(values: impl Iterator<Item = f32>) -> Axis {
    let finite = values.filter(|value| value.is_finite()).map(f64::from);
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return Axis::linear(0.0, 1.0);
    }
    let margin = 0.05 * (high - low);
    Axis::linear(low - margin, high + margin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(count: usize, first: usize) -> (Picture, Panel) {
        let y = Axis::linear(0.0, 10.0);
        (Picture::filled(220, 120, 3, 255), Panel { left: 10, right: 210, top: 10, bottom: 110, first, count, y })
    }

    /// Rows of a column that have a colour.
    fn rows(picture: &Picture, x: i32, colour: Rgb888) -> Vec<i32> {
        let wanted = [colour.r(), colour.g(), colour.b()];
        (0..120).filter(|y| picture.pixel(x as u32, *y as u32) == wanted).collect()
    }

    #[test]
    fn one_reading_in_thousands_stays_visible() {
        let mut readings = vec![1.0; 20_000];
        readings[7_050] = 9.0;
        let (mut picture, panel) = panel(readings.len(), 0);
        panel.curve(&mut picture, &readings, CURVE, 1);
        let x = panel.across(7_050.0);
        assert_eq!(rows(&picture, x, CURVE), (20..=100).collect::<Vec<_>>());
        assert_eq!(rows(&picture, x + 2, CURVE), [100]);
    }

    /// What is drawn of many readings is what would be drawn if each were joined to the next.
    #[test]
    fn an_envelope_is_the_curve() {
        let readings: Vec<f32> = (0..5_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 29) as f32).collect();
        let (mut picture, panel) = panel(readings.len(), 0);
        let mut expected = picture.clone();
        panel.curve(&mut picture, &readings, CURVE, 1);
        let place = |index: usize| Point::new(panel.across(index as f64), panel.up(readings[index].into()));
        (1..readings.len()).for_each(|index| line(&mut expected, place(index - 1), place(index), CURVE, 1));
        assert_eq!(picture, expected);
    }

    #[test]
    fn a_missing_reading_breaks_the_curve() {
        let mut readings = vec![5.0; 201];
        readings[100] = f32::NAN;
        let (mut picture, panel) = panel(readings.len(), 0);
        panel.curve(&mut picture, &readings, CURVE, 1);
        let drawn = |x: i32| !rows(&picture, x, CURVE).is_empty();
        assert_eq!([109, 110, 111].map(drawn), [true, false, true]);
    }

    #[test]
    fn what_is_labelled_is_shaded_if_it_is_one_reading() {
        let (mut picture, panel) = panel(10_000, 0);
        panel.shade(&mut picture, &(5_000..5_001), LABELLED);
        panel.shade(&mut picture, &(20_000..20_001), LABELLED);
        let shaded = (0..220).filter(|x| !rows(&picture, *x, LABELLED).is_empty()).count();
        assert_eq!(shaded as i32, LEAST_SHADE + 1);
    }

    #[test]
    fn a_part_of_a_series_is_drawn_from_edge_to_edge() {
        let readings: Vec<f32> = (0..100).map(|reading| if reading < 50 { 2.0 } else { 8.0 }).collect();
        let (mut picture, panel) = panel(40, 50);
        panel.curve(&mut picture, &readings, CURVE, 1);
        assert_eq!((rows(&picture, 10, CURVE), rows(&picture, 210, CURVE)), (vec![30], vec![30]));
        assert!(rows(&picture, 9, CURVE).is_empty() && rows(&picture, 211, CURVE).is_empty());
    }

    #[test]
    fn axes_pass_over_what_is_missing() {
        assert_eq!(axis([f32::NAN, 0.0, 10.0, f32::INFINITY].into_iter()), Axis::linear(-0.5, 10.5));
        assert_eq!(axis([f32::NAN].into_iter()), Axis::linear(0.0, 1.0));
    }
}
