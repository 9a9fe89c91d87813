//! Carries a sample along the flow, from noise to data.
//!
//! All solvers integrate dx = f dt + g dW ([`sde`]) over the steps of a [`Schedule`]. At temperature 0 it is the
//! deterministic flow dx = ∇Φ dt, and the generator is not asked for a single number. The last step adds no noise,
//! and the drift is never evaluated at time 1, where the Bayes homotopy is singular.

mod ab2;
mod etd2;
mod euler;
mod heun;
pub mod sde;

use crate::error::Error;
use crate::noise::Noise;
use crate::schedule::{Schedule, Step};
use rand_core::Rng;
pub use sde::Sde;

/// A field ∇Φ(x, t) that a solver follows. [`crate::Potential`] is one.
pub trait Drift {
    /// Sets `drift` to ∇ₓΦ(x, time) and returns Φ(x, time). Both slices are as long as a sample.
    ///
    /// # Errors
    /// [`Error::Length`] where a slice has another length.
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error>;

    /// Whether an element of x is not the solver's to move: [`Drift::carry`] moves it. If not said otherwise, none is.
    fn is_held(&self, _index: usize) -> bool {
        false
    }

    /// Carries the elements of `x` that are held over a step, at whose start the drift is `drift`.
    fn carry(&mut self, _x: &mut [f32], _drift: &[f32], _step: Step) {}
}

impl<D: Drift> Drift for &mut D {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        (**self).drift(x, time, drift)
    }

    fn is_held(&self, index: usize) -> bool {
        (**self).is_held(index)
    }

    fn carry(&mut self, x: &mut [f32], drift: &[f32], step: Step) {
        (**self).carry(x, drift, step);
    }
}

impl Drift for crate::Potential<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        crate::Potential::drift(self, x, time, drift)
    }
}

/// How a step is taken. The orders are those at temperature 0; with noise, whose size is taken at a step's start, every
/// solver's density has order 1. N is the number of the schedule's steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Solver {
    /// Euler–Maruyama, order 1: N evaluations of the drift, one buffer.
    Euler,
    /// Predictor and corrector, order 2: 2N − 1 evaluations, two buffers. The last step is Euler's.
    Heun,
    /// Two-step Adams–Bashforth, order 2: N evaluations, two buffers. The first step is Euler's.
    Ab2,
    /// Two-step exponential time differencing: N evaluations, two buffers. Exact where the predicted image stands still;
    /// order 2 up to its first and last step, which are of order 1 on equal steps.
    #[default]
    Etd2,
}

impl Solver {
    /// Every solver, the cheapest first.
    pub const ALL: [Solver; 4] = [Solver::Euler, Solver::Heun, Solver::Ab2, Solver::Etd2];

    /// Its name in requests and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Solver::Euler => "euler",
            Solver::Heun => "heun",
            Solver::Ab2 => "ab2",
            Solver::Etd2 => "etd2",
        }
    }

    /// The temperature that samples are usually drawn at. Noise that is taken up exactly corrects the model's errors;
    /// that of the other solvers costs more than it corrects at the few steps of a device.
    pub const fn usual_temperature(self) -> f32 {
        match self {
            Solver::Euler | Solver::Heun | Solver::Ab2 => 0.0,
            Solver::Etd2 => 0.3,
        }
    }

    /// The temperature that images are usually restored at. Heat makes what is missing forget the noise it began with, so that it
    /// follows what is known. Only the solver that takes up noise exactly bears it at few steps.
    pub const fn restoring_temperature(self) -> f32 {
        match self {
            Solver::Euler | Solver::Heun | Solver::Ab2 => 0.0,
            Solver::Etd2 => 8.0,
        }
    }

    /// Evaluations of the drift that a sample takes in `steps` steps.
    pub const fn evaluations(self, steps: u16) -> u32 {
        match self {
            Solver::Euler | Solver::Ab2 | Solver::Etd2 => steps as u32,
            Solver::Heun => (2 * steps as u32).saturating_sub(1),
        }
    }

    /// Buffers that [`Solver::integrate`] needs, each as long as a sample.
    pub const fn buffers(self) -> usize {
        match self {
            Solver::Euler => 1,
            Solver::Heun | Solver::Ab2 | Solver::Etd2 => 2,
        }
    }

    /// Carries `x` from the schedule's start to time 1, in place. `x` is a sample of the flow's density at the start:
    /// at time 0, standard Gaussian noise.
    ///
    /// `observe` is told each step before it is taken, and the drift ∇Φ at its start.
    ///
    /// # Errors
    /// [`Error::Temperature`], [`Error::Arena`] where `buffers` has fewer elements than [`Solver::buffers`] samples,
    /// and those of the drift.
    pub fn integrate<D: Drift, R: Rng>(
        self,
        sde: Sde<'_, D>,
        schedule: Schedule,
        noise: &mut Noise<R>,
        x: &mut [f32],
        buffers: &mut [f32],
        mut observe: impl FnMut(Step, &[f32]),
    ) -> Result<(), Error> {
        sde.check()?;
        let needed = self.buffers() * x.len();
        let refused = Error::Arena { needed, given: buffers.len() };
        // The second buffer is empty where the solver has one only.
        let (first, second) =
            buffers.get_mut(..needed).and_then(|all| all.split_at_mut_checked(x.len())).ok_or(refused)?;
        let (mut velocity, mut other) = (first, second);
        let mut previous_width = None;

        for step in schedule.steps() {
            let width = step.end - step.start;
            sde.drift.drift(x, step.start, velocity)?;
            observe(step, velocity);
            sde.drift.carry(x, velocity, step);
            if self == Solver::Etd2 {
                let factors = etd2::Factors::new(sde.homotopy, sde.temperature, step, previous_width);
                factors.advance(sde.drift, x, velocity, other);
                diffuse(sde.drift, x, factors.fresh, noise);
            } else {
                sde.temper(x, step.start, velocity);
                match (self, previous_width) {
                    (Solver::Ab2, Some(previous_width)) => {
                        ab2::advance(sde.drift, x, [velocity, other], [width, previous_width]);
                    }
                    _ => euler::advance(sde.drift, x, velocity, width),
                }
                if !step.last {
                    diffuse(sde.drift, x, sde.fresh(step.start, width), noise);
                }
            }
            if self == Solver::Heun && !step.last {
                sde.drift.drift(x, step.end, other)?;
                sde.temper(x, step.end, other);
                heun::correct(sde.drift, x, velocity, other, width);
            }
            if matches!(self, Solver::Ab2 | Solver::Etd2) {
                core::mem::swap(&mut velocity, &mut other);
                previous_width = Some(width);
            }
        }
        Ok(())
    }
}

/// What belongs to the elements that the solver moves.
fn free<I: Iterator>(drift: &impl Drift, elements: I) -> impl Iterator<Item = I::Item> {
    elements.enumerate().filter_map(|(index, element)| (!drift.is_held(index)).then_some(element))
}

/// Adds noise of a standard deviation to the elements that the solver moves. However many these are, a number is drawn for every
/// element, so that what is held does not change which noise the others get.
fn diffuse<R: Rng>(drift: &impl Drift, x: &mut [f32], std: f32, noise: &mut Noise<R>) {
    if std > 0.0 {
        free(drift, x.iter_mut().map(|x| (x, noise.draw()))).for_each(|(x, drawn)| *x += std * drawn);
    }
}
