//! The sum of two activations.

use super::Emit;
use crate::cuda::emitter::{ADD, Emitter, Pass};
use crate::cuda::program::Launch;
use vapo_format::layer::Add;

impl Emit for Add {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let inputs = [0, 1].map(|position| emitter.nodes.input(node, position));
        match inputs.map(|input| emitter.output(pass, input)) {
            [Some(first), Some(second)] => {
                let (count, to) = (emitter.count(node), emitter.new_output(pass, node));
                let arguments = vec![first.into(), second.into(), to.into(), count.into()];
                emitter.builder.launch(Launch::each(ADD, count, arguments));
            }
            // A tangent that is zero.
            [None, _] => emitter.same_output(pass, node, inputs[1]),
            [_, None] => emitter.same_output(pass, node, inputs[0]),
        }
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(cotangent) = emitter.cotangent(pass, node) else { return };
        for position in [1, 0] {
            emitter.pass_on(pass, emitter.nodes.input(node, position), cotangent);
        }
    }
}
