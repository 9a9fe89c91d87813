//! The loss over the steps.

use crate::export::picture::axis::Axis;
use crate::export::picture::canvas::{INK, PAPER, RULE, draw, line, text};
use crate::export::picture::{Picture, PictureError};
use embedded_graphics::mono_font::{MonoTextStyle, ascii::FONT_8X13, ascii::FONT_9X15_BOLD};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{Circle, PrimitiveStyle, Rectangle};
use embedded_graphics::text::Alignment;

const WIDTH: i32 = 960;
const HEIGHT: i32 = 540;
/// Corners of the plot within the picture.
const LEFT: i32 = 88;
const RIGHT: i32 = WIDTH - 32;
const TOP: i32 = 48;
const BOTTOM: i32 = HEIGHT - 60;
/// The smoothed curve is a mean over this fraction of all points, half before and half after.
const SMOOTHING: usize = 40;

const RAW: Rgb888 = Rgb888::new(168, 198, 232);
const SMOOTHED: Rgb888 = Rgb888::new(16, 78, 160);

/// A chart of the loss at each logged step, with a smoothed curve over it. Points whose loss is not finite are left
/// out; the loss's axis is logarithmic for positive losses more than a decade apart. Its letters are built in.
///
/// # Errors
/// [`PictureError::Curve`] where no loss is finite.
pub fn loss_curve(points: &[(u64, f32)]) -> Result<Picture, PictureError> {
    let finite = points.iter().filter(|(_, loss)| loss.is_finite());
    let (steps, losses): (Vec<u64>, Vec<f64>) = finite.map(|&(step, loss)| (step, f64::from(loss))).unzip();
    let smoothed = smooth(&losses);
    let (Some(&first), Some(&last), Some(&end)) = (steps.first(), steps.last(), smoothed.last()) else {
        return Err(PictureError::Curve { points: points.len() });
    };
    let (x, y) = (Axis::linear(first as f64, last as f64), Axis::suited(losses.iter().copied()));
    let place = |(&step, &loss): (&u64, &f64)| Point::new(across(x, step as f64), up(y, loss));
    let mut picture = Picture::filled(WIDTH as u32, HEIGHT as u32, 3, PAPER.r());
    draw_frame(&mut picture, x, y);
    let title = format!("loss {end:.4} at step {last}");
    text(&mut picture, &title, Point::new(LEFT, TOP / 2), Alignment::Left, MonoTextStyle::new(&FONT_9X15_BOLD, INK));
    for (losses, colour, width) in [(&losses, RAW, 1), (&smoothed, SMOOTHED, 2)] {
        let curve: Vec<Point> = steps.iter().zip(losses).map(place).collect();
        for pair in curve.windows(2) {
            line(&mut picture, pair[0], pair[1], colour, width);
        }
    }
    let end = Circle::with_center(place((&last, &end)), 7).into_styled(PrimitiveStyle::with_fill(SMOOTHED));
    draw(end.draw(&mut picture));
    draw_legend(&mut picture);
    Ok(picture)
}

/// A centred moving mean, its window cut off at both ends.
fn smooth(losses: &[f64]) -> Vec<f64> {
    let half = losses.len() / SMOOTHING / 2;
    let mean = |index: usize| {
        let window = &losses[index.saturating_sub(half)..losses.len().min(index + half + 1)];
        window.iter().sum::<f64>() / window.len() as f64
    };
    (0..losses.len()).map(mean).collect()
}

fn across(axis: Axis, value: f64) -> i32 {
    LEFT + (axis.position(value) * f64::from(RIGHT - LEFT)).round() as i32
}

fn up(axis: Axis, value: f64) -> i32 {
    BOTTOM - (axis.position(value) * f64::from(BOTTOM - TOP)).round() as i32
}

