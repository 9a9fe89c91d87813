//! A sample on its way, a layer a call: for programs that have other things to do in between.

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
/// It borrows sampler, noise and image until it is dropped, which it may be at any time. The sampler then starts anew; the image holds
/// something between noise and a sample.
#[derive(Debug)]
pub struct Sampling<'s, 'a, R, K = fn(usize) -> Option<f32>> {
    sampler: &'s mut Sampler<'a>,
    integration: Integration,
    noise: &'s mut Noise<R>,
    known: K,
    x: &'s mut [f32],
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
        let prior = image.len();
        Ok(Sampling { prior, ..self.start_integrate_known(schedule, temperature, noise, known, image)? })
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
        Ok(Sampling { sampler: self, integration, noise, known, x, prior: 0, drawn: 0 })
    }
}

impl<R: Rng, K: Fn(usize) -> Option<f32>> Sampling<'_, '_, R, K> {
    /// Goes on by one layer, or by [`GROUP`] elements.
    ///
    /// # Errors
    /// As [`Sampler::sample`]: none after a start that was not refused.
    pub fn step(&mut self) -> Result<Progress, Error> {
        self.advance(1, |_, _| ())
    }

    /// Goes on by up to `most` layers of one drift, or by up to `most` times [`GROUP`] elements. `observe` is told each step of the
    /// schedule before it is taken, and the drift ∇Φ at its start.
    ///
    /// # Errors
    /// As [`Sampling::step`].
    pub fn advance(&mut self, most: u32, observe: impl FnMut(Step, &[f32])) -> Result<Progress, Error> {
        self.go_on(most, observe)?;
        let parts = self.sampler.condition.evaluations() * self.sampler.potential.parts();
        let progress = self.integration.progress(parts, self.x.len());
        let Progress::Working { done, all } = progress else { return Ok(progress) };
        let (drawn, prior) = (groups(self.drawn), groups(self.prior));
        Ok(Progress::Working { done: drawn + done, all: prior + all })
    }

    fn go_on(&mut self, most: u32, observe: impl FnMut(Step, &[f32])) -> Result<(), Error> {
        if let Some(left) = self.x.get_mut(self.drawn..self.prior).filter(|left| !left.is_empty()) {
            let count = left.len().min((most.max(1) as usize).saturating_mul(GROUP));
            self.noise.fill(left.get_mut(..count).unwrap_or_default());
            self.drawn += count;
            return Ok(());
        }
        let Sampler { potential, buffers, condition, other, .. } = &mut *self.sampler;
        let homotopy = potential.homotopy();
        let other = other.get_mut(..self.x.len()).unwrap_or_default();
        let guided = Guided { potential, condition: *condition, other };
        let mut held = Held { drift: guided, homotopy, known: &self.known };
        self.integration.advance(most, &mut held, self.noise, self.x, buffers, observe)
    }

    /// All that is left to do, in one call. `observe` is told as by [`Sampling::advance`].
    ///
    /// # Errors
    /// As [`Sampling::step`].
    pub fn finish(mut self, mut observe: impl FnMut(Step, &[f32])) -> Result<(), Error> {
        while !self.integration.is_done() {
            self.go_on(u32::MAX, &mut observe)?;
        }
        Ok(())
    }

    /// The sample; none as long as there is more to do.
    pub fn sample(&self) -> Option<&[f32]> {
        self.integration.is_done().then_some(&*self.x)
    }
}
