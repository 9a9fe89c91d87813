//! Parameters under training on a device: they stay there, with their gradient, moments and average.

use super::device::{DeviceError, Lie};
use super::evaluator::Evaluator;
use super::network::Network;
use super::optimiser::{OptimiserState, scalars};
use super::program::{Buffer, Phase, Scalar};
use crate::optimiser::Clip;
use crate::potential::{Evaluation, Samples, Seeds};
use dfdx::prelude::Cuda;

/// A step's program on a device.
pub(crate) struct Trainer {
    evaluator: Evaluator<f32>,
    state: OptimiserState,
    /// What the gradient is multiplied by before it moves anything.
    shorten: f64,
}

/// What a device keeps a value a parameter of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vector {
    /// The parameters.
    Parameters,
    /// Their moving average.
    Average,
    /// The optimiser's first moment.
    First,
    /// Its second moment.
    Second,
}

impl Trainer {
    /// Compiles a network's program and takes its memory. Everything is zero.
    ///
    /// # Errors
    /// [`DeviceError`], [`DeviceError::Memory`] among them.
    pub(crate) fn new(cuda: &Cuda, network: Network) -> Result<Self, DeviceError> {
        let pixels = network.pixels();
        if pixels > u32::MAX.into() {
            return Err(DeviceError::Pixels { pixels });
        }
        let state = network.optimiser.unwrap_or_else(|| unreachable!("a training moves parameters"));
        Ok(Trainer { evaluator: Evaluator::new(cuda, network, Lie::Together)?, state, shorten: 1.0 })
    }

    /// Φ, ∇ₓΦ and, where it is asked for, ∂Φ/∂t of a part of a batch.
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(crate) fn evaluate(&mut self, samples: Samples<'_, f32>) -> Result<Evaluation<f32>, DeviceError> {
        self.evaluator.evaluate(samples)
    }

    /// The gradient of the parameters for the part that was evaluated last, or that added to the one there is.
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(crate) fn differentiate(&mut self, seeds: Seeds<'_, f32>, add: bool) -> Result<(), DeviceError> {
        self.evaluator.differentiate(seeds, add)
    }

    /// Shortens the gradient of all that moves to a norm of at most `limit`. Returns its norm before.
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(crate) fn clip(&mut self, limit: f32) -> Result<f64, DeviceError> {
        let loaded = &mut self.evaluator.loaded;
        loaded.run(Phase::Measure, &Scalar::NONE)?;
        let norm = loaded.read::<f64>(self.state.squares, 1)?[0].sqrt();
        self.shorten = if norm > f64::from(limit) { f64::from(limit) / norm } else { 1.0 };
        Ok(norm)
    }

    /// Moves the parameters, and the moving average after them. Updates count from 1. Elements of the gradient are clipped by their
    /// second moment, if at all: its norm has been by [`Trainer::clip`].
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(crate) fn update(
        &mut self,
        update: u64,
        clip: Clip,
        learning_rate: f32,
        decay: f32,
    ) -> Result<(), DeviceError> {
        self.evaluator.loaded.run(Phase::Move, &scalars(update, (clip, self.shorten), learning_rate, decay))
    }

    fn buffer(&self, vector: Vector) -> Buffer {
        match vector {
            Vector::Parameters => self.evaluator.network.stores.parameters,
            Vector::Average => self.state.average,
            Vector::First => self.state.first,
            Vector::Second => self.state.second,
        }
    }

    /// Reads a vector.
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(crate) fn read(&self, vector: Vector) -> Result<Vec<f32>, DeviceError> {
        let parameters = self.evaluator.network.parameters();
        self.evaluator.loaded.read(self.buffer(vector), parameters)
    }

    /// Writes a vector of a value a parameter.
    ///
    /// # Errors
    /// [`DeviceError::Driver`].
    pub(crate) fn write(&mut self, vector: Vector, values: &[f32]) -> Result<(), DeviceError> {
        self.evaluator.loaded.write(self.buffer(vector), values)
    }
}
