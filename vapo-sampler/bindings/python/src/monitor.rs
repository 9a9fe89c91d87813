//! A series watched reading by reading, and a threshold learned.

use crate::arrays::{floats, numbers};
use crate::error::{broken, refused};
use crate::loaded::Loaded;
use crate::model::Model;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use self_cell::{MutBorrow, self_cell};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vapo_sampler::{Monitor as Watcher, ThresholdLearner};

/// What a monitor works in.
struct Place {
    loaded: Arc<Loaded>,
    memory: MutBorrow<Vec<f32>>,
}

self_cell!(
    /// A monitor, with its model and its memory.
    struct Watching {
        owner: Place,
        #[not_covariant]
        dependent: Watcher,
    }
);

/// Judges a series reading by reading, by a model of a series.
#[pyclass(frozen, module = "vapo._native")]
pub struct Monitor {
    watching: Mutex<Watching>,
}

/// Channel, first reading, the one after the last, change, share, and the correction of every number.
type Explanation<'py> = (usize, usize, usize, f32, f32, Bound<'py, PyByteArray>);

impl Monitor {
    fn locked(&self) -> MutexGuard<'_, Watching> {
        // Whoever failed with it left readings at worst.
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Monitor {
    /// A monitor that judges every `stride` readings.
    #[new]
    fn new(model: &Model, stride: u16) -> PyResult<Self> {
        let loaded = Arc::clone(&model.loaded);
        let memory = MutBorrow::new(vec![0.0; loaded.prepared().plan.monitor_elements()]);
        let watching = Watching::try_new(Place { loaded, memory }, |Place { loaded, memory }| {
            let prepared = loaded.prepared();
            Watcher::new(&prepared.model, &prepared.plan, stride, memory.borrow_mut())
        });
        Ok(Monitor { watching: Mutex::new(watching.map_err(refused)?) })
    }

    /// Takes readings of a number a channel, and gives a verdict where one is due: the reading's place, its energy, whether it is an
    /// anomaly.
    fn push<'py>(&self, py: Python<'py>, readings: &Bound<'py, PyAny>) -> PyResult<Vec<(usize, f32, bool)>> {
        let readings = numbers::<f32>(readings)?;
        py.detach(|| {
            self.locked().with_dependent_mut(|_, monitor| {
                let mut verdicts = Vec::new();
                for (index, reading) in readings.chunks(monitor.channels()).enumerate() {
                    if let Some(verdict) = monitor.push(reading).map_err(refused)? {
                        verdicts.push((index, verdict.energy, verdict.anomalous));
                    }
                }
                Ok(verdicts)
            })
        })
    }

    /// Why the last window is an anomaly; none where no verdict was just given.
    fn explain<'py>(&self, py: Python<'py>) -> PyResult<Option<Explanation<'py>>> {
        let found = py.detach(|| {
            self.locked().with_dependent_mut(|_, monitor| {
                let mut correction = vec![0.0; monitor.width() * monitor.channels()];
                let found = monitor.explain(&mut correction).map_err(refused)?;
                Ok::<_, PyErr>(found.map(|found| (found, correction)))
            })
        })?;
        let Some((found, correction)) = found else { return Ok(None) };
        Ok(Some((found.channel, found.from, found.to, found.change, found.share, floats(py, &correction)?)))
    }

    /// The energy above which a window is an anomaly.
    #[getter]
    fn threshold(&self) -> Option<f32> {
        self.locked().with_dependent(|_, monitor| monitor.threshold())
    }

    /// Replaces the threshold.
    fn set_threshold(&self, energy: Option<f32>) {
        self.locked().with_dependent_mut(|_, monitor| monitor.set_threshold(energy));
    }

    /// Time of the energies.
    #[getter]
    fn time(&self) -> f32 {
        self.locked().with_dependent(|_, monitor| monitor.time())
    }

    /// Readings that were gaps.
    #[getter]
    fn gaps(&self) -> u32 {
        self.locked().with_dependent(|_, monitor| monitor.gaps())
    }
}

self_cell!(
    /// A learner, with its memory.
    struct Learning {
        owner: MutBorrow<Vec<f32>>,
        #[not_covariant]
        dependent: ThresholdLearner,
    }
);

/// Learns a threshold from the energies of normal windows.
#[pyclass(frozen, module = "vapo._native")]
pub struct Learner {
    learning: Mutex<Learning>,
}

impl Learner {
    fn locked(&self) -> MutexGuard<'_, Learning> {
        self.learning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Learner {
    /// For up to `count` energies at a false-positive rate.
    #[new]
    fn new(rate: f32, count: u32) -> PyResult<Self> {
        // Of a rate that is none, no room.
        let valid = rate > 0.0 && rate < 1.0;
        let room = if valid { ThresholdLearner::room(rate, count) } else { 1 };
        let mut memory = Vec::new();
        memory.try_reserve_exact(room).map_err(|_| crate::error::Failure::Memory)?;
        memory.resize(room, 0.0);
        let learning =
            Learning::try_new(MutBorrow::new(memory), |memory| ThresholdLearner::new(rate, memory.borrow_mut()));
        Ok(Learner { learning: Mutex::new(learning.map_err(refused)?) })
    }

    /// Takes energies.
    fn push(&self, energies: &Bound<'_, PyAny>) -> PyResult<()> {
        let energies = numbers::<f32>(energies)?;
        self.locked()
            .with_dependent_mut(|_, learner| energies.iter().try_for_each(|energy| learner.push(*energy)))
            .map_err(refused)
    }

    /// The least energy above which no more than a share of the rate lies; none before the first.
    #[getter]
    fn threshold(&self) -> Option<f32> {
        self.locked().with_dependent(|_, learner| learner.threshold())
    }

    /// Energies so far.
    #[getter]
    fn count(&self) -> PyResult<usize> {
        self.locked().with_dependent(|_, learner| usize::try_from(learner.count()).map_err(broken))
    }
}
