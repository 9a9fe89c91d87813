//! Images side by side, as text: half a character a pixel where there are colours, two characters a pixel where there are none.

use super::Colours;
use crate::arithmetic::levels::level;
use std::fmt::Write;
use vapo_format::Shape;

/// Characters from dark to bright: those of the boards.
const RAMP: [&str; 10] = ["  ", "..", "::", "--", "==", "++", "**", "##", "%%", "@@"];
/// Pixels between two images.
const GAP: usize = 1;
/// Colours are as they were.
const RESET: &str = "\x1b[0m";

/// Red, green and blue.
type Colour = [u8; 3];

/// Images of one extent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mosaic<'a> {
    /// (N, H, W, C), about [-1, 1]. What is incomplete at the end is left out.
    pub(crate) images: &'a [f32],
    /// Of each.
    pub(crate) shape: Shape,
    /// Images in a row.
    pub(crate) columns: usize,
}

/// Columns and lines of text that one image takes.
pub(crate) fn extent(shape: Shape, colours: Colours) -> (usize, usize) {
    let [height, width] = [shape.height, shape.width].map(usize::from);
    match colours {
        Colours::None => (2 * width, height),
        Colours::Full | Colours::Few => (width, height.div_ceil(2)),
    }
}

/// How many images of an extent stand in a row, and how many rows there are, in so many columns and lines of text: of `count` at most,
/// which whole rows make up. Both are at least 1.
pub(crate) fn fitting(
    shape: Shape,
    colours: Colours,
    count: usize,
    (columns, lines): (usize, usize),
) -> (usize, usize) {
    let [height, width] = [shape.height, shape.width].map(usize::from);
    let (wide, high) = match colours {
        Colours::None => (columns / 2, lines),
        Colours::Full | Colours::Few => (columns, 2 * lines),
    };
    let room = (wide + GAP) / (width + GAP);
    let across = (1..=room.min(count)).rev().find(|across| count.is_multiple_of(*across)).unwrap_or(1);
    let down = ((high + GAP) / (height + GAP)).clamp(1, (count / across).max(1));
    (across, down)
}

impl Mosaic<'_> {
    /// The lines of text. Each ends in the colours that it began in.
    pub(crate) fn lines(&self, colours: Colours) -> Vec<String> {
        let height = self.side(self.rows(), self.shape.height);
        match colours {
            Colours::None => (0..height).map(|y| self.characters(y)).collect(),
            Colours::Full | Colours::Few => {
                (0..height.div_ceil(2)).map(|line| self.half_blocks(2 * line, colours)).collect()
            }
        }
    }

    /// A line of pixels, two characters each.
    fn characters(&self, y: usize) -> String {
        let pixel = |x| self.pixel(x, y).map_or(RAMP[0], brightness);
        let line: String = (0..self.width()).map(pixel).collect();
        line.trim_end().to_owned()
    }

    /// Two lines of pixels, from `y` on. The upper half of a character has its own colour, the lower half that of its ground.
    fn half_blocks(&self, y: usize, colours: Colours) -> String {
        let (mut text, mut shown) = (String::new(), None);
        for x in 0..self.width() {
            let halves = [y, y + 1].map(|y| self.pixel(x, y).map(colour));
            if shown.is_none_or(|shown| shown != halves) {
                text += &codes(halves, colours);
            }
            shown = Some(halves);
            text += match halves {
                [None, None] => " ",
                [None, Some(_)] => "▄",
                [Some(_), _] => "▀",
            };
        }
        text + RESET
    }

    fn width(&self) -> usize {
        self.side(self.columns.min(self.count()), self.shape.width)
    }

    fn count(&self) -> usize {
        self.images.len().checked_div(self.shape.elements()).unwrap_or(0)
    }

    fn rows(&self) -> usize {
        self.count().div_ceil(self.columns.max(1))
    }

    /// Pixels that so many images take side by side.
    fn side(&self, images: usize, extent: u16) -> usize {
        (images * (usize::from(extent) + GAP)).saturating_sub(GAP)
    }

    /// The values of the channels; none between images.
    fn pixel(&self, x: usize, y: usize) -> Option<&[f32]> {
        let [height, width, channels] = [self.shape.height, self.shape.width, self.shape.channels].map(usize::from);
        let (column, x) = (x / (width + GAP), x % (width + GAP));
        let (row, y) = (y / (height + GAP), y % (height + GAP));
        if x >= width || y >= height || column >= self.columns {
            return None;
        }
        let image = row * self.columns + column;
        let start = image * self.shape.elements() + (y * width + x) * channels;
        (image < self.count()).then(|| self.images.get(start..start + channels))?
    }
}

