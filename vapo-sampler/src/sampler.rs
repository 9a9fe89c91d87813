//! The whole way from a model to an image.

use crate::error::Error;
use crate::inpainting::{Held, Known};
use crate::noise::Noise;
use crate::plan::Plan;
use crate::potential::Potential;
use crate::schedule::{Schedule, Step};
use crate::solver::{Sde, Solver};
use rand_core::Rng;
use vapo_format::Model;

/// A potential, a solver and the memory of both.
#[derive(Debug)]
pub struct Sampler<'a> {
    potential: Potential<'a>,
    solver: Solver,
    buffers: &'a mut [f32],
}

impl<'a> Sampler<'a> {
    /// A sampler that works in `arena`, of which it takes the first [`Plan::elements_with`] the solver.
    ///
    /// # Errors
    /// [`Error::Plan`] where the plan is of another model, [`Error::Arena`] where the arena has fewer elements.
    pub fn new(model: &'a Model<'a>, plan: &'a Plan, solver: Solver, arena: &'a mut [f32]) -> Result<Self, Error> {
        let (needed, given) = (plan.elements_with(solver), arena.len());
        let parts = arena.get_mut(..needed);
        let (memory, buffers) = parts
            .and_then(|arena| arena.split_at_mut_checked(plan.elements()))
            .ok_or(Error::Arena { needed, given })?;
        Ok(Sampler { potential: Potential::new(model, plan, memory)?, solver, buffers })
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
        self.potential.check(image)?;
        noise.fill(image);
        self.integrate(schedule, temperature, noise, image, |_, _| ())
    }

    /// Carries `x`, a sample of the flow at the schedule's start, to time 1, in place. `observe` is told each step
    /// before it is taken, and the drift ∇Φ at its start.
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
        self.potential.check(x)?;
        let homotopy = self.potential.homotopy();
        let sde = Sde { drift: &mut self.potential, homotopy, temperature };
        self.solver.integrate(sde, schedule, noise, x, self.buffers, observe)
    }

    /// Draws the prior from `noise` and carries it to time 1, as [`Sampler::sample`] does, but for the elements of the
    /// image that `known` gives a value of: they end as these values, and the others follow them. See
    /// [`crate::inpainting`].
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn inpaint<R: Rng + Clone>(
        &mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &mut Noise<R>,
        known: impl Fn(usize) -> Option<f32>,
        image: &mut [f32],
    ) -> Result<(), Error> {
        self.potential.check(image)?;
        let known = Known::new(noise, known);
        noise.fill(image);
        self.integrate_known(schedule, temperature, noise, &known, image, |_, _| ())
    }

    /// As [`Sampler::integrate`], with the `known` elements of `x` held on their path.
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn integrate_known<R: Rng + Clone, K: Fn(usize) -> Option<f32>>(
        &mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &mut Noise<R>,
        known: &Known<R, K>,
        x: &mut [f32],
        observe: impl FnMut(Step, &[f32]),
    ) -> Result<(), Error> {
        self.potential.check(x)?;
        let homotopy = self.potential.homotopy();
        let mut held = Held { drift: &mut self.potential, homotopy, known };
        let sde = Sde { drift: &mut held, homotopy, temperature };
        self.solver.integrate(sde, schedule, noise, x, self.buffers, observe)
    }

    /// The potential, for its value, its drift and its energy.
    pub fn potential(&mut self) -> &mut Potential<'a> {
        &mut self.potential
    }

    pub(crate) fn parts(&mut self) -> (&mut Potential<'a>, &mut [f32]) {
        (&mut self.potential, self.buffers)
    }
}
