//! Restores the missing part of an image from its known pixels.
//!
//! Missing elements follow the drift. Known ones do not: they are chosen such that the predicted image D = E\[x̄|x\] has the
//! known values y. So the missing elements are predicted for an image that really has these values, not for one that only seems
//! to have them through the noise. If the data are Gaussian, it is E\[missing | x, y\] exactly.
//!
//! A known element is x = μy + δ. Each step takes the prediction's miss y − D, which it has computed anyway, and moves the
//! element against it: δ₂ = κδ₁ + μ₂·(y − D₁), at no further evaluation of the drift.
//! * 1/μ is the most that D moves with x where the data are Gaussian, so that the correction does not overshoot.
//! * κ = (σ₂²/μ₂)/(σ₁²/μ₁) is how far δ has to shrink with the noise for D to keep its value: δ is σ²/μ times the
//!   multiplier of the constraint D = y. From time 0 on it is 0, so that known elements forget the prior they began with, and
//!   take up no noise later.
//!
//! This takes no memory: δ is in x.
//!
//! One step corrects only a part of the miss, and a missing element forgets only a part of the prior it began with. A high
//! temperature helps both, see [`Solver::restoring_temperature`].
//!
//! Sources: the constraint on the prediction, in place of one on x, is that of Chung et al., *Diffusion posterior sampling*,
//! 2022, arXiv:2209.14687. They follow the miss's gradient in all of x, which takes a second derivative of the potential. That
//! x alone is replaced, by μy + σε, is in Song et al., *Score-based generative modeling through stochastic differential
//! equations*, 2021, appendix I.2; its restorations are less like data, see `vapo-train/docs/score-and-restore.md`.
//!
//! [`Solver::restoring_temperature`]: crate::Solver::restoring_temperature

use crate::error::Error;
use crate::homotopy::coefficients;
use crate::schedule::Step;
use crate::solver::Drift;
use core::ops::Range;
use vapo_format::Homotopy;

/// A drift that holds known elements at their values.
pub(crate) struct Held<D, K> {
    pub(crate) drift: D,
    pub(crate) homotopy: Homotopy,
    /// The value of an element of the image, about [-1, 1]; none where it is missing.
    pub(crate) known: K,
}

impl<D: Drift, K: Fn(usize) -> Option<f32>> Drift for Held<D, K> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.drift.drift(x, time, drift)
    }

    fn parts(&self) -> u32 {
        self.drift.parts()
    }

    fn compute(&mut self, parts: Range<u32>, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        self.drift.compute(parts, x, time, drift)
    }

    fn is_held(&self, index: usize) -> bool {
        (self.known)(index).is_some()
    }

    fn carry(&mut self, first: usize, x: &mut [f32], drift: &[f32], step: Step) {
        let (from, to) = (coefficients(self.homotopy, step.start), coefficients(self.homotopy, step.end));
        let [of_drift, of_place] = from.data();
        let kept = to.std * to.std * from.mean / (from.std * from.std * to.mean);
        for (index, (x, drift)) in x.iter_mut().zip(drift).enumerate() {
            let Some(value) = (self.known)(first + index) else { continue };
            let image = of_drift * drift + of_place * *x;
            let shift = kept * (*x - from.mean * value) + to.mean * (value - image);
            *x = if step.last { value } else { to.mean * value + shift };
        }
    }
}

#[cfg(test)]
mod tests;
