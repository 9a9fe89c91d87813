//! Both passes of the potential over a part of a batch, on a device.

use super::device::{DeviceError, Lie, Loaded, Real};
use super::network::Network;
use super::program::{Phase, Scalar};
use crate::potential::layer::Features;
use crate::potential::{Evaluation, Samples, Seeds};
use dfdx::prelude::{Cuda, Dtype};

/// A network on a device.
pub(super) struct Evaluator<E> {
    pub(super) network: Network,
    pub(super) loaded: Loaded,
    /// Features of the samples that were evaluated last, for every node that gives some.
    features: Vec<Features<E>>,
}

impl<E: Real + Dtype> Evaluator<E> {
    /// # Errors
    /// [`DeviceError`].
    pub(super) fn new(cuda: &Cuda, network: Network, lie: Lie) -> Result<Self, DeviceError> {
        let loaded = Loaded::new::<E>(cuda, &network.program, lie)?;
        Ok(Evaluator { network, loaded, features: Vec::new() })
    }

    /// Φ, ∇ₓΦ and, where the program has it, ∂Φ/∂t of as many samples as the program is for.
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(super) fn evaluate(&mut self, samples: Samples<'_, E>) -> Result<Evaluation<E>, DeviceError> {
        let Network { nodes, exchange, .. } = &self.network;
        self.loaded.write(exchange.images, samples.images)?;
        self.features.clear();
        for &(node, buffer) in &exchange.features {
            let features = Features::of(nodes.node(node).layer, samples);
            let features = features.unwrap_or_else(|| unreachable!("the node gives features"));
            self.loaded.write(buffer, &features.values)?;
            self.features.push(features);
        }
        if let Some(buffer) = exchange.dropout_seeds {
            let dropout =
                samples.dropout.unwrap_or_else(|| unreachable!("a training that leaves out does so every step"));
            self.loaded.write(buffer, &dropout.seeds(samples.times.len()))?;
        }
        self.loaded.run(Phase::Evaluate, &Scalar::NONE)?;
        let mut rates = Vec::new();
        for (features, &buffer) in self.features.iter().zip(&exchange.feature_cotangents) {
            let of_node = features.time_rate(&self.loaded.read(buffer, features.values.len())?);
            rates = match rates.is_empty() {
                true => of_node,
                false => rates.iter().zip(&of_node).map(|(&sum, &rate)| sum + rate).collect(),
            };
        }
        Ok(Evaluation {
            potential: self.loaded.read(exchange.potential, samples.times.len())?,
            drift: self.loaded.read(exchange.drift, samples.images.len())?,
            time_rate: rates,
        })
    }

    /// Makes the gradient of Σ potential·Φ + drift·∇Φ + time_rate·Φₜ with respect to the parameters, for the samples that were
    /// evaluated last; or adds it to the one there is.
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(super) fn differentiate(&mut self, seeds: Seeds<'_, E>, add: bool) -> Result<(), DeviceError> {
        let exchange = &self.network.exchange;
        self.loaded.write(exchange.potential_seeds, seeds.potential)?;
        self.loaded.write(exchange.drift_seeds, seeds.drift)?;
        for (features, &buffer) in self.features.iter().zip(&exchange.feature_tangents) {
            self.loaded.write(buffer, &features.tangents(seeds.time_rate))?;
        }
        let mut scalars = Scalar::NONE;
        scalars[Scalar::Accumulate.index()] = if add { 1.0 } else { 0.0 };
        self.loaded.run(Phase::Differentiate, &scalars)
    }
}
