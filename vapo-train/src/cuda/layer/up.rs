//! Each pixel several times.

use super::{Emit, kernel};
use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::program::{Argument, Launch};
use vapo_format::layer::Up;

impl Emit for Up {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let input = emitter.nodes.input(node, 0);
        let Some(from) = emitter.output(pass, input) else { return };
        let to = emitter.new_output(pass, node);
        launch("up_forward", *self, input, emitter.count(node), vec![from.into(), to.into()], emitter);
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(cotangent) = emitter.cotangent(pass, node) else { return };
        let input = emitter.nodes.input(node, 0);
        if let Some((to, base)) = emitter.part(pass, input) {
            launch("up_reverse", *self, input, emitter.count(input), vec![cotangent.into(), base, to.into()], emitter);
        }
    }
}

/// Launches a kernel of `count` threads whose arguments end with the extents of the smaller image and the factor.
fn launch(name: &'static str, up: Up, input: usize, count: usize, buffers: Vec<Argument>, emitter: &mut Emitter<'_>) {
    let extent = emitter.nodes.extent(input);
    let extents = [extent.width, extent.channels].map(|extent| usize::from(extent).into());
    let factor = up.factor.map(|factor| usize::from(factor).into());
    let arguments = buffers.into_iter().chain([count.into()]).chain(extents).chain(factor).collect();
    emitter.builder.launch(Launch::each(kernel("up", name), count, arguments));
}
