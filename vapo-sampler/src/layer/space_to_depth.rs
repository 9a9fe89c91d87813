//! (H, W, C) → (H/2, W/2, 4C): a permutation, so the reverse pass is its inverse.

use super::{At, Compute, Room, Values};
use crate::arithmetic::Arithmetic;
use vapo_format::Shape;
use vapo_format::layer::SpaceToDepth;

impl<A: Arithmetic> Compute<A> for SpaceToDepth {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, A::Value>, y: &mut [A::Value], _: Room<'_>) {
        let [of_x, ..] = at.of_inputs;
        for Pair { fine, coarse, length } in pairs(at.input) {
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
        for Pair { fine, coarse, length } in pairs(at.input) {
            let from = g.get(coarse..).unwrap_or_default();
            let to = to.get_mut(fine..).and_then(|to| to.get_mut(..length)).unwrap_or_default();
            A::set(to, from, at.exponents.cotangent, of_x.cotangent);
        }
    }
}

/// Two neighbours of a fine row, 2C elements, which stay together: they are one half of a coarse pixel.
struct Pair {
    fine: usize,
    coarse: usize,
    length: usize,
}

fn pairs(fine: Shape) -> impl Iterator<Item = Pair> {
    let (length, width) = (2 * usize::from(fine.channels), usize::from(fine.width) / 2);
    (0..usize::from(fine.height)).flat_map(move |row| {
        (0..width).map(move |column| Pair {
            fine: (row * width + column) * length,
            coarse: ((row / 2 * width + column) * 2 + row % 2) * length,
            length,
        })
    })
}
