//! (H, W, C) → (H/2, W/2, 4C), of a series (1, W/2, 2C): a permutation, so the reverse pass is its inverse.

use super::{At, Compute, Room, Values};
use crate::arithmetic::Arithmetic;
use vapo_format::Shape;
use vapo_format::layer::SpaceToDepth;

impl<A: Arithmetic> Compute<A> for SpaceToDepth {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, A::Value>, y: &mut [A::Value], _: Room<'_>) {
        let [of_x, ..] = at.of_inputs;
        for Run { fine, coarse, length } in runs(at.input) {
            let from = x.get(fine..).unwrap_or_default();
            let to = y.get_mut(coarse..).and_then(|y| y.get_mut(..length)).unwrap_or_default();
            A::set(to, from, of_x.value, at.exponents.value);
        }
    }

    fn reverse(
        &self,
        at: &At<'_>,
        _: Values<'_, A::Value>,
        g: &mut [A::Value],
        to: &mut [A::Value],
        _: usize,
        _: Room<'_>,
    ) {
        let [of_x, ..] = at.of_inputs;
        for Run { fine, coarse, length } in runs(at.input) {
            let from = g.get(coarse..).unwrap_or_default();
            let to = to.get_mut(fine..).and_then(|to| to.get_mut(..length)).unwrap_or_default();
            A::set(to, from, at.exponents.cotangent, of_x.cotangent);
        }
    }
}

/// A row of a block: neighbours of a fine row, which stay together as a part of a coarse pixel.
struct Run {
    fine: usize,
    coarse: usize,
    length: usize,
}

fn runs(fine: Shape) -> impl Iterator<Item = Run> {
    // Blocks have a row at least; the compiler cannot know.
    let [rows, columns] = SpaceToDepth::block(fine).map(|extent| usize::from(extent).max(1));
    let (length, width) = (columns * usize::from(fine.channels), usize::from(fine.width) / columns);
    (0..usize::from(fine.height)).flat_map(move |row| {
        (0..width).map(move |column| Run {
            fine: (row * width + column) * length,
            coarse: ((row / rows * width + column) * rows + row % rows) * length,
            length,
        })
    })
}
