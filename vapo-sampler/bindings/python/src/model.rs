//! A model file: what it is of, and what its potential says of samples.

use crate::arrays::{floats, numbers, zeros};
use crate::error::{Failure, broken, refused};
use crate::loaded::{Loaded, Prepared};
use crate::work::spread;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use std::sync::Arc;
use vapo_sampler::Solver;

/// A model, checked. Many threads may use it at once.
#[pyclass(frozen, module = "vapo._native")]
pub struct Model {
    pub(crate) loaded: Arc<Loaded>,
}

/// Numbers to be made an array of.
type Numbers<'py> = Bound<'py, PyByteArray>;

/// The class of a label; none of -1. A label that no class has is too large for any model, and refused by its sampler.
pub(crate) fn class(label: i32) -> Option<u16> {
    (label >= 0).then(|| u16::try_from(label).unwrap_or(u16::MAX))
}

impl Model {
    pub(crate) fn prepared(&self) -> &Prepared<'_> {
        self.loaded.prepared()
    }

    /// How many samples so many numbers are: at least one.
    pub(crate) fn samples(&self, numbers: usize) -> PyResult<usize> {
        let elements = self.prepared().elements();
        match numbers / elements {
            count if count > 0 && count * elements == numbers => Ok(count),
            _ => Err(refused(format!("expected whole samples of {elements} numbers, found {numbers} numbers"))),
        }
    }

    /// A number of each point, which `evaluate` finds in the memory of its thread.
    fn of_each<'py>(
        &self,
        py: Python<'py>,
        threads: usize,
        points: &Points,
        memory: impl Fn() -> Vec<f32> + Sync,
        evaluate: impl Fn(&mut Vec<f32>, Point<'_>) -> Result<f32, Failure> + Sync,
    ) -> PyResult<Numbers<'py>> {
        let mut found: Vec<f32> = zeros(points.times.len())?;
        let jobs = points.each(self.prepared().elements()).zip(&mut found);
        spread(py, threads, jobs, memory, |memory, (point, found), _| {
            *found = evaluate(memory, point)?;
            Ok(())
        })?;
        floats(py, &found)
    }
}

/// Samples with a time and a label each, -1 for whatever class.
struct Points {
    x: Vec<f32>,
    times: Vec<f32>,
    labels: Vec<i32>,
}

impl Points {
    fn new(model: &Model, x: &Bound<'_, PyAny>, times: &Bound<'_, PyAny>, labels: &Bound<'_, PyAny>) -> PyResult<Self> {
        let points = Points { x: numbers(x)?, times: numbers(times)?, labels: numbers(labels)? };
        let count = model.samples(points.x.len())?;
        if points.times.len() == count && points.labels.len() == count {
            return Ok(points);
        }
        Err(refused("expected as many times and labels as samples"))
    }

    /// Each with its place.
    fn each(&self, elements: usize) -> impl ExactSizeIterator<Item = Point<'_>> {
        let conditions = self.times.iter().zip(&self.labels);
        self.x.chunks_exact(elements).zip(conditions).map(|(x, (time, label))| Point { x, time: *time, label: *label })
    }
}

struct Point<'p> {
    x: &'p [f32],
    time: f32,
    label: i32,
}

#[pymethods]
impl Model {
    /// Checks the bytes of a file.
    #[new]
    fn new(file: &[u8]) -> PyResult<Self> {
        Ok(Model { loaded: Arc::new(Loaded::parse(file.to_vec())?) })
    }

    /// The bytes of the file.
    #[getter]
    fn file(&self) -> &[u8] {
        self.loaded.borrow_owner()
    }

    /// Version of the format.
    #[getter]
    fn version(&self) -> u16 {
        self.prepared().model.version()
    }

    /// `float` or `integer`.
    #[getter]
    fn arithmetic(&self) -> String {
        self.prepared().model.arithmetic().to_string()
    }