/// Both axes with their ticks, their numbers and rules across the plot.
fn draw_frame(picture: &mut Picture, x: Axis, y: Axis) {
    let style = MonoTextStyle::new(&FONT_8X13, INK);
    for (value, number) in x.ticks() {
        let place = Point::new(across(x, value), BOTTOM);
        line(picture, place, Point::new(place.x, TOP), RULE, 1);
        line(picture, place, place + Point::new(0, 5), INK, 1);
        text(picture, &number, place + Point::new(0, 15), Alignment::Center, style);
    }
    for (value, number) in y.ticks() {
        let place = Point::new(LEFT, up(y, value));
        line(picture, place, Point::new(RIGHT, place.y), RULE, 1);
        line(picture, place, place - Point::new(5, 0), INK, 1);
        text(picture, &number, place - Point::new(10, 0), Alignment::Right, style);
    }
    text(picture, "step", Point::new((LEFT + RIGHT) / 2, BOTTOM + 40), Alignment::Center, style);
    let frame = Rectangle::with_corners(Point::new(LEFT, TOP), Point::new(RIGHT, BOTTOM));
    draw(frame.into_styled(PrimitiveStyle::with_stroke(INK, 1)).draw(picture));
}

fn draw_legend(picture: &mut Picture) {
    let style = MonoTextStyle::new(&FONT_8X13, INK);
    for (left, name, colour, width) in [(RIGHT - 270, "logged step", RAW, 1), (RIGHT - 120, "smoothed", SMOOTHED, 2)] {
        let place = Point::new(left, TOP / 2);
        line(picture, place, place + Point::new(28, 0), colour, width);
        text(picture, name, place + Point::new(36, 0), Alignment::Left, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(colour: Rgb888) -> [u8; 3] {
        [colour.r(), colour.g(), colour.b()]
    }

    /// Rows, from the top, of the pixels of a colour in column `x`.
    fn rows(picture: &Picture, x: i32, wanted: Rgb888) -> Vec<i32> {
        (TOP + 1..BOTTOM).filter(|&y| picture.pixel(x as u32, y as u32) == colour(wanted)).collect()
    }

    #[test]
    fn a_straight_line_is_drawn_from_corner_to_corner() {
        let points: Vec<(u64, f32)> = (0..=100).map(|step| (step, 100.0 - step as f32)).collect();
        let picture = loss_curve(&points).unwrap();
        // The axis ends 4 % beyond the values. The smoothed curve of two pixels covers the raw one.
        for (fraction, loss) in [(0.25, 75.0), (0.5, 50.0), (0.75, 25.0)] {
            let x = LEFT + (fraction * f64::from(RIGHT - LEFT)) as i32;
            let y = BOTTOM - ((loss + 4.0) / 108.0 * f64::from(BOTTOM - TOP)) as i32;
            let drawn = rows(&picture, x, SMOOTHED);
            assert!(!drawn.is_empty() && drawn.iter().all(|row| row.abs_diff(y) <= 3), "{drawn:?} for {y}");
        }
    }

    #[test]
    fn numbers_stand_beside_the_axes() {
        let picture = loss_curve(&[(0, 1.0), (10, 300.0)]).unwrap();
        let inked = |from: (i32, i32), to: (i32, i32)| {
            let pixels = (from.0..to.0).flat_map(|x| (from.1..to.1).map(move |y| (x, y)));
            pixels.filter(|&(x, y)| picture.pixel(x as u32, y as u32) == colour(INK)).count()
        };
        assert!(inked((0, TOP), (LEFT - 8, BOTTOM)) > 100, "left of the plot");
        assert!(inked((0, BOTTOM + 8), (WIDTH, BOTTOM + 24)) > 100, "below the plot");
    }

    #[test]
    fn odd_curves_are_drawn_all_the_same() {
        let finite = loss_curve(&[(0, 5.0), (2, 4.0)]);
        assert_eq!(loss_curve(&[(0, 5.0), (1, f32::NAN), (2, 4.0), (3, f32::INFINITY)]), finite);
        for points in [
            &[(7, 1.0)][..],
            &[(0, 2.0), (1, 2.0)],
            &[(0, f32::MIN), (u64::MAX, f32::MAX)],
            &[(0, f32::MIN_POSITIVE), (1, f32::MAX)],
        ] {
            assert!(loss_curve(points).is_ok(), "{points:?}");
        }
        assert_eq!(loss_curve(&[(1, f32::NAN)]), Err(PictureError::Curve { points: 1 }));
    }

    #[test]
    fn smoothing_keeps_a_line_and_flattens_noise() {
        let line: Vec<f64> = (0..200).map(f64::from).collect();
        assert_eq!(smooth(&line)[2..198], line[2..198]);
        let noise: Vec<f64> = (0..200).map(|index| f64::from(index % 5)).collect();
        assert!(smooth(&noise)[2..198].iter().all(|&value| value == 2.0));
    }
}
