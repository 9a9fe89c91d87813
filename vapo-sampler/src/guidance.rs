//! Pushes a sample towards its class.
//!
//! With guidance w the drift is (1 + w)·∇Φ(·, c) − w·∇Φ(·, ∅), where ∅ is the null class. It leads away from images that are
//! common to all classes. At 0 samples are as in the data. Above 0 they are more typical and less varied. It takes two
//! evaluations of the drift a step in place of one, and one more buffer.
//!
//! Source: Ho and Salimans, *Classifier-free diffusion guidance*, 2022, arXiv:2207.12598, equation 6.

use crate::condition::Condition;
use crate::error::Error;
use crate::potential::Potential;
use crate::solver::{Drift, part_at};
use core::ops::Range;

/// The drift of a condition.
#[derive(Debug)]
pub(crate) struct Guided<'g, 'a> {
    pub(crate) potential: &'g mut Potential<'a>,
    pub(crate) condition: Condition,
    /// The drift of the null class; not used without guidance.
    pub(crate) other: &'g mut [f32],
}

/// With guidance the parts of the null class, then those of the class.
impl Drift for Guided<'_, '_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.compute(0..self.parts(), x, time, drift)
    }

    fn parts(&self) -> u32 {
        self.condition.evaluations() * self.potential.parts()
    }

    fn compute(&mut self, parts: Range<u32>, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        // The class is that of the samples. What the potential is evaluated for by itself stays the same.
        let before = self.potential.replace_class(None);
        let found = self.of_condition(parts, x, time, drift);
        self.potential.replace_class(before);
        found
    }
}

impl Guided<'_, '_> {
    /// Parts of the condition's drift, by a potential of the null class, which it leaves at a class of its own.
    fn of_condition(&mut self, mut parts: Range<u32>, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        let Condition { class, guidance } = self.condition;
        let each = self.potential.parts();
        let guided = self.condition.is_guided();
        if guided {
            let [of_null, of_class] = part_at(parts, each);
            self.potential.compute(of_null, x, time, self.other)?;
            parts = of_class;
        }
        let is_last = parts.end == each;
        self.potential.replace_class(class);
        self.potential.compute(parts, x, time, drift)?;
        if guided && is_last {
            drift.iter_mut().zip(&*self.other).for_each(|(drift, null)| *drift += guidance * (*drift - null));
        }
        Ok(())
    }
}
