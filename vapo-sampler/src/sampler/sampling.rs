//! Draws a sample with one layer a call: for programs that have other things to do in between.

use super::Sampler;
use crate::error::Error;
use crate::guidance::Guided;
use crate::inpainting::Held;
use crate::noise::Noise;
use crate::schedule::{Schedule, Step};
use crate::solver::{GROUP, Integration, Progress, groups};
use rand_core::Rng;

/// A sample that is being drawn. [`Sampling::step`] computes one layer of one drift, forward or in reverse, or draws or moves [`GROUP`]
/// elements. The bytes are those of the function that does all in one call.
///
/// It borrows sampler, noise and image until it is dropped. You may drop it at any time. The sampler can then start a new
/// sample. The image holds something between noise and a sample.
///
/// ```
/// use rand_xoshiro::{Xoshiro128PlusPlus, rand_core::SeedableRng};
/// use vapo_format::Model;
/// use vapo_sampler::{Noise, Paused, PlanFor, Progress, Sampler, Sampling, Schedule, Solver};
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # let bytes = example::model();
///
/// let model = Model::parse(&bytes)?;
/// let plan = PlanFor::<32>::new(&model)?;
/// let mut arena = vec![0.0; plan.elements_with(Solver::Etd2)];
/// let mut sampler = Sampler::new(&model, &plan, Solver::Etd2, &mut arena)?;
/// let mut noise = Noise::new(Xoshiro128PlusPlus::seed_from_u64(7));
/// let (schedule, mut image) = (Schedule::usual(4)?, [0.0; 64]);
///
/// // A layer a call, between other tasks.
/// let mut sampling: Sampling<_> = sampler.start(schedule, 0.3, &mut noise, &mut image)?;
/// while let Progress::Working { done, all } = sampling.step()? {
///     assert!(done <= all);
/// }
/// assert!(sampling.sample().is_some());
///
/// // An interrupt handler cannot keep borrows: it pauses, and goes on.
/// let mut sampling = sampler.start(schedule, 0.3, &mut noise, &mut image)?;
/// sampling.advance(5, |_, _| ())?;
/// assert!(matches!(sampling.progress(), Progress::Working { .. }));
/// let paused: Paused = sampling.pause();
/// sampler.resume(paused, &mut noise, |_| None, &mut image)?.finish(|_, _| ())?;
///
/// // A restoration, from fresh noise and from noise that is there.
/// let known = |index| (index == 0).then_some(1.0);
/// sampler.start_inpaint(schedule, 0.0, &mut noise, known, &mut image)?.finish(|_, _| ())?;
/// sampler.start_integrate_known(schedule, 0.0, &mut noise, known, &mut image)?.finish(|_, _| ())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sampling<'s, 'a, R, K = fn(usize) -> Option<f32>> {
    sampler: &'s mut Sampler<'a>,
    way: Paused,
    noise: &'s mut Noise<R>,
    known: K,
    x: &'s mut [f32],
}

/// The progress of a sample, without references to its sampler, noise and image: for programs that cannot keep references from
/// one step to the next. [`Sampling::pause`] makes it, and [`Sampler::resume`] continues.
#[derive(Clone, Copy, Debug)]
pub struct Paused {
    integration: Integration,
    /// Elements of the prior that are to be drawn, and those that were.
    prior: usize,
    drawn: usize,
}

