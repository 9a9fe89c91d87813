//! The launches of every kind of layer, one file a kind: forward over values or tangents, and in reverse over cotangents of either
//! pass. The kernels are in files of the same names below `kernels`.
//!
//! To add a kind, add its file and its line to the list below.

use super::emitter::{Emitter, Pass};
use super::program::{Argument, Kernel};
use vapo_format::Layer;

/// What a kind computes.
trait Emit {
    /// Appends what makes the output of a node from its inputs' outputs.
    fn forward(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>);

    /// Appends what the cotangent of a node adds to those of its inputs, and to the gradient of its parameters.
    fn reverse(&self, node: usize, pass: Pass, emitter: &mut Emitter<'_>);
}

macro_rules! kinds {
    ($($file:ident: $Kind:ident,)*) => {
        $(mod $file;)*

        /// Appends a node's forward launches.
        pub(super) fn forward(layer: Layer, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
            match layer {
                $(Layer::$Kind(layer) => layer.forward(node, pass, emitter),)*
            }
        }

        /// Appends a node's launches in reverse.
        pub(super) fn reverse(layer: Layer, node: usize, pass: Pass, emitter: &mut Emitter<'_>) {
            match layer {
                $(Layer::$Kind(layer) => layer.reverse(node, pass, emitter),)*
            }
        }
    };
}

kinds! {
    signal: Signal,
    time: Time,
    conv: Conv,
    silu: Silu,
    add: Add,
    space_to_depth: SpaceToDepth,
    readout: Readout,
    up: Up,
    concat: Concat,
    class: Class,
    group_norm: GroupNorm,
    attention: Attention,
    pool: Pool,
    distance: Distance,
    timestep: Timestep,
}

/// A kernel of the file of the same name as the one that it is named in.
const fn kernel(file: &'static str, name: &'static str) -> Kernel {
    Kernel { file, name }
}

/// What a kernel in reverse takes of a node that makes the potential: the values that it reads, the seeds and tangents of the second
/// pass, and for each value whose cotangent is asked for where that is added to and where it goes.
fn potential_reverse<const N: usize>(inputs: [usize; N], pass: Pass, emitter: &mut Emitter<'_>) -> Vec<Argument> {
    let values = inputs.map(|input| Argument::from(emitter.value(input)));
    let second = pass == Pass::Second;
    let seeds = emitter.seeds.filter(|_| second).into();
    let tangents = inputs.map(|input| emitter.tangent(input).filter(|_| second).into());
    let parts = inputs.map(|input| emitter.part(pass, input));
    let parts = parts
        .into_iter()
        .flat_map(|part| part.map_or([Argument::Null, Argument::Null], |(to, base)| [base, to.into()]));
    values.into_iter().chain([seeds]).chain(tangents).chain(parts).collect()
}
