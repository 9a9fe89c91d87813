//! From the encoder's output, the factors and the signal to the potential.

use super::{Emit, kernel, potential_reverse};
use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::program::{Argument, Launch};
use vapo_format::layer::{Readout, SQUARES};

impl Emit for Readout {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let inputs = [0, 1, 2].map(|position| emitter.value(emitter.nodes.input(node, position)).into());
        let to = emitter.new_output(pass, node);
        launch("readout_forward", node, inputs.into_iter().chain([to.into()]).collect(), emitter);
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let inputs = [0, 1, 2].map(|position| emitter.nodes.input(node, position));
        let buffers = potential_reverse(inputs, pass, emitter);
        launch("readout_reverse", node, buffers, emitter);
    }
}

/// Launches a kernel, a block an image, whose arguments end with the extents of what the read-out reads.
fn launch(name: &'static str, node: usize, buffers: Vec<Argument>, emitter: &mut Emitter<'_>) {
    let [head, signal] = [0, 2].map(|position| emitter.nodes.extent(emitter.nodes.input(node, position)));
    let channels = usize::from(head.channels);
    let squares = f64::from(SQUARES) / channels as f64;
    let extents: [Argument; 4] =
        [head.pixels().into(), channels.into(), signal.elements().into(), squares.into()];
    let arguments = buffers.into_iter().chain(extents).collect();
    emitter.builder.launch(Launch::new(kernel("readout", name), emitter.batch, arguments));
}