/// Red, green and blue, or a grey.
fn colour(pixel: &[f32]) -> Colour {
    match *pixel {
        [red, green, blue] => [red, green, blue].map(level),
        _ => [level(mean(pixel)); 3],
    }
}

fn mean(pixel: &[f32]) -> f32 {
    pixel.iter().sum::<f32>() / pixel.len().max(1) as f32
}

/// What the boards print for a pixel.
fn brightness(pixel: &[f32]) -> &'static str {
    let level = (mean(pixel) + 1.0) * 0.5 * (RAMP.len() - 1) as f32 + 0.5;
    // A cast saturates: dark is 0, what is not a number too.
    RAMP[(level as usize).min(RAMP.len() - 1)]
}

/// What sets the colours of a character's halves. A half without a colour has that of the terminal's ground.
fn codes([upper, lower]: [Option<Colour>; 2], colours: Colours) -> String {
    let mut text = RESET.to_owned();
    let grounds = [(38, upper.or(lower)), (48, lower.filter(|_| upper.is_some()))];
    for (ground, colour) in grounds.into_iter().filter_map(|(ground, colour)| Some((ground, colour?))) {
        let [red, green, blue] = colour;
        let _ = match colours {
            Colours::Full => write!(text, "\x1b[{ground};2;{red};{green};{blue}m"),
            Colours::Few | Colours::None => write!(text, "\x1b[{ground};5;{}m", nearest(colour)),
        };
    }
    text
}

