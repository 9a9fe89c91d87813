//! The device that a run computes on, with the threads beside it.

use super::TrainingError;
use super::host::HostWeights;
use super::weights::{Moved, Moving, Weights};
use crate::potential::parameters::Layout;
use crate::run::config::{Config, Device};
use crate::team::Team;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// The weights of a run where its device keeps them, and its threads.
pub(super) struct Engine<'a> {
    threads: ThreadPool,
    weights: Kept<'a>,
}

/// Where weights are kept.
enum Kept<'a> {
    Host(Box<HostWeights<'a>>),
    #[cfg(feature = "cuda")]
    Cuda(Box<super::cuda::CudaWeights<'a>>),
}

impl<'a> Engine<'a> {
    /// Takes `moved` to the run's device.
    ///
    /// # Errors
    /// [`TrainingError::Threads`], or [`TrainingError::Device`] where there is no such device or this program was built
    /// without it; vectors that have not a value a parameter.
    pub(super) fn new(
        config: &'a Config,
        layout: &Layout,
        moved: &Moved,
        moving: Moving,
    ) -> Result<Self, TrainingError> {
        let threads = ThreadPoolBuilder::new().num_threads(config.threads).build()?;
        let weights = match config.device {
            Device::Cpu => Kept::Host(Box::new(HostWeights::new(config, layout, moved, moving)?)),
            #[cfg(feature = "cuda")]
            Device::Cuda => Kept::Cuda(Box::new(super::cuda::CudaWeights::new(config, layout, moved, moving)?)),
            #[cfg(not(feature = "cuda"))]
            Device::Cuda => {
                return Err(TrainingError::Device { cause: super::error::NotBuilt.into() });
            }
        };
        Ok(Engine { threads, weights })
    }

    /// From now on each rank of a team computes a part of a batch.
    ///
    /// # Errors
    /// [`TrainingError::Ranks`] for a device that has no part in it.
    pub(super) fn join(&mut self, team: &'a dyn Team) -> Result<(), TrainingError> {
        match &mut self.weights {
            Kept::Host(weights) => weights.join(team),
            #[cfg(feature = "cuda")]
            Kept::Cuda(_) => {
                return Err(TrainingError::Ranks {
                    cause: "--device cuda: expected one process: start it without mpirun, or leave --device out".into(),
                });
            }
        }
        Ok(())
    }

    /// The weights, to read.
    pub(super) fn weights(&self) -> &dyn Weights {
        match &self.weights {
            Kept::Host(weights) => &**weights,
            #[cfg(feature = "cuda")]
            Kept::Cuda(weights) => &**weights,
        }
    }

    /// Runs `op` with the weights, and with the threads for what the host computes. Where that is all, `op` runs on them: one
    /// visit for a whole step, because waking threads up takes as long as a small network's shard. A CUDA device must not
    /// leave its thread.
    pub(super) fn run<T: Send>(&mut self, op: impl FnOnce(&mut dyn Weights, &ThreadPool) -> T + Send) -> T {
        let threads = &self.threads;
        match &mut self.weights {
            Kept::Host(weights) => threads.install(|| op(&mut **weights, threads)),
            #[cfg(feature = "cuda")]
            Kept::Cuda(weights) => op(&mut **weights, threads),
        }
    }
}
