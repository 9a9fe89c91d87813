//! Samples a model file on the host through `vapo-sampler`, the same code as on a device.
//!
//! | module | concept |
//! |---|---|
//! | [`integrator`] | draws samples in fixed or adaptive steps |
//! | [`adaptive`] | steps as long as their error allows |
//! | [`ode`] | Runge–Kutta methods that estimate their error |
//! | [`inpainting`] | images restored where they are masked |
//! | [`classification`] | the class of images by energies |
//! | [`series`] | gaps of a series, filled |
//! | [`composition`] | images of the weighted sum of two models |
//! | [`interpolation`] | from one sample to another |
//! | [`paths`] | how straight the paths from noise to samples are |
//! | [`likelihood`] | the log-densities of images |
//! | [`anomaly`] | energies of images, and the threshold above which they are anomalies |
//! | [`asked`] | the class of each image to draw |
//! | [`agreement`](mod@agreement) | how far the drifts of two models agree |

pub mod adaptive;
pub mod agreement;
pub mod anomaly;
pub mod asked;
pub mod classification;
pub mod composition;
pub mod inpainting;
pub mod integrator;
pub mod interpolation;
pub mod likelihood;
pub mod ode;
pub mod paths;
pub mod series;

use crate::arithmetic::random::generator;
use rayon::prelude::*;
use vapo_format::Model;
use vapo_format::architecture::MAX_NODES;
use vapo_sampler::kernel::wide::Unpacked;
use vapo_sampler::{Error, Noise, Plan, PlanFor, Potential, Sampler, Schedule, Solver};

pub use agreement::{Agreement, agreement};
pub use asked::{Asked, Classes};
pub use integrator::{Integrator, Request, chunks};

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
    /// Which classes they are asked for.
    pub asked: Asked,
}

/// Samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// (N, H, W, C), about [-1, 1].
    pub images: Vec<f32>,
    /// Evaluations of the condition's drift that each image took, where steps are adaptive; else empty, as all take the same.
    pub evaluations: Vec<u32>,
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
        "image {image} holds numbers that are not finite: training diverged (try a lower --lr), or the temperature, \
         the extrapolation or the guidance is too high"
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
    /// An image takes more evaluations than there may be.
    #[error(
        "image {image} is at time {time} after the most evaluations that there may be, {most}: take a higher --tolerance, or a solver \
         of fixed steps; a model of integer arithmetic is rounded, which bounds how low a tolerance can be"
    )]
    Evaluations {
        /// Its position, from 0.
        image: usize,
        /// Time that it reached.
        time: f64,
        /// Evaluations of a drift.
        most: u32,
    },
    /// A step of the least length makes too large an error.
    #[error(
        "image {image} is at time {time}, and a step of the least length, {least}, errs by more than the tolerance: take a higher \
         --tolerance, or a solver of fixed steps"
    )]
    Step {
        /// Its position, from 0.
        image: usize,
        /// Time that it reached.
        time: f64,
        /// Length of a step.
        least: f64,
    },
    /// There is no trajectory to compare along.
    #[error("drifts are compared along at least 1 trajectory, found 0: ask for more")]
    NothingCompared,
}

impl SamplingError {
    /// The same of an image that `first` others come before.
    fn of_later(mut self, first: usize) -> Self {
        match &mut self {
            SamplingError::NotFinite { image }
            | SamplingError::NoAngle { image, .. }
            | SamplingError::Evaluations { image, .. }
            | SamplingError::Step { image, .. } => *image += first,
            SamplingError::Refused(_) | SamplingError::NothingCompared => {}
        }
        self
    }
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

    /// Memory for one sampler, guided or not.
    pub(crate) fn arena(&self, solver: Solver) -> Vec<f32> {
        vec![0.0; self.plan.elements_guided(solver)]
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
    finite(drawn(model, settings, told)?, model.signal().elements())
}

/// As [`sample_telling`], of whatever values.
fn drawn(model: &Model<'_>, settings: &Settings, told: impl Fn() + Sync) -> Result<Vec<f32>, SamplingError> {
    let (prepared, elements) = (Prepared::new(model)?, model.signal().elements());
    let mut images = vec![0.0; settings.count * elements];
    images.par_chunks_mut(elements).enumerate().try_for_each_init(
        || prepared.arena(settings.solver),
        |arena, (index, image)| {
            let mut noise = Noise::new(generator(settings.seed.wrapping_add(index as u64)));
            let mut sampler = prepared.sampler(settings.solver, arena)?;
            sampler.set_condition(settings.asked.condition(index))?;
            sampler.sample(settings.schedule, settings.temperature, &mut noise, image)?;
            told();
            Ok::<(), Error>(())
        },
    )?;
    Ok(images)
}

/// Turns values (N, H, W, C) into the raw numbers that they stand for, by the model's own scaling.
pub fn to_raw(model: &Model<'_>, values: &mut [f32]) {
    let channels = usize::from(model.signal().channels);
    for pixel in values.chunks_exact_mut(channels) {
        pixel.iter_mut().enumerate().for_each(|(channel, value)| *value = model.scaling(channel).raw(*value));
    }
}

/// The images, if every value is finite. Looked for in order, so that the same image is named on any number of threads.
pub(crate) fn finite(images: Vec<f32>, elements: usize) -> Result<Vec<f32>, SamplingError> {
    match images.chunks_exact(elements).position(|image| image.iter().any(|value| !value.is_finite())) {
        Some(image) => Err(SamplingError::NotFinite { image }),
        None => Ok(images),
    }
}
