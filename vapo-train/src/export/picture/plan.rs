//! Where a model's activations and cotangents lie, over the time of one drift.

use crate::export::picture::Picture;
use crate::export::picture::axis::Axis;
use crate::export::picture::canvas::{INK, PAPER, RULE, draw, line, text};
use embedded_graphics::mono_font::{MonoTextStyle, ascii::FONT_6X10, ascii::FONT_8X13, ascii::FONT_9X15_BOLD};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{PrimitiveStyleBuilder, Rectangle};
use embedded_graphics::text::Alignment;
use vapo_sampler::plan::buffer::{Buffer, Life, Role};
use vapo_sampler::plan::lifetimes::Lifetimes;

const HEIGHT: i32 = 640;
/// Corners of the plot within the picture, but for its right side.
const LEFT: i32 = 88;
const TOP: i32 = 72;
const BOTTOM: i32 = HEIGHT - 64;
/// Beyond the plot.
const MARGIN: i32 = 32;
/// Pixels of a time: room for three digits.
const TIME: i32 = 19;

/// A chart of the memory plan: time runs to the right, a node a column, forward and then in reverse; addresses run upwards.
/// A rectangle is a buffer, with the node that it was made for.
pub fn plan<const NODES: usize>(lifetimes: &Lifetimes<NODES>) -> Picture {
    let chart = Chart { end: lifetimes.end().into(), bytes: lifetimes.bytes() };
    let mut picture = Picture::filled((chart.right() + MARGIN) as u32, HEIGHT as u32, 3, PAPER.r());
    chart.draw_frame(&mut picture);
    for buffer in lifetimes.buffers() {
        for life in buffer.lives.iter().filter(|life| life.first <= life.last) {
            chart.draw_buffer(&mut picture, buffer, *life);
        }
    }
    let (bytes, bound) = (lifetimes.bytes(), lifetimes.lower_bound());
    let title = format!("{bytes} bytes of memory, {bound} in use at most");
    let bold = MonoTextStyle::new(&FONT_9X15_BOLD, INK);
    text(&mut picture, &title, Point::new(LEFT, TOP / 3), Alignment::Left, bold);
    draw_legend(&mut picture);
    picture
}

struct Chart {
    end: i32,
    bytes: u32,
}

impl Chart {
    fn right(&self) -> i32 {
        LEFT + TIME * self.end
    }

    fn up(&self, byte: u32) -> i32 {
        BOTTOM - (f64::from(byte) / f64::from(self.bytes.max(1)) * f64::from(BOTTOM - TOP)).round() as i32
    }

    /// Numbers of bytes on the left, of nodes below.
    fn draw_frame(&self, picture: &mut Picture) {
        let style = MonoTextStyle::new(&FONT_8X13, INK);
        for (bytes, number) in Axis::linear(0.0, f64::from(self.bytes)).ticks() {
            let y = self.up(bytes as u32);
            line(picture, Point::new(LEFT, y), Point::new(self.right(), y), RULE, 1);
            text(picture, &number, Point::new(LEFT - 10, y), Alignment::Right, style);
        }
        let small = MonoTextStyle::new(&FONT_6X10, INK);
        let nodes = self.end / 2;
        for time in 0..self.end {
            let node = if time < nodes { time } else { self.end - 1 - time };
            let place = Point::new(LEFT + TIME * time + TIME / 2, BOTTOM + 12);
            text(picture, &node.to_string(), place, Alignment::Center, small);
        }
        for (time, pass) in [(nodes / 2, "nodes, forward"), (nodes + nodes / 2, "nodes, in reverse")] {
            text(picture, pass, Point::new(LEFT + TIME * time, BOTTOM + 36), Alignment::Center, style);
        }
        let middle = LEFT + TIME * nodes;
        line(picture, Point::new(middle, BOTTOM), Point::new(middle, BOTTOM + 44), INK, 1);
        line(picture, Point::new(LEFT, BOTTOM), Point::new(self.right(), BOTTOM), INK, 1);
    }

