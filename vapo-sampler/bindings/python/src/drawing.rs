//! Samples drawn, and restored.

use crate::arrays::{floats, numbers, zeros};
use crate::error::refused;
use crate::loaded::Prepared;
use crate::model::{Model, class};
use crate::settings::Settings;
use crate::work::spread;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use vapo_sampler::{Condition, Noise, Progress};

#[pymethods]
impl Model {
    /// A sample for each label, -1 for whatever class. Sample i is the one that a device draws with seed + i.
    fn sample<'py>(
        &self,
        py: Python<'py>,
        labels: &Bound<'py, PyAny>,
        settings: &Settings,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        let temperature = settings.usual_temperature();
        draw(self.prepared(), &numbers(labels)?, settings, temperature, py, |_, _| None)
    }

    /// As many restorations of each sample as there are labels for it. Of `samples`, the elements are known where `known` is
    /// not 0.
    fn inpaint<'py>(
        &self,
        py: Python<'py>,
        samples: &Bound<'py, PyAny>,
        known: &Bound<'py, PyAny>,
        labels: &Bound<'py, PyAny>,
        settings: &Settings,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        let prepared = self.prepared();
        let (samples, known, labels) = (numbers::<f32>(samples)?, numbers::<u8>(known)?, numbers::<i32>(labels)?);
        let elements = prepared.elements();
        let count = self.samples(samples.len())?;
        if known.len() != samples.len() || !labels.len().is_multiple_of(count) {
            return Err(refused("expected as many samples as masks, and as many labels for each"));
        }
        let (each, temperature) = (labels.len() / count, settings.restoring_temperature());
        draw(prepared, &labels, settings, temperature, py, |index, element| {
            let place = index / each * elements + element;
            (known[place] != 0).then_some(samples[place])
        })
    }
}

/// A sample for each label, from the noise of its own seed. `known` gives the values of elements that are known, by the sample's
/// index and their own.
fn draw<'py>(
    prepared: &Prepared<'_>,
    labels: &[i32],
    settings: &Settings,
    temperature: f32,
    py: Python<'py>,
    known: impl Fn(usize, usize) -> Option<f32> + Sync,
) -> PyResult<Bound<'py, PyByteArray>> {
    let elements = prepared.elements();
    let mut samples: Vec<f32> = zeros(labels.len().saturating_mul(elements))?;
    spread(
        py,
        settings.threads,
        samples.chunks_exact_mut(elements).zip(labels).enumerate(),
        || prepared.arena(settings.solver),
        |arena, (index, (sample, label)), watch| {
            let seed = settings.seed.wrapping_add(index as u64);
            let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(seed));
            let mut sampler = prepared.sampler(settings.solver, arena)?;
            sampler.set_condition(Condition { class: class(*label), guidance: settings.guidance })?;
            let known = |element| known(index, element);
            let mut drawing = sampler.start_inpaint(settings.schedule, temperature, &mut noise, known, sample)?;
            // A drift a turn.
            while drawing.advance(u32::MAX, |_, _| ())? != Progress::Done {
                watch.go_on()?;
            }
            Ok(())
        },
    )?;
    match samples.chunks_exact(elements).position(|sample| sample.iter().any(|value| !value.is_finite())) {
        Some(sample) => Err(refused(format!(
            "sample {sample} holds numbers that are not finite: the training diverged, or the temperature is too high"
        ))),
        None => floats(py, &samples),
    }
}
