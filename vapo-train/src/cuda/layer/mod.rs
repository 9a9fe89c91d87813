//! The launches of every kind of layer, one file a kind: forward over values or tangents, and in reverse over cotangents of either
//! pass. The kernels are in files of the same names below `kernels`.
//!
//! To add a kind, add its file and its line to the list below.

use super::emitter::{Emitter, Pass};
use super::program::Kernel;
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
