//! Ways from noise to data in a plane.

use crate::export::picture::canvas::{INK, PAPER, draw, line, text};
use crate::export::picture::{Picture, PictureError};
use embedded_graphics::mono_font::{MonoTextStyle, ascii::FONT_8X13, ascii::FONT_9X15_BOLD};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{Circle, PrimitiveStyle};
use embedded_graphics::text::Alignment;

const SIDE: i32 = 720;
/// Room around the ways, and above them for the title.
const MARGIN: i32 = 24;
const TOP: i32 = 56;

const WAY: Rgb888 = Rgb888::new(168, 198, 232);
const NOISE: Rgb888 = Rgb888::new(150, 150, 156);
const DATA: Rgb888 = Rgb888::new(16, 78, 160);

/// Every way as a line through its points, from a grey dot, the noise, to a blue one. One scale for both axes.
///
/// # Errors
/// [`PictureError::Curve`] where there are no points, or one is not finite.
pub fn paths(title: &str, ways: &[Vec<[f32; 2]>]) -> Result<Picture, PictureError> {
    let all = || ways.iter().flatten();
    let points = all().count();
    if points == 0 || all().flatten().any(|value| !value.is_finite()) {
        return Err(PictureError::Curve { points });
    }
    let bounds = [0, 1].map(|axis| {
        let values = || all().map(|point| f64::from(point[axis]));
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    });
    let extent = bounds.iter().map(|(least, most)| most - least).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let scale = f64::from(SIDE - 2 * MARGIN) / extent;
    let middle = bounds.map(|(least, most)| least + (most - least) / 2.0);
    let centre = [SIDE / 2, TOP + SIDE / 2 - MARGIN];
    let place = |point: &[f32; 2]| {
        let [across, up] = [0, 1].map(|axis| ((f64::from(point[axis]) - middle[axis]) * scale).round() as i32);
        Point::new(centre[0] + across, centre[1] - up)
    };
    let mut picture = Picture::filled(SIDE as u32, (SIDE + TOP - MARGIN) as u32, 3, PAPER.r());
    text(
        &mut picture,
        title,
        Point::new(MARGIN, TOP / 4 + 2),
        Alignment::Left,
        MonoTextStyle::new(&FONT_9X15_BOLD, INK),
    );
    let legend = "grey: noise, blue: sample; plane of the samples' first two principal components";
    text(&mut picture, legend, Point::new(MARGIN, TOP / 2 + 8), Alignment::Left, MonoTextStyle::new(&FONT_8X13, INK));
    for way in ways {
        for pair in way.windows(2) {
            line(&mut picture, place(&pair[0]), place(&pair[1]), WAY, 1);
        }
    }
    for (colour, end) in [(NOISE, <[_]>::first as fn(&[[f32; 2]]) -> Option<&[f32; 2]>), (DATA, <[_]>::last)] {
        for point in ways.iter().filter_map(|way| end(way)) {
            let dot = Circle::with_center(place(point), 5).into_styled(PrimitiveStyle::with_fill(colour));
            draw(dot.draw(&mut picture));
        }
    }
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_drawn_from_their_noise_to_their_sample() {
        let picture =
            paths("two ways", &[vec![[0.0, 0.0], [1.0, 1.0]], vec![[0.0, 1.0], [0.5, 1.0], [1.0, 0.0]]]).unwrap();
        let (left, right, top, bottom) = (MARGIN, SIDE - MARGIN, TOP, TOP + SIDE - 2 * MARGIN);
        let pixel = |x: i32, y: i32| picture.pixel(x as u32, y as u32).to_vec();
        let colour = |colour: Rgb888| vec![colour.r(), colour.g(), colour.b()];
        for (x, y, expected) in [(left, bottom, NOISE), (left, top, NOISE), (right, top, DATA), (right, bottom, DATA)] {
            assert_eq!(pixel(x, y), colour(expected), "at {x}, {y}");
        }
        assert_eq!(pixel(SIDE / 2, top), colour(WAY));
        assert_eq!(pixel(left, (top + bottom) / 2), colour(PAPER));
    }

    #[test]
    fn odd_ways_are_drawn_or_refused() {
        assert!(paths("a point", &[vec![[1.0, 1.0]]]).is_ok());
        assert!(paths("far", &[vec![[f32::MIN, 0.0], [f32::MAX, 1.0]]]).is_ok());
        assert_eq!(paths("", &[]), Err(PictureError::Curve { points: 0 }));
        assert_eq!(paths("", &[vec![[f32::NAN, 0.0]]]), Err(PictureError::Curve { points: 1 }));
    }
}
