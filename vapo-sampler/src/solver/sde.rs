//! The stochastic differential equation dx = f dt + g dW whose marginals are those of the flow, at any temperature.

use super::Drift;
use crate::error::Error;
use crate::homotopy::coefficients;
use vapo_format::Homotopy;

/// dx = \[∇Φ − η·E\[ε|x\]\] dt + √(2ησ) dW, with temperature η and the homotopy's mean μ and std σ.
///
/// The drift itself holds the expected noise: E\[ε|x\] = (μ∇Φ − μ'x)/(μσ' − σμ'), and with it the score −E\[ε|x\]/σ.
/// For every g, adding ½g² times the score and g dW leaves the marginals as they are; g² = 2ησ cancels the score's
/// singularity at time 1. Source: Song et al., *Score-based generative modeling through stochastic differential
/// equations*, 2021, appendix D.1, read backwards. [`Solver::integrate`](super::Solver::integrate) takes one.
#[derive(Debug)]
pub struct Sde<'d, D> {
    /// ∇Φ.
    pub drift: &'d mut D,
    /// The path that ∇Φ belongs to.
    pub homotopy: Homotopy,
    /// η ≥ 0; 0 is the deterministic flow.
    pub temperature: f32,
}

impl<D: Drift> Sde<'_, D> {
    /// Turns the drift at x into the velocity f.
    pub(super) fn temper(&self, x: &[f32], time: f32, drift: &mut [f32]) {
        if self.temperature == 0.0 {
            return;
        }
        let at = coefficients(self.homotopy, time);
        let factor = self.temperature / (at.mean * at.std_rate - at.std * at.mean_rate);
        for (drift, x) in drift.iter_mut().zip(x) {
            *drift -= factor * (at.mean * *drift - at.mean_rate * x);
        }
    }

    /// g(time)·√width: the standard deviation of the noise of a step; 0 at temperature 0.
    pub(super) fn fresh(&self, time: f32, width: f32) -> f32 {
        libm::sqrtf(2.0 * self.temperature * coefficients(self.homotopy, time).std * width)
    }
}

/// Refuses a temperature that there is no such flow for.
pub(crate) fn check(temperature: f32) -> Result<(), Error> {
    let found = temperature;
    if found.is_finite() && found >= 0.0 { Ok(()) } else { Err(Error::Temperature { found }) }
}
