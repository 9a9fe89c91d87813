//! Samples a model file on the host through `vapo-sampler`, the very code of the device.
//!
//! | module | concept |
//! |---|---|
//! | [`inpainting`] | images restored where they are masked |
//! | [`composition`] | images of the weighted sum of two models |
//! | [`interpolation`] | from one sample to another |
//! | [`anomaly`] | energies of images, and the threshold above which they are anomalies |

pub mod anomaly;
pub mod composition;
pub mod inpainting;
pub mod interpolation;

use crate::arithmetic::random::generator;
use rayon::prelude::*;
use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_sampler::solver::{Drift, Sde};
use vapo_sampler::wide::Unpacked;
use vapo_sampler::{Error, Noise, Plan, PlanFor, Potential, Sampler, Schedule, Solver};

/// How to sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Number of images.
    pub count: usize,
    /// Integrator.
    pub solver: Solver,
    /// Times at which it stops.
    pub schedule: Schedule,
    /// η of the SDE; 0 is the deterministic flow.
    pub temperature: f32,
    /// Image i is drawn from a generator of seed `seed` + i, as a device given that seed draws it.
    pub seed: u64,
}

/// Why there are no samples.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SamplingError {
    /// The sampler refused, the temperature for instance.
    #[error(transparent)]
    Refused(#[from] Error),
    /// An image holds a value that is infinite or not a number.
    #[error(
        "image {image} holds numbers that are not finite: training diverged (try a lower --lr), or the temperature is \
         too high"
    )]
    NotFinite {
        /// Its position, from 0.
        image: usize,
    },
    /// A drift has no direction, so that it makes no angle with another.
    #[error(
        "the drifts at time {time} on the way of image {image} make no angle: one is zero or not finite (training \
         diverged, or the weights are all zero)"
    )]
    NoAngle {
        /// The trajectory's position, from 0.
        image: usize,
        /// Time of the evaluation.
        time: f32,
    },
    /// There is no trajectory to compare along.
    #[error("drifts are compared along at least 1 trajectory, found 0: ask for more")]
    NothingCompared,
}

