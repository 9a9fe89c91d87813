//! How often images of each class were taken for each other.

use crate::export::picture::Picture;
use crate::export::picture::canvas::{INK, PAPER, draw, text};
use embedded_graphics::mono_font::{MonoTextStyle, ascii::FONT_8X13, ascii::FONT_9X15_BOLD};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use embedded_graphics::text::Alignment;

/// Pixels of a cell: room for five digits.
const CELL: i32 = 52;
/// Corner of the first cell.
const LEFT: i32 = 96;
const TOP: i32 = 88;
const MARGIN: i32 = 24;
/// Most classes of a picture.
pub const MOST: usize = 64;

/// A table of counts, row-major: a row a class of the data, a column a class that it was taken for. Right ones are blue, wrong ones
/// orange, the darker the larger their share of a row.
///
/// # Panics
/// There are not as many counts as cells.
pub fn confusion(counts: &[usize], classes: usize, title: &str) -> Picture {
    assert_eq!(counts.len(), classes * classes, "a count a cell");
    let side = |start: i32| start + CELL * classes as i32 + MARGIN;
    let width = side(LEFT).max(2 * MARGIN + 9 * title.len() as i32);
    let mut picture = Picture::filled(width as u32, side(TOP) as u32, 3, PAPER.r());
    let (bold, small) = (MonoTextStyle::new(&FONT_9X15_BOLD, INK), MonoTextStyle::new(&FONT_8X13, INK));
    text(&mut picture, title, Point::new(MARGIN, MARGIN), Alignment::Left, bold);
    text(&mut picture, "taken for", Point::new(LEFT, TOP - 36), Alignment::Left, small);
    text(&mut picture, "class", Point::new(MARGIN, TOP - 14), Alignment::Left, small);
    for class in 0..classes {
        let (middle, name) = (CELL * class as i32 + CELL / 2, class.to_string());
        text(&mut picture, &name, Point::new(LEFT + middle, TOP - 14), Alignment::Center, small);
        text(&mut picture, &name, Point::new(LEFT - 12, TOP + middle), Alignment::Right, small);
    }
    for (row, counts) in counts.chunks_exact(classes).enumerate() {
        let all = counts.iter().sum::<usize>().max(1);
        for (column, &count) in counts.iter().enumerate() {
            let share = count as f64 / all as f64;
            let corner = Point::new(LEFT + CELL * column as i32, TOP + CELL * row as i32);
            let cell = Rectangle::new(corner, Size::new(CELL as u32 - 1, CELL as u32 - 1));
            draw(cell.into_styled(PrimitiveStyle::with_fill(shade(share, row == column))).draw(&mut picture));
            if count > 0 {
                let ink = if share > 0.5 { PAPER } else { INK };
                let style = MonoTextStyle::new(&FONT_8X13, ink);
                let middle = corner + Point::new(CELL / 2, CELL / 2);
                text(&mut picture, &count.to_string(), middle, Alignment::Center, style);
            }
        }
    }
    picture
}

/// From paper's grey to the full colour. Small shares of wrong ones are to be seen.
fn shade(share: f64, right: bool) -> Rgb888 {
    let full = if right { [16.0, 78.0, 160.0] } else { [196.0, 84.0, 20.0] };
    let way = if right { share } else { share.sqrt() };
    let [red, green, blue] = full.map(|value| (244.0 + (value - 244.0) * way).round() as u8);
    Rgb888::new(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_the_colour_of_their_share() {
        let picture = confusion(&[9, 1, 0, 10], 2, "test");
        let at = |row: i32, column: i32| {
            let pixel = picture.pixel((LEFT + CELL * column + 2) as u32, (TOP + CELL * row + 2) as u32);
            [pixel[0], pixel[1], pixel[2]]
        };
        let of = |colour: Rgb888| [colour.r(), colour.g(), colour.b()];
        assert_eq!([at(0, 0), at(0, 1)], [of(shade(0.9, true)), of(shade(0.1, false))]);
        assert_eq!([at(1, 0), at(1, 1)], [of(shade(0.0, false)), of(shade(1.0, true))]);
        assert_eq!((of(shade(0.0, true)), of(shade(1.0, true))), ([244; 3], [16, 78, 160]));
    }

    #[test]
    fn a_class_without_images_is_no_trouble() {
        confusion(&[0; 9], 3, "a title that is longer than three cells are wide, and is seen as a whole");
    }
}
