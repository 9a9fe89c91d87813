//! What computes the potential and its gradients: threads of the CPU, or a CUDA device.

use crate::arithmetic::extent::ExtentError;
use crate::potential::{Potential, Samples};
use crate::run::config::Device;
use crate::training::passes::{Differentiate, Model, OfPart, Part, Parts};
use crate::training::shards::Memories;
use crate::training::{TrainingError, shards};
use dfdx::prelude::Cpu;
use rayon::ThreadPool;

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

/// On the threads of the current pool.
impl Differentiate for Memories {
    fn differentiate(
        &self,
        (architecture, parameters): Model<'_>,
        samples: Samples<'_, f32>,
        parts: Parts,
        of_part: &OfPart<'_>,
    ) -> Result<Part, ExtentError> {
        let potential = Potential::new(architecture, parameters, &Cpu::default());
        match parts {
            Parts::Shards => shards::apart(&potential, samples, self, of_part),
            Parts::Whole => shards::together(&potential, samples, self, of_part),
        }
    }
}

#[cfg(feature = "cuda")]
impl Differentiate for dfdx::prelude::Cuda {
    fn differentiate(
        &self,
        (architecture, parameters): Model<'_>,
        samples: Samples<'_, f32>,
        _: Parts,
        of_part: &OfPart<'_>,
    ) -> Result<Part, ExtentError> {
        struct Whole<'a>(Potential<f32, dfdx::prelude::Cuda>, Samples<'a, f32>);
        impl Passes for Whole<'_> {
            fn evaluate(&mut self) -> Evaluation<f32> {
                self.0.evaluate::<Composite>(self.1, &mut ())
            }

            fn gradient(&mut self, seeds: Seeds<'_, f32>) -> Vec<f32> {
                self.0.gradient::<Composite>(self.1, seeds, &mut ())
            }
        }
        use crate::ops::Composite;
        use crate::potential::{Evaluation, Seeds};
        use crate::training::passes::Passes;

        of_part(&mut Whole(Potential::new(architecture, parameters, self), samples), 0..samples.times.len())
    }
}
