//! Panels below each other, over the same readings.

use super::Channel;
use super::panel::{Panel, axis, style};
use crate::export::picture::Picture;
use crate::export::picture::canvas::{INK, PAPER, line, text};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_9X15_BOLD;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::text::Alignment;

pub(super) const WIDTH: i32 = 1280;
pub(super) const LEFT: i32 = 84;
pub(super) const RIGHT: i32 = WIDTH - 24;
/// Room for the title.
const TOP: i32 = 34;
/// Room for the name above a panel.
pub(super) const NAME: i32 = 20;
/// Room for the numbers of readings below the last panel.
pub(super) const BOTTOM: i32 = 42;
/// Pixels of all channels' panels together, where there are few.
const CHANNELS: i32 = 420;
/// Least and most pixels of one.
const PANEL: (i32, i32) = (40, 150);

/// The rows of a picture of some channels, and of more panels beneath.
pub(super) struct Stack {
    /// Readings.
    pub(super) count: usize,
    /// Where panels of channels lie, top and bottom.
    places: Vec<(i32, i32)>,
}

impl Stack {
    pub(super) fn new(channels: &[Channel<'_>]) -> Self {
        let height = (CHANNELS / (channels.len().max(1) as i32)).clamp(PANEL.0, PANEL.1);
        let place = |index: i32| {
            let top = TOP + NAME + index * (height + NAME);
            (top, top + height)
        };
        let count = channels.iter().map(|channel| channel.readings.len()).max().unwrap_or(0);
        Stack { count, places: (0..channels.len() as i32).map(place).collect() }
    }

    /// The row below all channels.
    pub(super) fn end(&self) -> i32 {
        self.places.last().map_or(TOP, |(_, bottom)| *bottom)
    }

    /// The panel of a channel, with a scale for its readings.
    pub(super) fn panel(&self, index: usize, channel: &Channel<'_>) -> Panel {
        let (top, bottom) = self.places[index];
        self.across(top, bottom, axis(channel.readings.iter().copied()))
    }

    /// A panel over all readings.
    pub(super) fn across(&self, top: i32, bottom: i32, y: crate::export::picture::axis::Axis) -> Panel {
        Panel { left: LEFT, right: RIGHT, top, bottom, first: 0, count: self.count, y }
    }
}

/// A picture with a title, and with names of colours on its right.
pub(super) fn titled(height: i32, title: &str, legend: &[(Rgb888, &str)]) -> Picture {
    let mut picture = Picture::filled(WIDTH as u32, height as u32, 3, PAPER.r());
    let bold = MonoTextStyle::new(&FONT_9X15_BOLD, INK);
    text(&mut picture, title, Point::new(LEFT, TOP / 2), Alignment::Left, bold);
    let mut right = RIGHT;
    for (colour, name) in legend.iter().rev() {
        let left = right - 7 * name.chars().count() as i32;
        text(&mut picture, name, Point::new(left, TOP / 2), Alignment::Left, style(INK));
        line(&mut picture, Point::new(left - 26, TOP / 2), Point::new(left - 8, TOP / 2), *colour, 9);
        right = left - 44;
    }
    picture
}

/// The name above a panel.
pub(super) fn name(picture: &mut Picture, panel: &Panel, name: &str) {
    text(picture, name, Point::new(panel.left, panel.top - NAME / 2 + 2), Alignment::Left, style(INK));
}

/// Numbers of readings below a panel, and what they are.
pub(super) fn readings(picture: &mut Picture, panel: &Panel, rate: Option<f64>) {
    panel.count_readings(picture);
    let what = rate.map_or_else(|| "reading".to_owned(), |rate| format!("reading, {} a second", rounded(rate)));
    let place = Point::new((panel.left + panel.right) / 2, panel.bottom + 30);
    text(picture, &what, place, Alignment::Center, style(INK));
}

/// A number of four digits, as people write it.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}