/// A model with what all its samplers share: where its activations lie, and its weights as this processor multiplies them.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    model: &'a Model<'a>,
    plan: PlanFor<MAX_NODES>,
    unpacked: Unpacked,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(model: &'a Model<'a>) -> Result<Self, Error> {
        Ok(Prepared { model, plan: PlanFor::new(model)?, unpacked: Unpacked::new(model) })
    }

    /// Memory for one sampler.
    pub(crate) fn arena(&self, solver: Solver) -> Vec<f32> {
        vec![0.0; self.plan.elements_with(solver)]
    }

    pub(crate) fn sampler<'s>(&'s self, solver: Solver, arena: &'s mut [f32]) -> Result<Sampler<'s>, Error> {
        Ok(Sampler::new(self.model, &self.plan, solver, arena)?.unpacked(&self.unpacked))
    }

    /// Memory for one potential.
    pub(crate) fn memory(&self) -> Vec<f32> {
        vec![0.0; self.plan.elements()]
    }

    pub(crate) fn potential<'s>(&'s self, memory: &'s mut [f32]) -> Result<Potential<'s>, Error> {
        Ok(Potential::new(self.model, &self.plan, memory)?.unpacked(&self.unpacked))
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// `count` images (N, H, W, C), about [-1, 1], on the threads of the current pool. The same bytes on any number.
///
/// # Errors
/// A temperature that is negative or not finite, or an image that is not finite.
pub fn sample(model: &Model<'_>, settings: &Settings) -> Result<Vec<f32>, SamplingError> {
    sample_telling(model, settings, || ())
}

/// As [`sample`]. `told` is called after every image, from the thread that drew it.
///
/// # Errors
/// As [`sample`].
pub fn sample_telling(
    model: &Model<'_>,
    settings: &Settings,
    told: impl Fn() + Sync,
) -> Result<Vec<f32>, SamplingError> {
    let (prepared, elements) = (Prepared::new(model)?, model.signal().elements());
    let mut images = vec![0.0; settings.count * elements];
    images.par_chunks_mut(elements).enumerate().try_for_each_init(
        || prepared.arena(settings.solver),
        |arena, (index, image)| {
            let mut noise = Noise::new(generator(settings.seed.wrapping_add(index as u64)));
            let mut sampler = prepared.sampler(settings.solver, arena)?;
            sampler.sample(settings.schedule, settings.temperature, &mut noise, image)?;
            told();
            Ok::<(), Error>(())
        },
    )?;
    finite(images, elements)
}

/// The images, if every value is finite. Looked for in order, so that the same image is named on any number of threads.
pub(crate) fn finite(images: Vec<f32>, elements: usize) -> Result<Vec<f32>, SamplingError> {
    match images.chunks_exact(elements).position(|image| image.iter().any(|value| !value.is_finite())) {
        Some(image) => Err(SamplingError::NotFinite { image }),
        None => Ok(images),
    }
}

/// Values of a chunk of [`chunks`], at most, and images of one.
const CHUNK_VALUES: usize = 1 << 22;
const CHUNK_IMAGES: usize = 1024;

/// The images of [`sample`], a chunk at a time, so that a great many need no memory to match. Each chunk is drawn when
/// it is asked for, on the threads of the pool that is current then.
pub fn chunks<'a>(
    model: &'a Model<'a>,
    settings: &Settings,
) -> impl Iterator<Item = Result<Vec<f32>, SamplingError>> + Send + use<'a> {
    let settings = *settings;
    let chunk = (CHUNK_VALUES / model.signal().elements().max(1)).clamp(1, CHUNK_IMAGES);
    (0..settings.count).step_by(chunk).map(move |first| {
        let count = chunk.min(settings.count - first);
        let seed = settings.seed.wrapping_add(first as u64);
        sample(model, &Settings { count, seed, ..settings }).map_err(|cause| match cause {
            SamplingError::NotFinite { image } => SamplingError::NotFinite { image: first + image },
            cause => cause,
        })
    })
}

/// How far the drifts of two models of one architecture agree, along trajectories of the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Mean cosine of the angle between the drifts.
    pub mean_cosine: f64,
    /// Smallest cosine.
    pub least_cosine: f64,
}

/// Compares the drifts of `model` and `other` at every evaluation of `settings.count` trajectories of `model`. `told` is
/// called after every trajectory, from the thread that computed it.
///
/// # Errors
/// No trajectories, a temperature that is negative or not finite, or a drift that is zero or not finite: its cosine with
/// any other is undefined.
pub fn agreement(
    model: &Model<'_>,
    other: &Model<'_>,
    settings: &Settings,
    told: impl Fn() + Sync,
) -> Result<Agreement, SamplingError> {
    let (prepared, elements) = ([Prepared::new(model)?, Prepared::new(other)?], model.signal().elements());
    let trajectory = |index: usize| -> Result<Vec<f64>, SamplingError> {
        let [prepared, other_prepared] = &prepared;
        let [mut memory, mut other_memory] = [prepared, other_prepared].map(Prepared::memory);
        let mut compared = Compared {
            model: prepared.potential(&mut memory)?,
            other: other_prepared.potential(&mut other_memory)?,
            of_other: vec![0.0; elements],
            cosines: Vec::new(),
            undefined: None,
        };
        let mut noise = Noise::new(generator(settings.seed.wrapping_add(index as u64)));
        let (mut x, mut buffers) = (vec![0.0; elements], vec![0.0; settings.solver.buffers() * elements]);
        noise.fill(&mut x);
        let homotopy = model.homotopy();
        let sde = Sde { drift: &mut compared, homotopy, temperature: settings.temperature };
        settings.solver.integrate(sde, settings.schedule, &mut noise, &mut x, &mut buffers, |_, _| ())?;
        told();
        match compared.undefined {
            Some(time) => Err(SamplingError::NoAngle { image: index, time }),
            None => Ok(compared.cosines),
        }
    };
    // All are computed before the first error is looked for, so that the same image is named on any number of threads.
    let trajectories: Vec<Result<Vec<f64>, SamplingError>> =
        (0..settings.count).into_par_iter().map(trajectory).collect();
    let cosines: Vec<f64> = trajectories.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let least_cosine = cosines.iter().copied().reduce(f64::min).ok_or(SamplingError::NothingCompared)?;
    let mean_cosine = cosines.iter().sum::<f64>() / cosines.len() as f64;
    Ok(Agreement { mean_cosine, least_cosine })
}

