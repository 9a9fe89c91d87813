//! SiLU, with or without FiLM before it.

use super::{Emit, kernel};
use crate::cuda::emitter::{Emitter, Pass, Thinning};
use crate::cuda::program::{Argument, Buffer, Launch};
use crate::potential::dropout::kept;
use vapo_format::layer::Silu;

/// Values of one image that a block has, at most.
const VALUES: usize = 256;
/// Channels of one image that a block has in the reverse of FiLM.
const LANES: usize = 32;

impl Emit for Silu {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let (input, film) = inputs(node, emitter);
        let x = emitter.value(input);
        let film_value = film.map(|film| emitter.value(film));
        let (name, buffers) = match pass {
            Pass::First => {
                let y = emitter.new_output(pass, node);
                ("silu_forward", vec![x.into(), film_value.into(), y.into()])
            }
            Pass::Second => {
                let Some(tangent) = emitter.tangent(input) else { return };
                let film_tangent = film.and_then(|film| emitter.tangent(film));
                let y = emitter.new_output(pass, node);
                ("silu_tangent", vec![x.into(), film_value.into(), tangent.into(), film_tangent.into(), y.into()])
            }
        };
        let values = emitter.nodes.elements(node);
        let (channels, blocks) = (usize::from(emitter.nodes.extent(node).channels), values.div_ceil(VALUES));
        let extents: [Argument; 3] = [values.into(), channels.into(), blocks.into()];
        let arguments = buffers.into_iter().chain(extents).chain(mask(node, emitter)).collect();
        emitter.builder.launch(Launch::new(kernel("silu", name), emitter.batch * blocks, arguments));
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(cotangent) = emitter.cotangent(pass, node) else { return };
        let (input, film) = inputs(node, emitter);
        let x = emitter.value(input);
        // Of a second pass: the input's tangent, and the first pass's cotangent of the output. Without a tangent there is no need of
        // the latter.
        let second = match pass {
            Pass::First => None,
            Pass::Second => emitter.tangent(input).zip(emitter.cotangent(Pass::First, node)),
        };
        let (tangent, first): (Option<Buffer>, Option<Buffer>) = (second.map(|two| two.0), second.map(|two| two.1));
        let to = emitter.part(pass, input);
        let (to, base) = to.map_or((Argument::Null, Argument::Null), |(to, base)| (to.into(), base));
        let Some(film) = film else {
            if to != Argument::Null {
                let count = emitter.count(node);
                let buffers = [x.into(), cotangent.into(), tangent.into(), first.into(), base, to];
                let arguments = buffers.into_iter().chain([count.into()]).collect();
                emitter.builder.launch(Launch::each(kernel("silu", "silu_reverse"), count, arguments));
            }
            return;
        };
        let to_film = emitter.part(pass, film);
        if to == Argument::Null && to_film.is_none() {
            return;
        }
        let (to_film, film_base) = to_film.map_or((Argument::Null, Argument::Null), |(to, base)| (to.into(), base));
        let film_tangent = second.and_then(|_| emitter.tangent(film));
        let extent = emitter.nodes.extent(node);
        let channels = usize::from(extent.channels);
        let buffers: [Argument; 12] = [
            x.into(),
            emitter.value(film).into(),
            cotangent.into(),
            tangent.into(),
            film_tangent.into(),
            first.into(),
            base,
            to,
            film_base,
            to_film,
            extent.pixels().into(),
            channels.into(),
        ];
        let arguments = buffers.into_iter().chain(mask(node, emitter)).collect();
        let blocks = emitter.batch * channels.div_ceil(LANES);
        emitter.builder.launch(Launch::new(kernel("film", "film_reverse"), blocks, arguments));
    }
}

/// What it reads: x, and FiLM.
fn inputs(node: usize, emitter: &Emitter<'_>) -> (usize, Option<usize>) {
    let inputs = &emitter.nodes.node(node).inputs;
    (inputs[0], inputs.get(1).copied())
}

/// What dropout leaves out of a node's output: the images' seeds, the node, the part that is left out, and what the rest is multiplied by.
fn mask(node: usize, emitter: &Emitter<'_>) -> [Argument; 4] {
    match emitter.thinning.filter(|_| emitter.nodes.node(node).thinned) {
        None => [Argument::Null, 0.into(), 0.0.into(), 1.0.into()],
        Some(Thinning { seeds, rate }) => {
            [seeds.into(), node.into(), f64::from(rate).into(), f64::from(kept(rate)).into()]
        }
    }
}
