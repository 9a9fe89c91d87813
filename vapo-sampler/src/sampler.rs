//! Draws an image from a model: in one call, or one layer a call, see [`Sampling`].
//!
//! # Example
//!
//! ```
//! use rand_xoshiro::{Xoshiro128PlusPlus, rand_core::SeedableRng};
//! use vapo_format::Model;
//! use vapo_sampler::{Condition, Noise, PlanFor, Sampler, Schedule, Solver};
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
//! # let bytes = example::model();
//!
//! let model = Model::parse(&bytes)?;
//! let plan = PlanFor::<32>::new(&model)?;
//! let mut arena = vec![0.0; plan.elements_guided(Solver::Etd2)];
//! let mut sampler = Sampler::new(&model, &plan, Solver::Etd2, &mut arena)?;
//! let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
//! let (schedule, mut x) = (Schedule::usual(4)?, [0.0; 64]);
//!
//! // A one, typical of its class.
//! sampler.set_condition(Condition { class: Some(1), guidance: 1.0 })?;
//! sampler.sample(schedule, 0.3, &mut noise, &mut x)?;
//!
//! // From noise that is already there, by another solver, told after every step.
//! sampler.set_condition(Condition::of(None))?;
//! sampler.set_solver(Solver::Heun)?;
//! noise.fill(&mut x);
//! sampler.integrate(schedule, 0.0, &mut noise, &mut x, |step, _| println!("time {}", step.end))?;
//!
//! // Restored: the first pixel is known. Then the same from noise that is there, and with each predicted image.
//! let known = |index| (index == 0).then_some(1.0);
//! sampler.inpaint(schedule, 0.0, &mut noise, known, &mut x)?;
//! assert_eq!(x[0], 1.0);
//! sampler.integrate_known(schedule, 0.0, &mut noise, known, &mut x, |_, _| ())?;
//! sampler.trajectory(schedule, 0.0, &mut noise, |_| None, &mut x, |moment| assert_eq!(moment.predicted().count(), 64))?;
//!
//! // The drift as a solver sees it, and the potential itself.
//! let mut drift = [0.0; 64];
//! sampler.drift(&x, 0.5, &mut drift)?;
//! assert_eq!(sampler.potential().classes(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod sampling;

use crate::condition::Condition;
use crate::error::Error;
use crate::guidance::Guided;
use crate::inpainting::Held;
use crate::noise::Noise;
use crate::plan::Plan;
use crate::potential::Potential;
use crate::schedule::{Schedule, Step};
use crate::solver::{Drift, Sde, Solver};
use crate::trajectory::{Moment, Told};
use rand_core::Rng;
pub use sampling::{Paused, Sampling};
use vapo_format::Model;

/// A potential, a solver and the memory of both.
#[derive(Debug)]
pub struct Sampler<'a> {
    potential: Potential<'a>,
    solver: Solver,
    buffers: &'a mut [f32],
    condition: Condition,
    /// A buffer for guidance, where the arena has room for one.
    other: &'a mut [f32],
}

impl<'a> Sampler<'a> {
    /// A sampler that works in `arena`. It takes the first elements, as many as [`Plan::elements_with`] says for the solver. If
    /// there are enough, it takes those of one more sample, for guidance.
    ///
    /// # Errors
    /// [`Error::Plan`] where the plan is of another model, [`Error::Arena`] where the arena has fewer elements.
    pub fn new(model: &'a Model<'a>, plan: &'a Plan, solver: Solver, arena: &'a mut [f32]) -> Result<Self, Error> {
        let (needed, given) = (plan.elements_with(solver), arena.len());
        let refused = Error::Arena { needed, given };
        let (parts, other) = arena.split_at_mut_checked(needed).ok_or(refused)?;
        let (memory, buffers) = parts.split_at_mut_checked(plan.elements()).ok_or(refused)?;
        let potential = Potential::new(model, plan, memory)?;
        Ok(Sampler { potential, solver, buffers, condition: Condition::default(), other })
    }

    /// From now on, samples are of this class. At first they are of any class. Evaluations of the potential itself keep their
    /// class, see [`Potential::set_class`].
    ///
    /// # Errors
    /// [`Error::Class`], [`Error::Guidance`]; [`Error::Arena`] if the arena has no room for the buffer of guidance, which is
    /// one sample more than [`Plan::elements_with`] says.
    pub fn set_condition(&mut self, condition: Condition) -> Result<(), Error> {
        condition.check(self.potential.classes())?;
        let (sample, given) = (self.potential.signal().elements(), self.other.len());
        if condition.is_guided() && given < sample {
            let before = self.potential.memory_elements() + self.buffers.len();
            return Err(Error::Arena { needed: before + sample, given: before + given });
        }
        self.condition = condition;
        Ok(())
    }

