//! Lines and letters in a picture. The letters are built in.

use super::Picture;
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{Line, PrimitiveStyle};
use embedded_graphics::text::{Alignment, Baseline, Text, TextStyleBuilder};
use std::convert::Infallible;

pub(super) const PAPER: Rgb888 = Rgb888::WHITE;
pub(super) const INK: Rgb888 = Rgb888::new(40, 40, 48);
pub(super) const RULE: Rgb888 = Rgb888::new(226, 228, 232);

/// A line of some width.
pub(super) fn line(picture: &mut Picture, from: Point, to: Point, colour: Rgb888, width: u32) {
    draw(Line::new(from, to).into_styled(PrimitiveStyle::with_stroke(colour, width)).draw(picture));
}

/// A line of text, its middle at the height of `place`.
pub(super) fn text(
    picture: &mut Picture,
    text: &str,
    place: Point,
    alignment: Alignment,
    style: MonoTextStyle<'_, Rgb888>,
) {
    let placed = TextStyleBuilder::new().alignment(alignment).baseline(Baseline::Middle).build();
    draw(Text::with_text_style(text, place, style, placed).draw(picture));
}

/// Drawing into memory cannot fail.
pub(super) fn draw<T>(drawn: Result<T, Infallible>) {
    let Ok(_) = drawn;
}

impl OriginDimensions for Picture {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Picture {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        let inside = self.bounding_box();
        for Pixel(place, colour) in pixels.into_iter().filter(|pixel| inside.contains(pixel.0)) {
            // A grey picture keeps the red.
            let target = self.pixel_mut(place.x as u32, place.y as u32);
            target.iter_mut().zip([colour.r(), colour.g(), colour.b()]).for_each(|(byte, value)| *byte = value);
        }
        Ok(())
    }
}
