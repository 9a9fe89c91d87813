//! The channels of two activations, pixel by pixel; in reverse, each gets its own back.

use super::{At, Compute, Room, Values};
use crate::arithmetic::Arithmetic;
use vapo_format::layer::Concat;

impl<A: Arithmetic> Compute<A> for Concat {
    fn forward(&self, at: &At<'_>, x: Values<'_, A::Value>, y: &mut [A::Value], _: Room<'_>) {
        for ((position, x), of_x) in x.into_iter().take(2).enumerate().zip(at.of_inputs) {
            let part = Part::new(at, position);
            for (pixel, x) in y.chunks_exact_mut(part.channels).zip(x.chunks_exact(part.count)) {
                A::set(pixel.get_mut(part.start..).unwrap_or_default(), x, of_x.value, at.exponents.value);
            }
        }
    }

    fn reverse(
        &self,
        at: &At<'_>,
        _: Values<'_, A::Value>,
        g: &mut [A::Value],
        to: &mut [A::Value],
        position: usize,
        _: Room<'_>,
    ) {
        let part = Part::new(at, position);
        let of_x = at.of_inputs.get(position).copied().unwrap_or_default();
        for (to, pixel) in to.chunks_exact_mut(part.count).zip(g.chunks_exact(part.channels)) {
            let from = pixel.get(part.start..).unwrap_or_default();
            A::set(to, from, at.exponents.cotangent, of_x.cotangent);
        }
    }
}

/// The channels of an input among the output's.
struct Part {
    start: usize,
    count: usize,
    channels: usize,
}

impl Part {
    fn new(at: &At<'_>, position: usize) -> Self {
        let (first, channels): (usize, usize) = (at.input.channels.into(), at.output.channels.into());
        let (start, count) = if position == 0 { (0, first) } else { (first, channels.saturating_sub(first)) };
        // Counts are at least 1; the compiler cannot know.
        Part { start, count: count.max(1), channels: channels.max(1) }
    }
}
