//! Each pixel four times; in reverse, the sum of the four cotangents.

use super::{At, Compute, Values};
use vapo_format::layer::Up;

impl Compute for Up {
    fn forward(&self, at: At<'_>, [x, ..]: Values<'_>, y: &mut [f32]) {
        let pixels = Fine::new(at);
        for (fine, pixel) in y.chunks_exact_mut(pixels.channels).enumerate() {
            pixel.iter_mut().zip(x.get(pixels.coarse(fine)..).unwrap_or_default()).for_each(|(y, x)| *y = *x);
        }
    }

    fn reverse(&self, at: At<'_>, _: Values<'_>, g: &mut [f32], to: &mut [f32], _: usize) {
        let pixels = Fine::new(at);
        to.fill(0.0);
        for (fine, pixel) in g.chunks_exact(pixels.channels).enumerate() {
            let to = to.get_mut(pixels.coarse(fine)..).unwrap_or_default();
            to.iter_mut().zip(pixel).for_each(|(to, g)| *to += g);
        }
    }
}

/// The pixels of the output, in order.
struct Fine {
    channels: usize,
    width: usize,
}

impl Fine {
    fn new(at: At<'_>) -> Self {
        // Extents are at least 1; the compiler cannot know.
        Fine { channels: usize::from(at.output.channels).max(1), width: usize::from(at.output.width).max(2) }
    }

    /// Where the input's pixel begins that an output pixel repeats.
    fn coarse(&self, fine: usize) -> usize {
        let (row, column) = (fine / self.width / 2, fine % self.width / 2);
        (row * (self.width / 2) + column) * self.channels
    }
}