    fn draw_buffer(&self, picture: &mut Picture, buffer: &Buffer, life: Life) {
        let across = |time: u16| LEFT + TIME * i32::from(time);
        let (low, high) = (self.up(buffer.offset), self.up(buffer.offset + buffer.bytes));
        let corners =
            (Point::new(across(life.first), high), Point::new(across(life.last + 1) - 1, low.max(high + 1) - 1));
        let style =
            PrimitiveStyleBuilder::new().fill_color(colour(buffer.role)).stroke_color(PAPER).stroke_width(1).build();
        draw(Rectangle::with_corners(corners.0, corners.1).into_styled(style).draw(picture));
        if low - high >= 11 {
            let place = Point::new((corners.0.x + corners.1.x) / 2, (low + high) / 2);
            let style = MonoTextStyle::new(&FONT_6X10, PAPER);
            text(picture, &buffer.node.to_string(), place, Alignment::Center, style);
        }
    }
}

fn colour(role: Role) -> Rgb888 {
    match role {
        Role::Value => Rgb888::new(16, 78, 160),
        Role::Cotangent => Rgb888::new(196, 84, 20),
        Role::Scratch => Rgb888::new(110, 110, 118),
        Role::Kept => Rgb888::new(18, 122, 76),
        Role::Forward | Role::Reverse => Rgb888::new(128, 64, 140),
    }
}

fn draw_legend(picture: &mut Picture) {
    let style = MonoTextStyle::new(&FONT_8X13, INK);
    let names = [
        (Role::Value, "value"),
        (Role::Cotangent, "cotangent"),
        (Role::Scratch, "to be added"),
        (Role::Kept, "kept for reverse"),
        (Role::Forward, "rows at work"),
    ];
    let mut left = LEFT;
    for (role, name) in names {
        let y = 2 * TOP / 3;
        line(picture, Point::new(left, y), Point::new(left + 20, y), colour(role), 10);
        text(picture, name, Point::new(left + 28, y), Alignment::Left, style);
        left += 56 + 8 * name.len() as i32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vapo_format::{Arithmetic, Block, Homotopy, Shape, encoder};

    /// Every pixel within a buffer's life and place has its colour, but for the number in its middle; free memory is paper.
    #[test]
    fn buffers_are_where_they_lie() {
        let blocks = [Block::Conv { channels: 8 }, Block::Residual, Block::Head { channels: 8 }];
        let signal = Shape { channels: 1, height: 8, width: 8 };
        let architecture = encoder::architecture(signal, Homotopy::Linear, 8, &blocks).unwrap();
        let lifetimes = Lifetimes::<32>::new(architecture.walk(), Arithmetic::Float).unwrap();
        let picture = plan(&lifetimes);
        let chart = Chart { end: lifetimes.end().into(), bytes: lifetimes.bytes() };
        assert_eq!(picture.width as i32, LEFT + TIME * 2 * i32::from(lifetimes.count()) + MARGIN);
        let (mut seen, mut free) = (0, 0);
        for time in 0..lifetimes.end() {
            // Left of the numbers, right of the border.
            let x = LEFT + TIME * i32::from(time) + 2;
            for byte in (0..lifetimes.bytes()).step_by(64) {
                let y = chart.up(byte + 32);
                let found = picture.pixel(x as u32, y as u32);
                let there = |buffer: &&Buffer| {
                    let (high, low) = (chart.up(buffer.offset + buffer.bytes) + 2, chart.up(buffer.offset) - 2);
                    buffer.lives_at(time) && (high..low).contains(&y)
                };
                let near = lifetimes.buffers().any(|buffer| {
                    buffer.lives_at(time)
                        && chart.up(buffer.offset + buffer.bytes) - 2 <= y
                        && y <= chart.up(buffer.offset) + 2
                });
                if let Some(buffer) = lifetimes.buffers().find(there) {
                    let expected = colour(buffer.role);
                    // The number may be there.
                    let middle = (chart.up(buffer.offset) + chart.up(buffer.offset + buffer.bytes)) / 2;
                    let letters = middle.abs_diff(y) <= 8;
                    assert!(letters || found == [expected.r(), expected.g(), expected.b()], "{buffer:?} at {time}");
                    seen += 1;
                } else if !near {
                    let drawn = [Role::Value, Role::Cotangent, Role::Scratch].map(colour);
                    assert!(drawn.iter().all(|colour| found != [colour.r(), colour.g(), colour.b()]), "{time} {byte}");
                    free += 1;
                }
            }
        }
        assert!(seen > 200 && free > 200, "{seen} {free}");
    }
}
