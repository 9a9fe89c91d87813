//! Log-densities of images under a model's flow, by the instantaneous change of variables.
//!
//! Along the flow ẋ = ∇Φ the log-density changes by d log p(x(t))/dt = −∇·∇Φ. So an image's is that of the noise that the flow leads
//! back to, log p₁(x₁) = log N(x₀) − ∫ ∇·∇Φ(x(t), t) dt. State and integral are carried together, backward in time, in adaptive steps
//! that are the image's own.
//!
//! The divergence of a gradient is the trace of a Hessian, ∇²Φ, which is symmetric. Hutchinson's estimate of it is the mean of εᵀ∇²Φε
//! over probes ε of independent signs, which stay the same all the way. It has no bias, and no error where ∇²Φ is diagonal.
//!
//! A model file's weights are evaluated here by the trainer's potential in f64, along ε by a central difference of drifts. In f64 its
//! error is some 10⁻⁸ of a curvature. The sampler's drift is in f32, whose rounding such a difference would magnify ten thousand times; and the
//! dual pass of training, though exact, gives gradients of weights, not of images. Integer arithmetic has no derivatives at all.
//!
//! Source: Grathwohl et al., *FFJORD*, 2019, arXiv:1810.01367, equations 3 and 8; Song et al., *Score-based generative modeling through
//! stochastic differential equations*, 2021, arXiv:2011.13456, section 4.3 and appendix D.2.

mod flow;
#[cfg(test)]
mod tests;

use crate::arithmetic::random::{generator, uniform};
use crate::dataset::Dataset;
use crate::ops::fused::memory::Memory;
use crate::quantise::parameters;
use crate::sampling::adaptive::{LEAST_STEP, SPAN};
use crate::sampling::ode::{Control, Method, Stopped, integrate};
use flow::Flow;
use rand_core::Rng;
use rayon::prelude::*;
use std::convert::Infallible;
use vapo_format::Model;

/// Tolerance if not said otherwise: that of Song et al.
pub const TOLERANCE: f64 = 1e-5;
/// Tolerances that there are.
pub const TOLERANCES: [f64; 2] = [1e-10, 1.0];
/// Evaluations of drift and divergence that an image may take.
pub const MOST_EVALUATIONS: u32 = 100_000;
/// How log-densities are measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Probes of the divergence, at least 1: K cost 1 + 2K drifts an evaluation.
    pub probes: usize,
    /// Image i of the data set has its noise and its probes from a generator of seed `seed` + i.
    pub seed: u64,
    /// Error of a step, absolute and relative, see [`Control`].
    pub tolerance: f64,
}

/// The log-density of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likelihood {
    /// The image's position in the data set.
    pub image: usize,
    /// log p₁ in nats, a density of values in [-1, 1].
    pub log_density: f64,
    /// −log₂ of the density of grey levels, a value.
    pub bits: f64,
    /// Evaluations of drift and divergence.
    pub evaluations: u32,
}

/// Why there is no log-density.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LikelihoodError {
    /// The model computes in integers.
    #[error(
        "the model computes in integers, whose drift has no derivative: give one of float arithmetic, as a run's model-int8.vapo of the \
         same weights, or model-float32.vapo"
    )]
    Integers,
    /// The data set has no grey levels.
    #[error("expected images, whose grey levels are counted in bits, found a series: give a data set of images")]
    Series,
    /// A way holds a number that is infinite or none.
    #[error("the way of image {image} holds numbers that are not finite: training diverged (try a lower --lr)")]
    NotFinite {
        /// Its position in the data set.
        image: usize,
    },
    /// An image takes more evaluations than there may be.
    #[error(
        "image {image} is at time {time} after the most evaluations that there may be, {MOST_EVALUATIONS}: take a higher --tolerance"
    )]
    Evaluations {
        /// Its position in the data set.
        image: usize,
        /// Time that it reached.
        time: f64,
    },
    /// A step of the least length makes too large an error.
    #[error(
        "image {image} is at time {time}, and a step of the least length, {LEAST_STEP}, errs by more than the tolerance: take a higher \
         --tolerance"
    )]
    Step {
        /// Its position in the data set.
        image: usize,
        /// Time that it reached.
        time: f64,
    },
}

