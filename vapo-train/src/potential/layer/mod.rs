//! What the kinds of layers compute, one file a kind. The files of the same names in the format say what a kind is, those in
//! the sampler how a device computes it.
//!
//! To add a kind, add its file and its line to the list below.

use crate::ops::{Images, Kernels, Matrix, Recording};
use crate::potential::Samples;
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
    group_norm: GroupNorm,
    attention: Attention,
    pool: Pool,
    distance: Distance,
    timestep: Timestep,
}

/// What a node without inputs gives, beside the signal: features of every sample, of time or of the class, and their derivatives with respect to time.
pub(crate) struct Features<E> {
    /// (N, features).
    pub(crate) values: Vec<E>,
    /// (N, features).
    slopes: Vec<E>,
    /// How many a sample.
    count: usize,
}

impl<E: Dtype> Features<E> {
    /// Those that a layer gives; none of one that reads others.
    pub(crate) fn of(layer: Layer, samples: Samples<'_, E>) -> Option<Self> {
        match layer {
            Layer::Time(time) => Some(time::features(time, samples.times)),
            Layer::Timestep(step) => Some(timestep::features(step, samples.times)),
            Layer::Class(class) => Some(class::features(class, samples.times.len(), samples.classes)),
            _ => None,
        }
    }

    /// Whether a layer gives features.
    pub(crate) fn are_of(layer: &Layer) -> bool {
        matches!(layer, Layer::Time(_) | Layer::Timestep(_) | Layer::Class(_))
    }

    /// Tangents of the features where time moves by `rates`, (N,).
    pub(crate) fn tangents(&self, rates: &[E]) -> Vec<E> {
        let rows = self.slopes.chunks_exact(self.count).zip(rates);
        rows.flat_map(|(slopes, &rate)| slopes.iter().map(move |&slope| slope * rate)).collect()
    }

    /// What these features add to ∂Φ/∂t, (N,), from their cotangents.
    pub(crate) fn time_rate(&self, cotangents: &[E]) -> Vec<E> {
        let rows = self.slopes.chunks_exact(self.count).zip(cotangents.chunks_exact(self.count));
        rows.map(|(slopes, cotangents)| slopes.iter().zip(cotangents).fold(E::default(), |sum, (&a, &b)| sum + a * b))
            .collect()
    }
}