    /// Draws with another solver from now on.
    ///
    /// # Errors
    /// [`Error::Arena`] where it takes more buffers than the solver that the sampler was made with.
    pub fn set_solver(&mut self, solver: Solver) -> Result<(), Error> {
        let (needed, given) = (solver.buffers() * self.potential.signal().elements(), self.buffers.len());
        if given < needed {
            let before = self.potential.memory_elements();
            return Err(Error::Arena { needed: before + needed, given: before + given });
        }
        self.solver = solver;
        Ok(())
    }

    /// As [`Potential::unpacked`].
    #[cfg(feature = "wide")]
    #[must_use]
    pub fn unpacked(mut self, unpacked: &'a crate::kernel::wide::Unpacked) -> Self {
        self.potential = self.potential.unpacked(unpacked);
        self
    }

    /// Draws the prior from `noise`, carries it to time 1 and leaves the sample in `image`: H·W·C elements, about
    /// [-1, 1], not clamped.
    ///
    /// # Errors
    /// [`Error::Length`] where `image` is no image of the model, [`Error::Temperature`].
    pub fn sample<R: Rng>(
        &mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &mut Noise<R>,
        image: &mut [f32],
    ) -> Result<(), Error> {
        self.inpaint(schedule, temperature, noise, |_| None, image)
    }

    /// Carries `x`, a sample of the flow at the schedule's start, to time 1, in place. `observe` is called before each step,
    /// with the step and the drift ∇Φ at its start.
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn integrate<R: Rng>(
        &mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &mut Noise<R>,
        x: &mut [f32],
        observe: impl FnMut(Step, &[f32]),
    ) -> Result<(), Error> {
        self.integrate_known(schedule, temperature, noise, |_| None, x, observe)
    }

    /// Draws the prior from `noise` and carries it to time 1, as [`Sampler::sample`] does. If `known` gives a value for an
    /// element of the image, the element ends as this value, and the other elements fit it. See [`crate::inpainting`].
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn inpaint<R: Rng>(
        &mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &mut Noise<R>,
        known: impl Fn(usize) -> Option<f32>,
        image: &mut [f32],
    ) -> Result<(), Error> {
        self.start_inpaint(schedule, temperature, noise, known, image)?.finish(|_, _| ())
    }

    /// As [`Sampler::integrate`], but elements of `x` for which `known` gives a value end as this value.
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn integrate_known<R: Rng>(
        &mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &mut Noise<R>,
        known: impl Fn(usize) -> Option<f32>,
        x: &mut [f32],
        observe: impl FnMut(Step, &[f32]),
    ) -> Result<(), Error> {
        self.start_integrate_known(schedule, temperature, noise, known, x)?.finish(observe)
    }

    /// As [`Sampler::integrate_known`], to the same bits; `tell` is called before each step, with the state of `x`.
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn trajectory<R: Rng>(
        &mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &mut Noise<R>,
        known: impl Fn(usize) -> Option<f32>,
        x: &mut [f32],
        tell: impl FnMut(Moment<'_>),
    ) -> Result<(), Error> {
        self.potential.check(x)?;
        let homotopy = self.potential.homotopy();
        let other = self.other.get_mut(..x.len()).unwrap_or_default();
        let guided = Guided { potential: &mut self.potential, condition: self.condition, other };
        let mut told = Told { drift: Held { drift: guided, homotopy, known }, homotopy, tell };
        let sde = Sde { drift: &mut told, homotopy, temperature };
        self.solver.integrate(sde, schedule, noise, x, self.buffers, |_, _| ())
    }

    /// Sets `drift` to the drift that the solvers follow: that of the condition, with its guidance. For solvers of your own.
    ///
    /// # Errors
    /// [`Error::Length`] where x or `drift` is no sample of the model, [`Error::Plan`] where the plan is of the pass forward
    /// alone.
    pub fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.potential.check(x)?;
        let other = self.other.get_mut(..x.len()).unwrap_or_default();
        Guided { potential: &mut self.potential, condition: self.condition, other }.drift(x, time, drift)
    }

    /// The potential, for its value, its drift and its energy.
    pub fn potential(&mut self) -> &mut Potential<'a> {
        &mut self.potential
    }

    pub(crate) fn parts(&mut self) -> (&mut Potential<'a>, &mut [f32]) {
        (&mut self.potential, self.buffers)
    }
}