/// The drift of one model, noting how far that of another agrees.
struct Compared<'a> {
    model: Potential<'a>,
    other: Potential<'a>,
    of_other: Vec<f32>,
    cosines: Vec<f64>,
    /// Time of the first evaluation at which the drifts make no angle.
    undefined: Option<f32>,
}

impl Drift for Compared<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        let potential = self.model.drift(x, time, drift)?;
        self.other.drift(x, time, &mut self.of_other)?;
        match cosine(drift, &self.of_other) {
            Some(cosine) => self.cosines.push(cosine),
            None => self.undefined = self.undefined.or(Some(time)),
        }
        Ok(potential)
    }
}

/// Cosine of the angle between two drifts; none where one is zero or not finite.
fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    Some(dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).filter(|cosine| cosine.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantise::model_file;
    use crate::run::preset::Preset;
    use vapo_format::{Architecture, Encoding, Homotopy, Shape};

    fn architecture() -> Architecture {
        let image = Shape { channels: 1, height: 8, width: 8 };
        Preset::named("tiny").unwrap().architecture(image, Homotopy::Linear)
    }

    /// A model of weights that are all the same.
    fn model(weight: f32) -> Vec<u8> {
        model_file(&architecture(), &vec![weight; architecture().parameters()], Encoding::Float32).unwrap()
    }

    fn compare(model: &[u8], other: &[u8], count: usize) -> Result<Agreement, SamplingError> {
        let schedule = Schedule::uniform(3).unwrap();
        let settings = Settings { count, solver: Solver::Euler, schedule, temperature: 0.0, seed: 4 };
        agreement(&Model::parse(model).unwrap(), &Model::parse(other).unwrap(), &settings, || ())
    }

    #[test]
    fn a_cosine_is_none_where_there_is_no_angle() {
        let exact = |a: &[f32], b: &[f32]| cosine(a, b).unwrap();
        assert_eq!(exact(&[3.0, 4.0], &[3.0, 4.0]), 1.0);
        assert_eq!(exact(&[3.0, 4.0], &[-3.0, -4.0]), -1.0);
        assert_eq!(exact(&[3.0, 4.0], &[4.0, 3.0]), 0.96);
        // The squares of these are beyond f32.
        assert!((exact(&[1e38, 0.0], &[1e38, 1e38]) - 0.5_f64.sqrt()).abs() < 1e-12);
        assert!((exact(&[1e-38, 0.0], &[1e-38, 1e-38]) - 0.5_f64.sqrt()).abs() < 1e-6);
        for nothing in [[0.0, 0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0], [1.0, f32::NEG_INFINITY]] {
            assert_eq!((cosine(&nothing, &[1.0, 2.0]), cosine(&[1.0, 2.0], &nothing)), (None, None));
        }
    }

    #[test]
    fn drifts_that_make_no_angle_are_an_error() {
        let (some, zero, large) = (model(0.1), model(0.0), model(1e30));
        assert_eq!(compare(&some, &some, 2).map(|found| (found.least_cosine * 1e6).round()), Ok(1e6));
        for (one, other) in [(&zero, &some), (&some, &zero), (&zero, &zero), (&some, &large)] {
            assert_eq!(compare(one, other, 2), Err(SamplingError::NoAngle { image: 0, time: 0.0 }));
        }
        assert_eq!(compare(&some, &some, 0), Err(SamplingError::NothingCompared));
    }
}
