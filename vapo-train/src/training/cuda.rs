//! Weights in the host's memory, differentiated by operations composed of dfdx's on the first CUDA device.

use super::TrainingError;
use super::host::HostWeights;
use super::weights::{Loss, Moved, Moving, Parts, Weights};
use crate::ops::Composite;
use crate::potential::parameters::Layout;
use crate::potential::{Potential, Samples};
use crate::run::config::Config;
use dfdx::prelude::Cuda;

/// Weights in the host's memory, and the device that differentiates.
pub(super) struct CudaWeights<'a> {
    device: Cuda,
    host: HostWeights<'a>,
}

impl<'a> CudaWeights<'a> {
    /// Goes on from `moved`.
    ///
    /// # Errors
    /// [`TrainingError::Device`] where there is none; as [`Weights::write`].
    pub(super) fn new(
        config: &'a Config,
        layout: &Layout,
        moved: &Moved,
        moving: Moving,
    ) -> Result<Self, TrainingError> {
        let refused = |cause| TrainingError::Device { cause };
        crate::cuda::driver::open().map_err(|error| refused(error.to_string()))?;
        let device = Cuda::try_build(0, 0).map_err(|error| refused(format!("{error:?}")))?;
        Ok(CudaWeights { device, host: HostWeights::new(config, layout, moved, moving)? })
    }
}

impl Weights for CudaWeights<'_> {
    fn differentiate(&mut self, samples: Samples<'_, f32>, _: Parts, loss: &Loss<'_>) -> Result<f64, TrainingError> {
        let (architecture, parameters) = self.host.model();
        let potential = Potential::new(architecture, parameters, &self.device);
        let evaluation = potential.evaluate::<Composite>(samples, &mut ());
        let cotangents = loss(&evaluation, 0..samples.times.len())?;
        self.host.differentiated(potential.gradient::<Composite>(samples, cotangents.seeds(), &mut ()));
        Ok(cotangents.loss)
    }

    fn clip(&mut self, limit: f32) -> Result<Option<f32>, TrainingError> {
        self.host.clip(limit)
    }

    fn update(&mut self, learning_rate: f32) -> Result<(), TrainingError> {
        self.host.update(learning_rate)
    }

    fn read(&self) -> Result<Moved, TrainingError> {
        self.host.read()
    }

    fn write(&mut self, moved: &Moved, moving: Moving) -> Result<(), TrainingError> {
        self.host.write(moved, moving)
    }
}
