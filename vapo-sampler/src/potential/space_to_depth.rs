//! (H, W, C) → (H/2, W/2, 4C): a permutation, so the reverse pass is its inverse.

use super::frame::Frame;
use crate::arena::{move_to_front, split};
use crate::kernel::Direction;
use vapo_format::Shape;

/// Frame: input | output → output.
pub(super) fn forward(frame: Frame<'_, '_>) -> Option<()> {
    let n = frame.input.elements();
    let [x, y] = split(frame.memory, [n; 2])?;
    permute(Direction::Forward, frame.input, x, y);
    move_to_front(frame.memory, n, n)
}

/// Frame: cotangent of the output | cotangent of the input → cotangent of the input.
pub(super) fn reverse(frame: Frame<'_, '_>) -> Option<()> {
    let n = frame.input.elements();
    let [g, cotangent] = split(frame.memory, [n; 2])?;
    permute(Direction::Reverse, frame.input, g, cotangent);
    move_to_front(frame.memory, n, n)
}

/// Copies `x` to `y`. Two neighbours of a fine row, 2C elements, stay together: they are one half of a coarse pixel.
fn permute(direction: Direction, fine: Shape, x: &[f32], y: &mut [f32]) {
    let (pair, width) = (2 * usize::from(fine.channels), usize::from(fine.width) / 2);
    for row in 0..usize::from(fine.height) {
        for column in 0..width {
            let at_fine = (row * width + column) * pair;
            let at_coarse = ((row / 2 * width + column) * 2 + row % 2) * pair;
            let (from, to) = match direction {
                Direction::Forward => (at_fine, at_coarse),
                Direction::Reverse => (at_coarse, at_fine),
            };
            let from = x.get(from..).unwrap_or_default();
            let to = y.get_mut(to..).unwrap_or_default();
            to.iter_mut().zip(from).take(pair).for_each(|(to, from)| *to = *from);
        }
    }
}
