//! Carries a sample along the flow, from noise to data.
//!
//! All solvers integrate dx = f dt + g dW ([`sde`]) over the steps of a [`Schedule`]. At temperature 0 it is the
//! deterministic flow dx = ∇Φ dt, and the generator is not asked for a single number. The last step adds no noise,
//! and the drift is never evaluated at time 1, where the Bayes homotopy is singular.
//!
//! [`Solver::integrate`] does all steps in one call. An [`Integration`] does them in parts, for callers that have other things
//! to do in between.
//!
//! # Example
//!
//! ```
//! use rand_xoshiro::{Xoshiro128PlusPlus, rand_core::SeedableRng};
//! use vapo_format::Homotopy;
//! use vapo_sampler::solver::{Drift, Sde};
//! use vapo_sampler::{Error, Noise, Schedule, Solver};
//!
//! /// The exact drift where all data is one number: it leads there from any noise.
//! struct Towards(f32);
//!
//! impl Drift for Towards {
//!     fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
//!         drift.iter_mut().zip(x).for_each(|(drift, x)| *drift = (self.0 - x) / (1.0 - time));
//!         Ok(())
//!     }
//! }
//!
//! for solver in Solver::ALL {
//!     let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
//!     let mut x = [noise.draw(), noise.draw()];
//!     let mut buffers = vec![0.0; solver.buffers() * x.len()];
//!     let sde = Sde { drift: &mut Towards(0.5), homotopy: Homotopy::Linear, temperature: 0.0 };
//!     solver.integrate(sde, Schedule::uniform(4)?, &mut noise, &mut x, &mut buffers, |_, _| ())?;
//!     assert!(x.iter().all(|x| (x - 0.5).abs() < 1e-5));
//!     println!("{}: {} evaluations for 4 steps", solver.name(), solver.evaluations(4));
//! }
//! assert_eq!((Solver::Etd2.usual_temperature(), Solver::Etd2.restoring_temperature()), (0.3, 8.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ab2;
mod etd2;
mod euler;
mod heun;
mod integration;
pub mod sde;

use crate::error::Error;
use crate::noise::Noise;
use crate::schedule::{Schedule, Step};
use core::ops::Range;
pub(crate) use integration::groups;
pub use integration::{GROUP, Integration, Progress};
use rand_core::Rng;
pub use sde::Sde;

/// A field ∇Φ(x, t) that a solver follows. [`crate::Potential`] is one.
pub trait Drift {
    /// Sets `drift` to ∇ₓΦ(x, time). Both slices are as long as a sample.
    ///
    /// # Errors
    /// [`Error::Length`] where a slice has another length.
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error>;

    /// Number of parts that [`Drift::compute`] can compute one by one. By default a drift has one part.
    fn parts(&self) -> u32 {
        1
    }

    /// Computes some of a drift's parts. All of them in order, of the same `x`, `time` and `drift`, do what [`Drift::drift`] does.
    ///
    /// # Errors
    /// As [`Drift::drift`].
    fn compute(&mut self, _parts: Range<u32>, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.drift(x, time, drift)
    }

    /// Whether [`Drift::carry`] moves an element of x, and not the solver. By default the solver moves all.
    fn is_held(&self, _index: usize) -> bool {
        false
    }

    /// Carries what is held over a step, at whose start the drift is `drift`. Both slices begin with the element `first` of a sample, and
    /// may end before its last.
    fn carry(&mut self, _first: usize, _x: &mut [f32], _drift: &[f32], _step: Step) {}
}

impl<D: Drift> Drift for &mut D {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        (**self).drift(x, time, drift)
    }

    fn parts(&self) -> u32 {
        (**self).parts()
    }

    fn compute(&mut self, parts: Range<u32>, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        (**self).compute(parts, x, time, drift)
    }

    fn is_held(&self, index: usize) -> bool {
        (**self).is_held(index)
    }

    fn carry(&mut self, first: usize, x: &mut [f32], drift: &[f32], step: Step) {
        (**self).carry(first, x, drift, step);
    }
}

/// A part is a node, forward or in reverse.
impl Drift for crate::Potential<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        crate::Potential::drift(self, x, time, drift).map(|_| ())
    }

    fn parts(&self) -> u32 {
        crate::Potential::parts(self)
    }

    fn compute(&mut self, parts: Range<u32>, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        crate::Potential::compute(self, parts, x, time, drift)
    }
}

/// How a step is taken. The orders are those at temperature 0; with noise, whose size is taken at a step's start, every
/// solver's density has order 1. N is the number of the schedule's steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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

    /// The temperature that samples are usually drawn at. Noise that a solver treats exactly corrects the model's errors. With
    /// the other solvers, and the few steps of a device, noise costs more than it corrects.
    pub const fn usual_temperature(self) -> f32 {
        match self {
            Solver::Euler | Solver::Heun | Solver::Ab2 => 0.0,
            Solver::Etd2 => 0.3,
        }
    }

    /// The temperature that images are usually restored at. A high temperature makes missing elements forget the noise they
    /// began with, so that they fit the known ones. With few steps, only the solver that treats noise exactly stays accurate.
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
    /// `observe` is called before each step, with the step and the drift ∇Φ at its start.
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
        let Sde { drift, homotopy, temperature } = sde;
        let mut integration = Integration::new(self, schedule, homotopy, temperature)?;
        while !integration.is_done() {
            integration.advance(u32::MAX, drift, noise, x, buffers, &mut observe)?;
        }
        Ok(())
    }
}

/// Parts of two drifts after each other, of which the first has `first`: those of the one, and those of the other by its own numbers.
pub(crate) fn part_at(parts: Range<u32>, first: u32) -> [Range<u32>; 2] {
    let Range { start, end } = parts;
    [start..end.min(first), start.saturating_sub(first)..end.saturating_sub(first)]
}

/// What belongs to the elements that the solver moves, of those from `first` on.
fn free<I: Iterator>(drift: &impl Drift, first: usize, elements: I) -> impl Iterator<Item = I::Item> {
    elements.enumerate().filter_map(move |(index, element)| (!drift.is_held(first + index)).then_some(element))
}

/// Adds noise of a standard deviation to the elements that the solver moves. However many these are, a number is drawn for every
/// element, so that what is held does not change which noise the others get.
fn diffuse<R: Rng>(drift: &impl Drift, first: usize, x: &mut [f32], std: f32, noise: &mut Noise<R>) {
    if std > 0.0 {
        free(drift, first, x.iter_mut().map(|x| (x, noise.draw()))).for_each(|(x, drawn)| *x += std * drawn);
    }
}
