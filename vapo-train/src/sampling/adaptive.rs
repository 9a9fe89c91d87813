//! Samples of the deterministic flow in steps as long as their error allows, a sample by itself.
//!
//! Published implementations control the error over a whole batch, so that a sample depends on its neighbours. Here each has steps of
//! its own: the same bytes alone and among others. The state is kept in f64; the drift is that of the model file, in f32.
//!
//! Source of the times: Song et al., *Score-based generative modeling through stochastic differential equations*, 2021,
//! arXiv:2011.13456, appendix C; the flow begins and ends a little inside 0 to 1.

use crate::arithmetic::random::generator;
use crate::sampling::ode::{Control, Method, Stopped, integrate};
use crate::sampling::{Asked, Drawn, Prepared, SamplingError};
use rayon::prelude::*;
use vapo_format::Model;
use vapo_sampler::{Error, Noise, Sampler, Solver};

/// Times at which the flow begins and ends.
pub const SPAN: [f64; 2] = [1e-5, 1.0 - 1e-5];
/// Tolerance if not said otherwise.
pub const TOLERANCE: f64 = 1e-3;
/// Tolerances that there are. Below, the estimate of an error is f32's rounding; above, it allows any.
pub const TOLERANCES: [f64; 2] = [1e-7, 1.0];
/// Times are given to the potential in f32, which lie 6·10⁻⁸ apart below 1.
pub(crate) const LEAST_STEP: f64 = 1e-7;
/// A hundred times of what samples usually take at the default tolerance, and more.
pub const MOST_EVALUATIONS: u32 = 10_000;

/// How a step is taken, and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// The method.
    pub method: Method,
    /// Error of a step, absolute and relative, see [`Control`].
    pub tolerance: f64,
}

impl Adaptive {
    /// When a step is good enough, and when to give up.
    pub(crate) fn control(&self) -> Control {
        Control { tolerance: self.tolerance, least_step: LEAST_STEP, most_evaluations: MOST_EVALUATIONS }
    }
}

/// `count` images (N, H, W, C) and how many evaluations of the drift each took, on the threads of the current pool. Image i is drawn from
/// a generator of seed `seed` + i: the same bytes on any number of threads, and among any others.
///
/// # Errors
/// [`SamplingError::NotFinite`], [`SamplingError::Evaluations`], [`SamplingError::Step`]: of the first image that fails.
pub fn sample(
    model: &Model<'_>,
    adaptive: Adaptive,
    count: usize,
    seed: u64,
    asked: Asked,
) -> Result<Drawn, SamplingError> {
    let (prepared, elements) = (Prepared::new(model)?, model.signal().elements());
    let mut images = vec![0.0; count * elements];
    let draw = |arena: &mut Vec<f32>, (index, image): (usize, &mut [f32])| {
        // The solver takes no step; Euler has the least memory.
        let mut sampler = prepared.sampler(Solver::Euler, arena)?;
        sampler.set_condition(asked.condition(index))?;
        Noise::new(generator(seed.wrapping_add(index as u64))).fill(image);
        carry(&mut sampler, &adaptive, image).map_err(|cause| failure(cause, index))
    };
    let memory = || prepared.arena(Solver::Euler);
    let all: Vec<Result<u32, SamplingError>> =
        images.par_chunks_mut(elements).enumerate().map_init(memory, draw).collect();
    // In their order, so that the same image is named on any number of threads.
    let evaluations = all.into_iter().collect::<Result<_, _>>()?;
    Ok(Drawn { images, evaluations })
}

/// Carries an image over [`SPAN`], in place. Returns the evaluations of the drift.
fn carry(sampler: &mut Sampler<'_>, adaptive: &Adaptive, image: &mut [f32]) -> Result<u32, Stopped<Error>> {
    let mut y: Vec<f64> = image.iter().copied().map(f64::from).collect();
    let mut drift = vec![0.0; image.len()];
    let evaluations = integrate(adaptive.method, &adaptive.control(), SPAN, &mut y, |time, y, slope| {
        image.iter_mut().zip(y).for_each(|(x, y)| *x = *y as f32);
        sampler.drift(image, time as f32, &mut drift)?;
        slope.iter_mut().zip(&drift).for_each(|(slope, drift)| *slope = f64::from(*drift));
        Ok(())
    })?;
    image.iter_mut().zip(y).for_each(|(x, y)| *x = y as f32);
    Ok(evaluations)
}

/// Which image it is about.
pub(crate) fn failure(cause: Stopped<Error>, image: usize) -> SamplingError {
    match cause {
        Stopped::Field(cause) => SamplingError::Refused(cause),
        Stopped::NotFinite => SamplingError::NotFinite { image },
        Stopped::Evaluations { time } => SamplingError::Evaluations { image, time, most: MOST_EVALUATIONS },
        Stopped::Step { time } => SamplingError::Step { image, time, least: LEAST_STEP },
    }
}

#[cfg(test)]
mod tests;