    /// How weights are stored, `int8` for instance.
    #[getter]
    fn encoding(&self) -> &'static str {
        self.prepared().model.encoding().name()
    }

    /// The architecture, as `config.json` of a run has it.
    #[getter]
    fn architecture(&self) -> PyResult<String> {
        serde_json::to_string(&self.prepared().model.architecture()).map_err(broken)
    }

    /// The threshold: energy, time, false-positive rate.
    #[getter]
    fn threshold(&self) -> Option<(f32, f32, f32)> {
        self.prepared().model.threshold().map(|found| (found.energy, found.time, found.false_positive_rate))
    }

    /// The classifier: time, sharpness, offsets.
    #[getter]
    fn classifier(&self) -> Option<(f32, f32, Vec<f32>)> {
        let found = self.prepared().model.classifier()?;
        Some((found.time(), found.sharpness(), found.offsets().collect()))
    }

    /// Φ of every sample.
    fn potential<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        times: &Bound<'py, PyAny>,
        labels: &Bound<'py, PyAny>,
        threads: usize,
    ) -> PyResult<Numbers<'py>> {
        let (prepared, points) = (self.prepared(), Points::new(self, x, times, labels)?);
        let memory = || prepared.memory();
        self.of_each(py, threads, &points, memory, |memory, point| {
            let mut potential = prepared.potential(memory)?;
            potential.set_class(class(point.label))?;
            Ok(potential.potential(point.x, point.time)?)
        })
    }

    /// Φ of every sample, and ∇Φ.
    fn drift<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        times: &Bound<'py, PyAny>,
        labels: &Bound<'py, PyAny>,
        threads: usize,
    ) -> PyResult<(Numbers<'py>, Numbers<'py>)> {
        let (prepared, points) = (self.prepared(), Points::new(self, x, times, labels)?);
        let elements = prepared.elements();
        let mut potentials: Vec<f32> = zeros(points.times.len())?;
        let mut drifts: Vec<f32> = zeros(points.x.len())?;
        let found = drifts.chunks_exact_mut(elements).zip(&mut potentials);
        spread(
            py,
            threads,
            points.each(elements).zip(found),
            || prepared.memory(),
            |memory, (point, found), _| {
                let mut potential = prepared.potential(memory)?;
                potential.set_class(class(point.label))?;
                *found.1 = potential.drift(point.x, point.time, found.0)?;
                Ok(())
            },
        )?;
        Ok((floats(py, &potentials)?, floats(py, &drifts)?))
    }

    /// The energy of every sample at its time; of mean(time)·sample where it is `of_data`.
    fn energy<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        times: &Bound<'py, PyAny>,
        labels: &Bound<'py, PyAny>,
        of_data: bool,
        threads: usize,
    ) -> PyResult<Numbers<'py>> {
        let (prepared, points) = (self.prepared(), Points::new(self, x, times, labels)?);
        // The solver takes no step; Euler has the least memory.
        let memory = || prepared.arena(Solver::Euler);
        self.of_each(py, threads, &points, memory, |arena, point| {
            let mut sampler = prepared.sampler(Solver::Euler, arena)?;
            sampler.potential().set_class(class(point.label))?;
            let energy = match of_data {
                true => sampler.image_energy(point.x, point.time)?,
                false => sampler.potential().energy(point.x, point.time)?,
            };
            energy.ok_or(Failure::Time(point.time))
        })
    }

    /// For every sample its class, the class's energy and its margin; none without a classifier.
    fn classify<'py>(
        &self,
        py: Python<'py>,
        samples: &Bound<'py, PyAny>,
        threads: usize,
    ) -> PyResult<Option<(Vec<u16>, Numbers<'py>, Numbers<'py>)>> {
        let (prepared, samples) = (self.prepared(), numbers::<f32>(samples)?);
        let count = self.samples(samples.len())?;
        if prepared.model.classifier().is_none() {
            return Ok(None);
        }
        let (mut classes, mut energies, mut margins) = (zeros(count)?, zeros(count)?, zeros(count)?);
        let found = classes.iter_mut().zip(&mut energies).zip(&mut margins);
        let jobs = samples.chunks_exact(prepared.elements()).zip(found);
        spread(
            py,
            threads,
            jobs,
            || prepared.arena(Solver::Euler),
            |arena, (sample, ((class, energy), margin)), _| {
                if let Some(found) = prepared.sampler(Solver::Euler, arena)?.classify(sample)? {
                    (*class, *energy, *margin) = (found.class, found.energy, found.margin);
                }
                Ok(())
            },
        )?;
        Ok(Some((classes, floats(py, &energies)?, floats(py, &margins)?)))
    }

    /// For every sample its energy and whether it is an anomaly; none without a threshold.
    fn verdict<'py>(
        &self,
        py: Python<'py>,
        samples: &Bound<'py, PyAny>,
        threads: usize,
    ) -> PyResult<Option<(Numbers<'py>, Vec<bool>)>> {
        let (prepared, samples) = (self.prepared(), numbers::<f32>(samples)?);
        let count = self.samples(samples.len())?;
        if prepared.model.threshold().is_none() {
            return Ok(None);
        }
        let (mut energies, mut anomalous) = (zeros(count)?, zeros(count)?);
        let jobs = samples.chunks_exact(prepared.elements()).zip(energies.iter_mut().zip(&mut anomalous));
        spread(
            py,
            threads,
            jobs,
            || prepared.arena(Solver::Euler),
            |arena, (sample, (energy, anomalous)), _| {
                if let Some(found) = prepared.sampler(Solver::Euler, arena)?.verdict(sample)? {
                    (*energy, *anomalous) = (found.energy, found.anomalous);
                }
                Ok(())
            },
        )?;
        Ok(Some((floats(py, &energies)?, anomalous)))
    }
}
