//! Windows side by side.

use super::panel::{CURVE, Panel, axis, style};
use crate::export::picture::canvas::{INK, PAPER, text};
use crate::export::picture::{Picture, PictureError, count};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_9X15_BOLD;
use embedded_graphics::prelude::*;
use embedded_graphics::text::Alignment;
use std::num::NonZeroU32;
use vapo_format::Shape;

const LEFT: i32 = 84;
const TOP: i32 = 34;
const RIGHT: i32 = 24;
/// Room for the names of several channels, beside the first row.
const NAMES: i32 = 160;
const BOTTOM: i32 = 34;
/// Pixels between two samples.
const GAP: i32 = 12;
/// Least and most pixels of a sample's width.
const WIDTH: (i32, i32) = (120, 320);
/// Pixels of all channels of a sample together, and of one at least.
const HEIGHT: i32 = 84;
const LEAST: i32 = 34;
/// Most pixels of a side.
const MOST: i64 = 1 << 15;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'s> {
    /// What a person knows them by.
    pub title: &'s str,
    /// One window after another (N, W, C), in raw units.
    pub values: &'s [f32],
    /// Extent of one.
    pub shape: Shape,
    /// Windows a row; as square as their number allows where that is not said.
    pub columns: Option<NonZeroU32>,
    /// What a person knows the channels by.
    pub names: &'s [String],
}

/// A picture of windows, a panel a channel of each. All panels of a channel have one scale.
///
/// # Errors
/// [`PictureError::Elements`] for no window or part of one, [`PictureError::Large`] for more than a picture holds.
pub fn samples(samples: &Samples<'_>) -> Result<Picture, PictureError> {
    let Samples { title, values, shape, columns, names } = *samples;
    let count = count(values.len(), shape)?;
    let Layout { columns, width, height, extent } = Layout::new(count, shape, columns)?;
    let (channels, readings) = (usize::from(shape.channels), shape.pixels());
    let mut picture = Picture::filled(extent.0, extent.1, 3, PAPER.r());
    let bold = MonoTextStyle::new(&FONT_9X15_BOLD, INK);
    text(&mut picture, title, Point::new(LEFT, TOP / 2), Alignment::Left, bold);
    let of = |channel: usize| values.iter().copied().skip(channel).step_by(channels);
    for channel in 0..channels {
        let y = axis(of(channel));
        let every: Vec<f32> = of(channel).collect();
        for (index, window) in every.chunks_exact(readings).enumerate() {
            let (row, column) = ((index / columns) as i32, (index % columns) as i32);
            let left = LEFT + column * (width + GAP);
            let top = TOP + row * (height * channels as i32 + GAP) + channel as i32 * height;
            let bottom = top + height - 4;
            let panel = Panel { left, right: left + width, top, bottom, first: 0, count: readings, y };
            if column == 0 {
                panel.frame(&mut picture)
            } else {
                panel.outline(&mut picture)
            }
            panel.curve(&mut picture, window, CURVE, 1);
            // Beside the last of the first row.
            if channels > 1 && row == 0 && index + 1 == count.min(columns) {
                let name = names.get(channel).map_or("", String::as_str);
                text(&mut picture, name, Point::new(left + width + 8, (top + bottom) / 2), Alignment::Left, style(INK));
            }
            // The last of each column.
            if channel + 1 == channels && index + columns >= count && column == 0 {
                panel.count_readings(&mut picture);
            }
        }
    }
    Ok(picture)
}

/// Refuses what [`samples`] makes no picture of, before there is one: `count` windows of extent `shape`.
///
/// # Errors
/// As [`samples`].
pub fn refuse_samples(count: usize, shape: Shape, columns: Option<NonZeroU32>) -> Result<(), PictureError> {
    Layout::new(count, shape, columns).map(|_| ())
}

/// How windows lie beside each other.
struct Layout {
    columns: usize,
    /// Pixels of a window.
    width: i32,
    /// Pixels of a channel of a window.
    height: i32,
    /// Width and height of the whole.
    extent: (u32, u32),
}

impl Layout {
    fn new(count: usize, shape: Shape, columns: Option<NonZeroU32>) -> Result<Self, PictureError> {
        if count == 0 || shape.elements() == 0 {
            return Err(PictureError::Elements { elements: shape.elements(), found: 0 });
        }
        let square = || count.isqrt() + usize::from(count.isqrt().pow(2) < count);
        let columns = columns.map_or_else(square, |columns| columns.get() as usize);
        let rows = count.div_ceil(columns);
        let channels = i32::from(shape.channels);
        let width = (2 * i32::from(shape.width)).clamp(WIDTH.0, WIDTH.1);
        let height = (HEIGHT / channels).max(LEAST);
        let names = if channels > 1 { NAMES } else { 0 };
        let across = i64::from(LEFT + RIGHT + names) + columns as i64 * i64::from(width + GAP);
        let down = i64::from(TOP + BOTTOM) + rows as i64 * i64::from(height * channels + GAP);
        if across.max(down) > MOST {
            return Err(PictureError::Large { width: across as u64, height: down as u64 });
        }
        Ok(Layout { columns, width, height, extent: (across as u32, down as u32) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { channels: 2, height: 1, width: 16 };

    #[test]
    fn all_panels_of_a_channel_have_one_scale() {
        // The first window is flat at the least of all values, the second at the greatest.
        let values: Vec<f32> = [0.0, -5.0].repeat(16).into_iter().chain([10.0, 5.0].repeat(16)).collect();
        let names = ["a".to_owned(), "b".to_owned()];
        let picture =
            samples(&Samples { title: "two", values: &values, shape: SHAPE, columns: None, names: &names }).unwrap();
        let Layout { width, height, .. } = Layout::new(2, SHAPE, None).unwrap();
        let rows = |column: i32, channel: i32| {
            let (x, top) = (LEFT + column * (width + GAP) + width / 2, TOP + channel * height);
            let blue = [CURVE.r(), CURVE.g(), CURVE.b()];
            (top..top + height - 3)
                .filter(|y| picture.pixel(x as u32, *y as u32) == blue)
                .map(|y| y - top)
                .collect::<Vec<_>>()
        };
        for channel in [0, 1] {
            let (low, high) = (rows(0, channel), rows(1, channel));
            assert!(
                low.len() == 1 && high.len() == 1 && low[0] > height * 3 / 4 && high[0] < height / 4,
                "{low:?} {high:?}"
            );
        }
    }

    #[test]
    fn any_number_is_drawn_or_refused_beforehand() {
        for count in [1, 2, 3, 7, 64] {
            let values = vec![0.5; count * SHAPE.elements()];
            assert!(
                samples(&Samples { title: "", values: &values, shape: SHAPE, columns: None, names: &[] }).is_ok(),
                "{count}"
            );
        }
        let none = samples(&Samples { title: "", values: &[], shape: SHAPE, columns: None, names: &[] });
        assert!(matches!(none, Err(PictureError::Elements { .. })));
        assert!(matches!(refuse_samples(1_000_000, SHAPE, None), Err(PictureError::Large { .. })));
        assert!(matches!(refuse_samples(0, SHAPE, None), Err(PictureError::Elements { .. })));
    }
}
