//! Samples a model file on the host through `vapo-sampler`, the very code of the device.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro128PlusPlus;
use rayon::prelude::*;
use vapo_format::Model;
use vapo_sampler::solver::{Drift, Sde};
use vapo_sampler::{Error, Noise, Potential, Sampler, Schedule, Solver, arena};

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
}

/// The generator behind the image of a seed, on host and device.
pub fn generator(seed: u64) -> Xoshiro128PlusPlus {
    Xoshiro128PlusPlus::seed_from_u64(seed)
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
    let architecture = model.architecture();
    let elements = architecture.image.elements();
    let mut images = vec![0.0; settings.count * elements];
    images.par_chunks_mut(elements).enumerate().try_for_each_init(
        || vec![0.0; arena::elements(architecture, settings.solver)],
        |arena, (index, image)| {
            let mut noise = Noise::new(generator(settings.seed.wrapping_add(index as u64)));
            let mut sampler = Sampler::new(model, settings.solver, arena)?;
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
    let chunk = (CHUNK_VALUES / model.architecture().image.elements().max(1)).clamp(1, CHUNK_IMAGES);
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
/// A temperature that is negative or not finite.
pub fn agreement(
    model: &Model<'_>,
    other: &Model<'_>,
    settings: &Settings,
    told: impl Fn() + Sync,
) -> Result<Agreement, Error> {
    let architecture = model.architecture();
    let elements = architecture.image.elements();
    let trajectory = |index: usize| -> Result<Vec<f64>, Error> {
        let arena = || vec![0.0; arena::potential_elements(architecture)];
        let (mut arena, mut other_arena) = (arena(), arena());
        let mut compared = Compared {
            model: Potential::new(model, &mut arena)?,
            other: Potential::new(other, &mut other_arena)?,
            of_other: vec![0.0; elements],
            cosines: Vec::new(),
        };
        let mut noise = Noise::new(generator(settings.seed.wrapping_add(index as u64)));
        let (mut x, mut buffers) = (vec![0.0; elements], vec![0.0; settings.solver.buffers() * elements]);
        noise.fill(&mut x);
        let homotopy = architecture.homotopy;
        let sde = Sde { drift: &mut compared, homotopy, temperature: settings.temperature };
        settings.solver.integrate(sde, settings.schedule, &mut noise, &mut x, &mut buffers, |_, _| ())?;
        told();
        Ok(compared.cosines)
    };
    let cosines: Result<Vec<_>, Error> = (0..settings.count).into_par_iter().map(trajectory).collect();
    let cosines: Vec<f64> = cosines?.into_iter().flatten().collect();
    let mean_cosine = cosines.iter().sum::<f64>() / cosines.len() as f64;
    Ok(Agreement { mean_cosine, least_cosine: cosines.into_iter().fold(1.0, f64::min) })
}

/// The drift of one model, noting how far that of another agrees.
struct Compared<'a> {
    model: Potential<'a>,
    other: Potential<'a>,
    of_other: Vec<f32>,
    cosines: Vec<f64>,
}

impl Drift for Compared<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        let potential = self.model.drift(x, time, drift)?;
        self.other.drift(x, time, &mut self.of_other)?;
        self.cosines.push(cosine(drift, &self.of_other));
        Ok(potential)
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
