//! The channels of two activations, pixel by pixel; in reverse, each gets its own back.

use super::{At, Compute, Values};
use vapo_format::layer::Concat;

impl Compute for Concat {
    fn forward(&self, at: At<'_>, x: Values<'_>, y: &mut [f32]) {
        for (position, x) in x.into_iter().take(2).enumerate() {
            let part = Part::new(at, position);
            let pixels = y.chunks_exact_mut(part.channels).zip(x.chunks_exact(part.count));
            pixels.for_each(|(pixel, x)| pixel.iter_mut().skip(part.start).zip(x).for_each(|(y, x)| *y = *x));
        }
    }

    fn reverse(&self, at: At<'_>, _: Values<'_>, g: &mut [f32], to: &mut [f32], position: usize) {
        let part = Part::new(at, position);
        let pixels = to.chunks_exact_mut(part.count).zip(g.chunks_exact(part.channels));
        pixels.for_each(|(to, pixel)| to.iter_mut().zip(pixel.iter().skip(part.start)).for_each(|(to, g)| *to = *g));
    }
}

/// The channels of an input among the output's.
struct Part {
    start: usize,
    count: usize,
    channels: usize,
}

impl Part {
    fn new(at: At<'_>, position: usize) -> Self {
        let (first, channels): (usize, usize) = (at.input.channels.into(), at.output.channels.into());
        let (start, count) = if position == 0 { (0, first) } else { (first, channels.saturating_sub(first)) };
        // Counts are at least 1; the compiler cannot know.
        Part { start, count: count.max(1), channels: channels.max(1) }
    }
}
