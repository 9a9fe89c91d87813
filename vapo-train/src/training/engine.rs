//! What computes the potential and its gradients: threads of the CPU, or a CUDA device.

use crate::config::Device;
use crate::extent::ExtentError;
use crate::objective::Cotangents;
use crate::potential::{Evaluation, Potential, Samples};
use crate::training::{TrainingError, shards};
use dfdx::prelude::Cpu;
use rayon::ThreadPool;
use vapo_format::Architecture;

/// A device and what it needs.
pub enum Engine {
    /// Hand-written operations, on threads.
    Cpu(ThreadPool),
    /// Operations composed of dfdx's, on the first CUDA device.
    #[cfg(feature = "cuda")]
    Cuda(dfdx::prelude::Cuda),
}

impl Engine {
    /// # Errors
    /// [`TrainingError::Threads`], or [`TrainingError::Device`] where there is no such device or this program was built
    /// without it.
    pub fn new(device: Device, threads: usize) -> Result<Self, TrainingError> {
        match device {
            Device::Cpu => Ok(Engine::Cpu(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?)),
            #[cfg(feature = "cuda")]
            Device::Cuda => match dfdx::prelude::Cuda::try_build(0, 0) {
                Ok(cuda) => Ok(Engine::Cuda(cuda)),
                Err(cause) => Err(TrainingError::Device { cause: format!("{cause:?}") }),
            },
            #[cfg(not(feature = "cuda"))]
            Device::Cuda => {
                Err(TrainingError::Device { cause: "this program was built without it: add --features cuda".into() })
            }
        }
    }

    /// The loss of a batch, and the gradient of the parameters: the potential and its drift, the `objective` of both,
    /// and from its cotangents the gradient.
    ///
    /// # Errors
    /// Those of `objective`.
    pub fn differentiate(
        &self,
        architecture: &Architecture,
        parameters: &[f32],
        samples: Samples<'_, f32>,
        objective: impl FnOnce(&Evaluation<f32>) -> Result<Cotangents, ExtentError>,
    ) -> Result<(Cotangents, Vec<f32>), ExtentError> {
        match self {
            Engine::Cpu(pool) => {
                let potential = Potential::new(architecture, parameters, &Cpu::default());
                let (evaluation, memory) = pool.install(|| shards::evaluate(&potential, samples));
                let cotangents = objective(&evaluation)?;
                let gradient = pool.install(|| shards::gradient(&potential, samples, cotangents.seeds(), memory));
                Ok((cotangents, gradient))
            }
            #[cfg(feature = "cuda")]
            Engine::Cuda(device) => {
                use crate::ops::Composite;
                let potential = Potential::new(architecture, parameters, device);
                let (evaluation, memory) = potential.evaluate::<Composite>(samples);
                let cotangents = objective(&evaluation)?;
                let gradient = potential.gradient::<Composite>(samples, cotangents.seeds(), memory);
                Ok((cotangents, gradient))
            }
        }
    }
}
