//! From an image and the signal to the potential ½‖x − f‖².

use super::{Emit, kernel, potential_reverse};
use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::program::{Argument, Launch};
use vapo_format::layer::Distance;

impl Emit for Distance {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let inputs = [0, 1].map(|position| emitter.nodes.input(node, position));
        let [f, x] = inputs.map(|input| emitter.value(input).into());
        let (to, values) = (emitter.new_output(pass, node), emitter.nodes.elements(inputs[0]));
        let arguments: Vec<Argument> = vec![f, x, to.into(), values.into()];
        emitter.builder.launch(Launch::new(kernel("distance", "distance_forward"), emitter.batch, arguments));
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let inputs = [0, 1].map(|position| emitter.nodes.input(node, position));
        let extents = [emitter.count(inputs[0]), emitter.nodes.elements(inputs[0])];
        let buffers = potential_reverse(inputs, pass, emitter);
        let arguments = buffers.into_iter().chain(extents.map(Argument::from)).collect();
        emitter.builder.launch(Launch::each(kernel("distance", "distance_reverse"), extents[0], arguments));
    }
}
