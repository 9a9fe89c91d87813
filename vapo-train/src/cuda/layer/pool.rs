//! The mean of each block of pixels.

use super::{Emit, kernel};
use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::program::{Argument, Launch};
use vapo_format::layer::Pool;

impl Emit for Pool {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(from) = emitter.output(pass, emitter.nodes.input(node, 0)) else { return };
        let to = emitter.new_output(pass, node);
        launch("pool_forward", *self, node, emitter.count(node), vec![from.into(), to.into()], emitter);
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(cotangent) = emitter.cotangent(pass, node) else { return };
        let input = emitter.nodes.input(node, 0);
        if let Some((to, base)) = emitter.part(pass, input) {
            let buffers = vec![cotangent.into(), base, to.into()];
            launch("pool_reverse", *self, node, emitter.count(input), buffers, emitter);
        }
    }
}

/// Launches a kernel of `count` threads whose arguments end with the extents of the smaller image, of a block, and a pixel's share of it.
fn launch(name: &'static str, pool: Pool, node: usize, count: usize, buffers: Vec<Argument>, emitter: &mut Emitter<'_>) {
    let (extent, [rows, columns]) = (emitter.nodes.extent(node), pool.block.map(usize::from));
    let extents = [count, extent.width.into(), extent.channels.into(), rows, columns].map(Argument::from);
    let share = 1.0 / (rows * columns) as f64;
    let arguments = buffers.into_iter().chain(extents).chain([share.into()]).collect();
    emitter.builder.launch(Launch::each(kernel("pool", name), count, arguments));
}
