//! Each 2×2 block of pixels, or 1×2 of a series, becomes the channels of one.

use super::{Emit, kernel};
use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::program::{Argument, Launch};
use vapo_format::layer::SpaceToDepth;

impl Emit for SpaceToDepth {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let input = emitter.nodes.input(node, 0);
        let Some(from) = emitter.output(pass, input) else { return };
        let to = emitter.new_output(pass, node);
        launch("space_to_depth_forward", input, vec![from.into(), to.into()], emitter);
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(cotangent) = emitter.cotangent(pass, node) else { return };
        let input = emitter.nodes.input(node, 0);
        if let Some((to, base)) = emitter.part(pass, input) {
            launch("space_to_depth_reverse", input, vec![cotangent.into(), base, to.into()], emitter);
        }
    }
}

/// Launches a kernel whose arguments end with the extents of the image and of a block.
fn launch(name: &'static str, input: usize, buffers: Vec<Argument>, emitter: &mut Emitter<'_>) {
    let (count, extent) = (emitter.count(input), emitter.nodes.extent(input));
    let extents = [extent.width, extent.channels].map(usize::from);
    let extents = extents.into_iter().chain(SpaceToDepth::block(extent).map(usize::from)).map(Argument::from);
    let arguments = buffers.into_iter().chain([count.into()]).chain(extents).collect();
    emitter.builder.launch(Launch::each(kernel("space_to_depth", name), count, arguments));
}