impl<'a> Sampler<'a> {
    /// Begins what [`Sampler::sample`] does, and leaves all of the work to [`Sampling::step`].
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn start<'s, R: Rng>(
        &'s mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &'s mut Noise<R>,
        image: &'s mut [f32],
    ) -> Result<Sampling<'s, 'a, R>, Error> {
        self.start_inpaint(schedule, temperature, noise, |_| None, image)
    }

    /// Begins what [`Sampler::inpaint`] does, as [`Sampler::start`] does.
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn start_inpaint<'s, R: Rng, K: Fn(usize) -> Option<f32>>(
        &'s mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &'s mut Noise<R>,
        known: K,
        image: &'s mut [f32],
    ) -> Result<Sampling<'s, 'a, R, K>, Error> {
        let mut sampling = self.start_integrate_known(schedule, temperature, noise, known, image)?;
        sampling.way.prior = sampling.x.len();
        Ok(sampling)
    }

    /// Begins what [`Sampler::integrate_known`] does. Where nothing is known, it is what [`Sampler::integrate`] does.
    ///
    /// # Errors
    /// As [`Sampler::sample`].
    pub fn start_integrate_known<'s, R: Rng, K: Fn(usize) -> Option<f32>>(
        &'s mut self,
        schedule: Schedule,
        temperature: f32,
        noise: &'s mut Noise<R>,
        known: K,
        x: &'s mut [f32],
    ) -> Result<Sampling<'s, 'a, R, K>, Error> {
        self.potential.check(x)?;
        let integration = Integration::new(self.solver, schedule, self.potential.homotopy(), temperature)?;
        self.resume(Paused { integration, prior: 0, drawn: 0 }, noise, known, x)
    }

    /// Continues a sample that was paused. Everything else must be unchanged: the sampler, which did nothing in between, the
    /// noise, the known values, and the image. Otherwise another sample results.
    ///
    /// # Errors
    /// [`Error::Length`].
    pub fn resume<'s, R: Rng, K: Fn(usize) -> Option<f32>>(
        &'s mut self,
        paused: Paused,
        noise: &'s mut Noise<R>,
        known: K,
        image: &'s mut [f32],
    ) -> Result<Sampling<'s, 'a, R, K>, Error> {
        self.potential.check(image)?;
        Ok(Sampling { sampler: self, way: paused, noise, known, x: image })
    }
}

impl<R: Rng, K: Fn(usize) -> Option<f32>> Sampling<'_, '_, R, K> {
    /// Computes one more layer, or moves [`GROUP`] more elements.
    ///
    /// # Errors
    /// As [`Sampler::sample`]: none after a start that was not refused.
    pub fn step(&mut self) -> Result<Progress, Error> {
        self.advance(1, |_, _| ())
    }

    /// Computes up to `most` more layers of one drift, or moves up to `most` times [`GROUP`] more elements. `observe` is called
    /// before each step of the schedule, with the step and the drift ∇Φ at its start.
    ///
    /// # Errors
    /// As [`Sampling::step`].
    pub fn advance(&mut self, most: u32, observe: impl FnMut(Step, &[f32])) -> Result<Progress, Error> {
        self.go_on(most, observe)?;
        Ok(self.progress())
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let parts = self.sampler.condition.evaluations() * self.sampler.potential.parts();
        let progress = self.way.integration.progress(parts, self.x.len());
        let Progress::Working { done, all } = progress else { return progress };
        let (drawn, prior) = (groups(self.way.drawn), groups(self.way.prior));
        Progress::Working { done: drawn + done, all: prior + all }
    }

    /// Pauses the sample, to continue later, and gives back everything that it borrows.
    pub fn pause(self) -> Paused {
        self.way
    }

    fn go_on(&mut self, most: u32, observe: impl FnMut(Step, &[f32])) -> Result<(), Error> {
        let Paused { integration, prior, drawn } = &mut self.way;
        if let Some(left) = self.x.get_mut(*drawn..*prior).filter(|left| !left.is_empty()) {
            let count = left.len().min((most.max(1) as usize).saturating_mul(GROUP));
            self.noise.fill(left.get_mut(..count).unwrap_or_default());
            *drawn += count;
            return Ok(());
        }
        let Sampler { potential, buffers, condition, other, .. } = &mut *self.sampler;
        let homotopy = potential.homotopy();
        let other = other.get_mut(..self.x.len()).unwrap_or_default();
        let guided = Guided { potential, condition: *condition, other };
        let mut held = Held { drift: guided, homotopy, known: &self.known };
        integration.advance(most, &mut held, self.noise, self.x, buffers, observe)
    }

    /// Computes all remaining steps in one call. `observe` is called as by [`Sampling::advance`].
    ///
    /// # Errors
    /// As [`Sampling::step`].
    pub fn finish(mut self, mut observe: impl FnMut(Step, &[f32])) -> Result<(), Error> {
        while !self.way.integration.is_done() {
            self.go_on(u32::MAX, &mut observe)?;
        }
        Ok(())
    }

    /// The sample; none until it is finished.
    pub fn sample(&self) -> Option<&[f32]> {
        self.way.integration.is_done().then_some(&*self.x)
    }
}
