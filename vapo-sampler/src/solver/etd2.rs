//! x₂ = σ₂·(ρE₁ + √(1 − ρ²)·ξ) + μ₂·D̃: what is known of the way is integrated exactly, the rest extrapolated.
//!
//! Every x is μD + σE, where the predicted image D = E\[x̄|x\] and the predicted noise E = E\[ε|x\] are both in the drift
//! ∇Φ = μ′D + σ′E. While D stands still, E is an Ornstein–Uhlenbeck process at any temperature η: it keeps the part
//! ρ = exp(−η∫dt/σ) of itself and takes up fresh noise ξ. D alone is approximated, as linear in time through its last
//! two values, so that μ₂·D̃ stands for a weighted mean of D over the step. The last step ends at time 1, where the
//! sample is D̃ itself, extrapolated by half of what a straight line would: full extrapolation adds the errors of two
//! predictions where nothing can correct them, and measured worse.
//!
//! A schedule can ask for more than this, [`crate::Schedule::extrapolating`]: every D̃ − D₁ is multiplied by one factor. The order 2 is
//! lost then, and samples of few steps gain: D of a small network is blurred, and what it lacks is along its change.
//!
//! Source: Cox and Matthews, *Exponential time differencing for stiff systems*, 2002, equation 6, with the factors of a
//! homotopy; the part of the noise that is kept is η in Song et al., *Denoising diffusion implicit models*, 2021, by
//! another measure.

use super::{Drift, free};
use crate::homotopy::{coefficients, inverse_std_integral, ratio_integral};
use crate::schedule::Step;
use vapo_format::Homotopy;

/// Factors of one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factors {
    /// Of ∇Φ in D.
    drift: f32,
    /// Of x in D.
    place: f32,
    /// Of x₁ in x₂, which holds the noise that is kept.
    kept: f32,
    /// Of D̃ in x₂.
    image: f32,
    /// Of D₁ − D₀ in D̃ − D₁; none in the first step.
    extrapolated: Option<f32>,
    /// Of ξ in x₂; none at temperature 0.
    pub(super) fresh: f32,
}

impl Factors {
    pub(super) fn new(homotopy: Homotopy, temperature: f32, step: Step, previous_width: Option<f32>) -> Self {
        let (from, to) = (coefficients(homotopy, step.start), coefficients(homotopy, step.end));
        let [drift, place] = from.data();
        let width = step.end - step.start;
        if step.last {
            let extrapolated = previous_width.map(|previous| step.extrapolation * (0.5 * width / previous));
            return Factors { drift, place, kept: 0.0, image: 1.0, extrapolated, fresh: 0.0 };
        }
        let carried = to.std / from.std;
        // ∫(t − t₁)·d(μ/σ) by parts, times σ₂, over what D itself is multiplied with where no noise is exchanged.
        let moment = width * to.mean - to.std * ratio_integral(homotopy, step.start, step.end);
        let extrapolated =
            previous_width.map(|previous| step.extrapolation * (moment / (previous * (to.mean - from.mean * carried))));
        let remaining = libm::expf(-temperature * inverse_std_integral(homotopy, step.start, step.end));
        let kept = carried * remaining;
        let fresh = to.std * libm::sqrtf((1.0 - remaining * remaining).max(0.0));
        Factors { drift, place, kept, image: to.mean - from.mean * kept, extrapolated, fresh }
    }

    /// Moves `x` over the step and turns the drift into D₁. `previous` is D₀.
    pub(super) fn advance(self, field: &impl Drift, first: usize, x: &mut [f32], drift: &mut [f32], previous: &[f32]) {
        for ((x, drift), previous) in free(field, first, x.iter_mut().zip(drift).zip(previous)) {
            let image = self.drift * *drift + self.place * *x;
            let extrapolated = self.extrapolated.map_or(image, |factor| image + factor * (image - previous));
            *x = self.kept * *x + self.image * extrapolated;
            *drift = image;
        }
    }
}
