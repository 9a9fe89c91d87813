//! The channels of two activations, pixel by pixel.

use super::{Emit, kernel};
use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::program::Launch;
use vapo_format::layer::Concat;

impl Emit for Concat {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let inputs = [0, 1].map(|position| emitter.nodes.input(node, position));
        let [first, second] = inputs.map(|input| emitter.output(pass, input));
        let [of_first, of_second] = inputs.map(|input| usize::from(emitter.nodes.extent(input).channels));
        let (count, to) = (emitter.count(node), emitter.new_output(pass, node));
        let pixels = count / (of_first + of_second);
        let arguments =
            vec![first.into(), second.into(), to.into(), pixels.into(), of_first.into(), of_second.into()];
        emitter.builder.launch(Launch::each(kernel("concat", "concat_forward"), count, arguments));
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(cotangent) = emitter.cotangent(pass, node) else { return };
        let all = usize::from(emitter.nodes.extent(node).channels);
        let pixels = emitter.count(node) / all;
        let mut first = 0;
        for position in [0, 1] {
            let input = emitter.nodes.input(node, position);
            let channels = usize::from(emitter.nodes.extent(input).channels);
            if let Some((to, base)) = emitter.part(pass, input) {
                let arguments = vec![
                    cotangent.into(),
                    base,
                    to.into(),
                    pixels.into(),
                    channels.into(),
                    first.into(),
                    all.into(),
                ];
                let launch = Launch::each(kernel("concat", "concat_reverse"), pixels * channels, arguments);
                emitter.builder.launch(launch);
            }
            first += channels;
        }
    }
}