/// The number, among the 256 colours, of the one nearest to a colour: 24 greys from 8 to 238 in steps of 10, and a cube of six
/// levels a channel.
fn nearest([red, green, blue]: Colour) -> u8 {
    const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];
    if red == green && green == blue && (4..=246).contains(&red) {
        return 232 + (red.saturating_sub(3) / 10).min(23);
    }
    let place = |level: u8| (0u8..6).min_by_key(|&place| CUBE[usize::from(place)].abs_diff(level)).unwrap_or_default();
    16 + 36 * place(red) + 6 * place(green) + place(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREY: Shape = Shape { channels: 1, height: 3, width: 2 };

    /// Two images of three rows: in the first black and white, grey and black, white and white; the second is black.
    const IMAGES: [f32; 12] = [-1.0, 1.0, 0.0, -1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0];

    fn mosaic(columns: usize) -> Mosaic<'static> {
        Mosaic { images: &IMAGES, shape: GREY, columns }
    }

    #[test]
    fn half_blocks_have_the_colours_of_two_pixels() {
        let lines = mosaic(2).lines(Colours::Full);
        let [black, grey, white] = [0, 128, 255].map(|level| format!("2;{level};{level};{level}m"));
        let (fore, back) = (|colour: &str| format!("\x1b[38;{colour}"), |colour: &str| format!("\x1b[48;{colour}"));
        let first = [
            format!("\x1b[0m{}{}▀", fore(&black), back(&grey)),
            format!("\x1b[0m{}{}▀", fore(&white), back(&black)),
            "\x1b[0m ".to_owned(),
            format!("\x1b[0m{}{}▀▀\x1b[0m", fore(&black), back(&black)),
        ];
        // The last row has nothing beneath it.
        let second =
            [format!("\x1b[0m{}▀▀", fore(&white)), "\x1b[0m ".to_owned(), format!("\x1b[0m{}▀▀\x1b[0m", fore(&black))];
        assert_eq!(lines, [first.concat(), second.concat()]);
    }

    #[test]
    fn rows_of_images_may_meet_within_a_character() {
        // Three pixels, a gap of one, three pixels: the gap is the lower half of the second line.
        let lines = mosaic(1).lines(Colours::Few);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[1], "\x1b[0m\x1b[38;5;231m▀▀\x1b[0m");
        assert_eq!(lines[3], "\x1b[0m\x1b[38;5;16m▀▀\x1b[0m");
        // Five rows to a gap of one: it is the upper half.
        let shape = Shape { height: 2, ..GREY };
        let lines = Mosaic { images: &[1.0; 8], shape, columns: 1 }.lines(Colours::Few);
        assert_eq!(lines[1], "\x1b[0m\x1b[38;5;231m▄▄\x1b[0m");
    }

    #[test]
    fn without_colours_a_pixel_is_two_characters_as_on_a_board() {
        assert_eq!(mosaic(2).lines(Colours::None), ["  @@", "++", "@@@@"]);
        assert_eq!(mosaic(1).lines(Colours::None), ["  @@", "++", "@@@@", "", "", "", ""]);
        let ramp: Vec<f32> = (0..10).map(|step| step as f32 / 4.5 - 1.0).collect();
        let shape = Shape { channels: 1, height: 1, width: 10 };
        let line = Mosaic { images: &ramp, shape, columns: 1 }.lines(Colours::None);
        assert_eq!(line, ["  ..::--==++**##%%@@"]);
    }

    #[test]
    fn colour_images_have_their_colours() {
        let shape = Shape { channels: 3, height: 1, width: 1 };
        let mosaic = Mosaic { images: &[1.0, -1.0, 0.0], shape, columns: 1 };
        assert_eq!(mosaic.lines(Colours::Full), ["\x1b[0m\x1b[38;2;255;0;128m▀\x1b[0m"]);
        assert_eq!(mosaic.lines(Colours::Few), ["\x1b[0m\x1b[38;5;198m▀\x1b[0m"]);
        assert_eq!(mosaic.lines(Colours::None), ["++"]);
    }

    #[test]
    fn each_of_the_greys_is_its_own_nearest() {
        for place in 0..24u8 {
            assert_eq!(nearest([8 + 10 * place; 3]), 232 + place);
        }
        assert_eq!([nearest([0; 3]), nearest([255; 3])], [16, 231]);
        for level in 0..=255u8 {
            let number = nearest([level; 3]);
            let shown = match number {
                16 => 0,
                231 => 255,
                grey => 8 + 10 * (grey - 232),
            };
            assert!(shown.abs_diff(level) <= 9, "{level}: {number}");
        }
    }

    #[test]
    fn as_many_images_are_shown_as_there_is_room_for() {
        let digit = Shape { channels: 1, height: 8, width: 8 };
        assert_eq!(fitting(digit, Colours::Full, 20, (89, 9)), (10, 2));
        assert_eq!(fitting(digit, Colours::Full, 20, (88, 8)), (5, 1));
        assert_eq!(fitting(digit, Colours::None, 20, (80, 17)), (4, 2));
        assert_eq!(fitting(digit, Colours::None, 20, (3, 3)), (1, 1));
        assert_eq!(fitting(digit, Colours::Few, 3, (200, 100)), (3, 1));
        let (across, down) = fitting(digit, Colours::Full, 20, (80, 14));
        let images = vec![0.0; across * down * 64];
        let lines = Mosaic { images: &images, shape: digit, columns: across }.lines(Colours::Full);
        assert!(lines.len() <= 14 && lines.iter().all(|line| line.matches(['▀', '▄', ' ']).count() <= 80));
    }

    #[test]
    fn what_is_no_image_has_no_line() {
        assert_eq!(Mosaic { images: &[], shape: GREY, columns: 3 }.lines(Colours::Full), [""; 0]);
        assert_eq!(Mosaic { images: &[0.0; 5], shape: GREY, columns: 0 }.lines(Colours::None), [""; 0]);
        let lines = Mosaic { images: &[f32::NAN; 6], shape: GREY, columns: 0 }.lines(Colours::Full);
        assert_eq!(lines.len(), 2);
    }
}
