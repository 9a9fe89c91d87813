//! Each pixel several times; in reverse, the sum of the cotangents.

use super::{At, Compute, Room, Values};
use crate::arithmetic::Arithmetic;
use bytemuck::Zeroable;
use vapo_format::layer::Up;

impl<A: Arithmetic> Compute<A> for Up {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, A::Value>, y: &mut [A::Value], _: Room<'_>) {
        let pixels = Fine::new(*self, at);
        let [of_x, ..] = at.of_inputs;
        for (fine, pixel) in y.chunks_exact_mut(pixels.channels).enumerate() {
            let x = x.get(pixels.coarse(fine)..).unwrap_or_default();
            A::set(pixel, x, of_x.value, at.exponents.value);
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
        let pixels = Fine::new(*self, at);
        let [of_x, ..] = at.of_inputs;
        to.fill(A::Value::zeroed());
        for (fine, pixel) in g.chunks_exact(pixels.channels).enumerate() {
            let to = to.get_mut(pixels.coarse(fine)..).unwrap_or_default();
            for (to, g) in to.iter_mut().zip(pixel) {
                *to = A::sum(*to, A::moved(*g, at.exponents.cotangent, of_x.cotangent));
            }
        }
    }
}

/// The pixels of the output, in order.
struct Fine {
    channels: usize,
    width: usize,
    factor: [usize; 2],
}

impl Fine {
    fn new(up: Up, at: &At<'_>) -> Self {
        // Extents and factors are at least 1; the compiler cannot know.
        let [channels, width] = [at.output.channels, at.output.width].map(|extent| usize::from(extent).max(1));
        Fine { channels, width, factor: up.factor.map(|factor| usize::from(factor).max(1)) }
    }

    /// Where the input's pixel begins that an output pixel repeats.
    fn coarse(&self, fine: usize) -> usize {
        let [rows, columns] = self.factor;
        let (row, column) = (fine / self.width / rows, fine % self.width / columns);
        (row * (self.width / columns) + column) * self.channels
    }
}
