//! The mean of each block of pixels, in float arithmetic; in reverse, each gets its share.

use super::{At, Compute, Room, Values};
use crate::arithmetic::float::Float;
use vapo_format::layer::Pool;

impl Compute<Float> for Pool {
    fn forward(&self, at: &At<'_>, [x, ..]: Values<'_, f32>, y: &mut [f32], _: Room<'_>) {
        let blocks = Blocks::new(*self, at);
        y.fill(0.0);
        for (fine, x) in x.chunks_exact(blocks.channels).enumerate() {
            let y = y.get_mut(blocks.of(fine)..).unwrap_or_default();
            y.iter_mut().zip(x).for_each(|(y, x)| *y += blocks.share * x);
        }
    }

    fn reverse(&self, at: &At<'_>, _: Values<'_, f32>, g: &mut [f32], to: &mut [f32], _: usize, _: Room<'_>) {
        let blocks = Blocks::new(*self, at);
        for (fine, to) in to.chunks_exact_mut(blocks.channels).enumerate() {
            let g = g.get(blocks.of(fine)..).unwrap_or_default();
            to.iter_mut().zip(g).for_each(|(to, g)| *to = blocks.share * g);
        }
    }
}

/// The blocks of the input.
struct Blocks {
    channels: usize,
    /// Of the input.
    width: usize,
    block: [usize; 2],
    /// What a pixel is of its block: one divided by as many as there are.
    share: f32,
}

impl Blocks {
    fn new(pool: Pool, at: &At<'_>) -> Self {
        // Extents and blocks are at least 1; the compiler cannot know.
        let [channels, width] = [at.input.channels, at.input.width].map(|extent| usize::from(extent).max(1));
        let block @ [rows, columns] = pool.block.map(|extent| usize::from(extent).max(1));
        Blocks { channels, width, block, share: 1.0 / (rows * columns) as f32 }
    }

    /// Where the output's pixel begins whose block has an input pixel.
    fn of(&self, fine: usize) -> usize {
        let [rows, columns] = self.block;
        let (row, column) = (fine / self.width / rows, fine % self.width / columns);
        (row * (self.width / columns) + column) * self.channels
    }
}