/// The log-densities of images of a data set with grey levels, at these positions, on the threads of the current pool: the same on any
/// number. Of a model of classes, that of whatever class. `told` is called after every image, from the thread that had it.
///
/// A grey level stands for the interval around it: uniform noise of its width is added to each value. The mean of the bits of such images
/// is at least the bits of the levels themselves (Theis et al., *A note on the evaluation of generative models*, 2016, arXiv:1511.01844).
///
/// # Errors
/// [`LikelihoodError`]: of the first image that fails.
///
/// # Panics
/// Images of another extent than the model's, or no probes.
pub fn likelihoods(
    model: &Model<'_>,
    dataset: &Dataset,
    indices: &[usize],
    settings: &Settings,
    told: impl Fn() + Sync,
) -> Result<Vec<Likelihood>, LikelihoodError> {
    assert!(dataset.shape() == model.signal() && settings.probes > 0, "images of another extent, or no probes");
    let level = f64::from(dataset.images().map_err(|_| LikelihoodError::Series)?.grey_level());
    let parameters = parameters(model).ok_or(LikelihoodError::Integers)?;
    let flow = Flow::new(&model.architecture(), &parameters);
    let of_image = |memory: &mut Memory, &image: &usize| {
        let mut generator = generator(settings.seed.wrapping_add(image as u64));
        let x = dequantised(dataset, image, level, &mut generator);
        let probes = signs(settings.probes * x.len(), &mut generator);
        let found = log_density(&flow, x, &probes, settings.tolerance, memory);
        told();
        let (log_density, evaluations) = found.map_err(|cause| failure(cause, image))?;
        let bits = bits(log_density, model.signal().elements(), level);
        Ok(Likelihood { image, log_density, bits, evaluations })
    };
    let all: Vec<Result<Likelihood, LikelihoodError>> =
        indices.par_iter().map_init(Memory::default, of_image).collect();
    // In their order, so that the same image is named on any number of threads.
    all.into_iter().collect()
}

/// An image of the data set with noise within its grey levels, which are so far apart.
fn dequantised(dataset: &Dataset, image: usize, level: f64, generator: &mut impl Rng) -> Vec<f64> {
    let mut values = Vec::new();
    dataset.fill(&[image], &mut values);
    values.into_iter().map(|value| f64::from(value) + level * (f64::from(uniform(generator)) - 0.5)).collect()
}

/// As many numbers, each 1 or −1.
fn signs(count: usize, generator: &mut impl Rng) -> Vec<f64> {
    (0..count).map(|_| if generator.next_u32() >> 31 == 0 { 1.0 } else { -1.0 }).collect()
}

/// Bits a value, −log₂ p₁ / d − log₂ w, of grey levels that are w apart: a density a level is w times one a unit of value. Of 256 levels
/// −log₂ w is log₂ 127.5 = 6.994. (Song et al. add 7, log₂ 128: they stretch the levels over [-1, 1] with the noise; here it goes half a
/// level beyond.)
fn bits(log_density: f64, values: usize, level: f64) -> f64 {
    -log_density / (values as f64 * std::f64::consts::LN_2) - libm::log2(level)
}

/// log p₁(x) of an image (H, W, C) by probes (K, H, W, C), and evaluations of drift and divergence.
fn log_density(
    flow: &Flow,
    mut x: Vec<f64>,
    probes: &[f64],
    tolerance: f64,
    memory: &mut Memory,
) -> Result<(f64, u32), Stopped<Infallible>> {
    let values = x.len();
    // The integral is one more element: ∫∇·∇Φ from 1 on, backward.
    x.push(0.0);
    let control = Control { tolerance, least_step: LEAST_STEP, most_evaluations: MOST_EVALUATIONS };
    let [start, end] = SPAN;
    let evaluations = integrate(Method::Rk45, &control, [end, start], &mut x, |time, y, slope| {
        let (drift, divergence) = slope.split_at_mut(values);
        divergence.fill(flow.evaluate(&y[..values], time, probes, drift, memory));
        Ok(())
    })?;
    let (noise, integral) = (&x[..values], x[values]);
    let squares: f64 = noise.iter().map(|value| value * value).sum();
    let prior = -0.5 * (squares + values as f64 * libm::log(std::f64::consts::TAU));
    Ok((prior + integral, evaluations))
}

/// Which image it is about.
fn failure(cause: Stopped<Infallible>, image: usize) -> LikelihoodError {
    match cause {
        Stopped::Field(never) => match never {},
        Stopped::NotFinite => LikelihoodError::NotFinite { image },
        Stopped::Evaluations { time } => LikelihoodError::Evaluations { image, time },
        Stopped::Step { time } => LikelihoodError::Step { image, time },
    }
}
