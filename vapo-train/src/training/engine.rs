//! What computes the potential and its gradients: threads of the CPU, or a CUDA device.

use crate::arithmetic::extent::ExtentError;
use crate::objective::Objective;
use crate::path::Path;
use crate::potential::Potential;
use crate::run::config::Device;
use crate::training::shards::Memories;
use crate::training::{TrainingError, shards};
use dfdx::prelude::Cpu;
use rayon::ThreadPool;
use vapo_format::Architecture;

/// A device and what it needs.
pub enum Engine {
    /// Hand-written operations, on threads.
    Cpu {
        /// The threads.
        pool: ThreadPool,
        /// What they work in.
        memories: Memories,
    },
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
            Device::Cpu => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
                Ok(Engine::Cpu { pool, memories: Memories::default() })
            }
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

    /// Runs `op`, on the device's threads if it has some, with what differentiates there. One visit for a whole step: waking
    /// threads up takes as long as a small network's shard.
    pub fn run<T: Send>(&self, op: impl FnOnce(&dyn Differentiate) -> T + Send) -> T {
        match self {
            Engine::Cpu { pool, memories } => pool.install(|| op(memories)),
            #[cfg(feature = "cuda")]
            Engine::Cuda(device) => op(device),
        }
    }
}

/// What computes gradients: the potential and its drift, the objective of both, and from its cotangents the gradient.
pub trait Differentiate {
    /// The loss of a batch on its path, and the gradient of the parameters.
    ///
    /// # Errors
    /// Those of the objective.
    fn differentiate(
        &self,
        architecture: &Architecture,
        parameters: &[f32],
        path: &Path,
        objective: Objective,
    ) -> Result<(f64, Vec<f32>), ExtentError>;
}

/// On the threads of the current pool.
impl Differentiate for Memories {
    fn differentiate(
        &self,
        architecture: &Architecture,
        parameters: &[f32],
        path: &Path,
        objective: Objective,
    ) -> Result<(f64, Vec<f32>), ExtentError> {
        let potential = Potential::new(architecture, parameters, &Cpu::default());
        shards::differentiate(&potential, path, objective, self)
    }
}

#[cfg(feature = "cuda")]
impl Differentiate for dfdx::prelude::Cuda {
    fn differentiate(
        &self,
        architecture: &Architecture,
        parameters: &[f32],
        path: &Path,
        objective: Objective,
    ) -> Result<(f64, Vec<f32>), ExtentError> {
        use crate::ops::Composite;
        let potential = Potential::new(architecture, parameters, self);
        let evaluation = potential.evaluate::<Composite>(path.samples(), &mut ());
        let cotangents = objective.evaluate(&evaluation, path)?;
        let gradient = potential.gradient::<Composite>(path.samples(), cotangents.seeds(), &mut ());
        Ok((cotangents.loss, gradient))
    }
}
