//! What the kinds of layers compute, one file a kind. The files of the same names in the format say what a kind is, those in
//! the sampler how a device computes it.
//!
//! To add a kind, add its file and its line to the list below.

use crate::ops::{Images, Kernels, Matrix, Recording};
use dfdx::prelude::{Device, Dtype, Storage};
use vapo_format::Layer;

/// What a node computes from.
pub(super) struct Operands<'a, E: Dtype, D: Storage<E>> {
    /// What it reads, (N, H, W, C) each; for the signal and for time, what a pass begins with.
    pub(super) inputs: &'a [&'a Images<E, D>],
    /// Its weights, if it has some.
    pub(super) matrix: Option<&'a Matrix<E, D>>,
    /// Whether no weights lie between its inputs and the signal or time.
    pub(super) leaf: bool,
}

macro_rules! kinds {
    ($($file:ident: $Kind:ident,)*) => {
        $(pub(crate) mod $file;)*

        /// The output of a node, (N, H, W, C).
        pub(super) fn forward<E: Dtype, D: Device<E>, K: Kernels<E, D>>(
            layer: Layer,
            operands: Operands<'_, E, D>,
            recording: &mut Recording<'_, E, D, K::Memory>,
        ) -> Images<E, D> {
            match layer { $(Layer::$Kind(layer) => $file::forward::<E, D, K>(layer, operands, recording),)* }
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
}
