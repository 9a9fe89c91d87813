//! Each group of channels at mean 0 and variance 1, then a scale and a shift a channel.

use super::{Emit, kernel};
use crate::cuda::emitter::{Emitter, Pass};
use crate::cuda::program::{Argument, BLOCKS, Buffer, Element, Launch, Role, Scalar};
use vapo_format::layer::{EPSILON, GroupNorm};

/// Channels that a block of the gradient has.
const LANES: usize = 32;
/// Numbers that the gradient needs of every group.
const STATISTICS: usize = 4;

impl Emit for GroupNorm {
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let input = emitter.nodes.input(node, 0);
        let (x, parameters) = (emitter.value(input).into(), parameters(node, emitter));
        let (name, tangent) = match pass {
            Pass::First => ("group_norm_forward", None),
            Pass::Second => {
                let Some(tangent) = emitter.tangent(input) else { return };
                ("group_norm_tangent", Some(tangent.into()))
            }
        };
        let to = emitter.new_output(pass, node);
        let buffers = [x, parameters].into_iter().chain(tangent).chain([to.into()]).collect();
        launch(*self, name, node, buffers, emitter);
    }

    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
        let Some(cotangent) = emitter.cotangent(pass, node) else { return };
        let input = emitter.nodes.input(node, 0);
        let x = emitter.value(input);
        let is_second = pass == Pass::Second;
        // Without a tangent there is no need of the first pass's cotangent.
        let second = emitter.tangent(input).zip(emitter.cotangent(Pass::First, node)).filter(|_| is_second);
        let (tangent, first): (Option<Buffer>, Option<Buffer>) = (second.map(|two| two.0), second.map(|two| two.1));
        let part = emitter.part(pass, input);
        let groups = emitter.batch * usize::from(self.groups);
        let statistics =
            is_second.then(|| emitter.builder.buffer_of(Element::Double, Role::Scratch, STATISTICS * groups));
        if part.is_none() && statistics.is_none() {
            return;
        }
        let (to, base) = part.map_or((Argument::Null, Argument::Null), |(to, base)| (to.into(), base));
        let (parameters, streams) =
            (parameters(node, emitter), [x.into(), cotangent.into(), tangent.into(), first.into()]);
        let [x, cotangent, tangent, first] = streams;
        let buffers = vec![x, parameters, cotangent, tangent, first, base, to, statistics.into()];
        launch(*self, "group_norm_reverse", node, buffers, emitter);
        if let Some(statistics) = statistics {
            gradient(*self, node, streams, statistics, emitter);
        }
    }
}

/// Launches a kernel, a block a group of every image, whose arguments end with the extents.
fn launch(norm: GroupNorm, name: &'static str, node: usize, buffers: Vec<Argument>, emitter: &mut Emitter<'_>) {
    let (extent, groups) = (emitter.nodes.extent(node), usize::from(norm.groups));
    let extents: [Argument; 4] =
        [extent.pixels().into(), usize::from(extent.channels).into(), groups.into(), f64::from(EPSILON).into()];
    let arguments = buffers.into_iter().chain(extents).collect();
    emitter.builder.launch(Launch::new(kernel("group_norm", name), emitter.batch * groups, arguments));
}

/// Appends the gradient of a node's scales and shifts. `streams` are value, its cotangent, tangent and the tangent's cotangent.
fn gradient(
    norm: GroupNorm,
    node: usize,
    streams: [Argument; 4],
    statistics: Buffer,
    emitter: &mut Emitter<'_>,
) {
    let (extent, images) = (emitter.nodes.extent(node), emitter.batch);
    let channels = usize::from(extent.channels);
    let chunks = channels.div_ceil(LANES);
    let slice = images.div_ceil(BLOCKS.div_ceil(chunks));
    let slices = images.div_ceil(slice);
    let parts = emitter.builder.buffer_of(Element::Double, Role::Scratch, 2 * slices * channels);
    let buffers: [Argument; 5] = [
        statistics.into(),
        Argument::At(emitter.stores.gradient, emitter.nodes.place(node).start),
        parts.into(),
        emitter.stores.counters.into(),
        Scalar::Accumulate.into(),
    ];
    emitter.needs_counters(chunks);
    let extents = [images, extent.pixels(), channels, norm.groups.into(), slice].map(Argument::from);
    let arguments = streams.into_iter().chain(buffers).chain(extents).collect();
    let launch = Launch::new(kernel("group_norm", "group_norm_gradient"), chunks, arguments);
    emitter.builder.launch(Launch { blocks: (chunks, slices), ..launch });
}

/// The scales of a node, before its shifts.
fn parameters(node: usize, emitter: &Emitter<'_>) -> Argument {
    Argument::At(emitter.stores.parameters, emitter.nodes.place(node).start)
}
