//! A sample led towards its class.
//!
//! Guidance w leads along (1 + w)·∇Φ(·, c) − w·∇Φ(·, ∅), where ∅ is the null class: away from what is common to all classes. At 0
//! samples are those of the class. Above, they are more typical and less varied. It takes two evaluations of the drift a step
//! in place of one, and one more buffer.
//!
//! Source: Ho and Salimans, *Classifier-free diffusion guidance*, 2022, arXiv:2207.12598, equation 6.

use crate::condition::Condition;
use crate::error::Error;
use crate::potential::Potential;
use crate::solver::Drift;

/// The drift of a condition.
#[derive(Debug)]
pub(crate) struct Guided<'g, 'a> {
    pub(crate) potential: &'g mut Potential<'a>,
    pub(crate) condition: Condition,
    /// The drift of the null class; not used without guidance.
    pub(crate) other: &'g mut [f32],
}

impl Drift for Guided<'_, '_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        // The class is that of the samples. What the potential is evaluated for by itself stays the same.
        let before = self.potential.class();
        let found = self.of_condition(x, time, drift);
        self.potential.set_class(before)?;
        found
    }
}

impl Guided<'_, '_> {
    /// The drift of the condition, and its potential. It leaves the potential at the condition's class.
    fn of_condition(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<f32, Error> {
        let Condition { class, guidance } = self.condition;
        let mut null = 0.0;
        let guided = self.condition.is_guided();
        if guided {
            self.potential.set_class(None)?;
            null = self.potential.drift(x, time, self.other)?;
        }
        self.potential.set_class(class)?;
        let potential = self.potential.drift(x, time, drift)?;
        if !guided {
            return Ok(potential);
        }
        drift.iter_mut().zip(&*self.other).for_each(|(drift, null)| *drift += guidance * (*drift - null));
        Ok(potential + guidance * (potential - null))
    }
}
