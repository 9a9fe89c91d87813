//! (H, W, C) → (H/2, W/2, 4C): a permutation, so the reverse pass is its inverse.

use super::{At, Compute, Values};
use crate::kernel::Direction;
use vapo_format::Shape;
use vapo_format::layer::SpaceToDepth;

impl Compute for SpaceToDepth {
    fn forward(&self, at: At<'_>, [x, ..]: Values<'_>, y: &mut [f32]) {
        permute(Direction::Forward, at.input, x, y);
    }

    fn reverse(&self, at: At<'_>, _: Values<'_>, g: &mut [f32], to: &mut [f32], _: usize) {
        permute(Direction::Reverse, at.input, g, to);
    }
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
