//! What nodes without inputs give, beside the signal: features of time, and of a class.

use super::Samples;
use super::layer::{class, time};
use dfdx::prelude::Dtype;
use vapo_format::Layer;

/// Features of every sample, and their derivatives with respect to time.
pub(crate) struct Features<E> {
    /// (N, features).
    pub(crate) values: Vec<E>,
    /// (N, features).
    pub(super) slopes: Vec<E>,
    /// How many a sample.
    pub(super) count: usize,
}

impl<E: Dtype> Features<E> {
    /// Those that a layer gives; none of one that reads others.
    pub(crate) fn of(layer: Layer, samples: Samples<'_, E>) -> Option<Self> {
        match layer {
            Layer::Time(time) => Some(time::features(time, samples.times)),
            Layer::Class(class) => Some(class::features(class, samples.times.len(), samples.classes)),
            _ => None,
        }
    }

    /// Whether a layer gives features.
    pub(crate) fn are_of(layer: &Layer) -> bool {
        matches!(layer, Layer::Time(_) | Layer::Class(_))
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
