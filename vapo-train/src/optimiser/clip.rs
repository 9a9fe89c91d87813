//! Bounds a gradient: its length, or each of its elements.

use serde::{Deserialize, Serialize};

/// How a gradient is clipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clip {
    /// The whole gradient, to a norm of 1
    #[default]
    Norm,
    /// Each element, to ±(3·√v̂ + 0.1), where v̂ is Adam's second moment of it
    SecondMoment,
}

/// Roots of the second moment that an element may be long, with [`Clip::SecondMoment`].
pub(crate) const DEVIATIONS: f64 = 3.0;

/// What it may be longer: what has hardly had a gradient so far is not held there.
pub(crate) const MARGIN: f64 = 0.1;

/// Clips each element to ±(3·√v̂ + 0.1), where v̂ is `correction` times its second moment before this step, a value an element.
///
/// Source: the code of *Variational Potential Flow Bayes*, which has it from that of energy-based models trained by Langevin sampling.
pub(crate) fn by_second_moment(gradient: &mut [f32], second: &[f32], correction: f32) {
    for (value, second) in gradient.iter_mut().zip(second) {
        let bound = DEVIATIONS as f32 * (second * correction).sqrt() + MARGIN as f32;
        *value = value.clamp(-bound, bound);
    }
}

/// A gradient holds a value that is infinite or not a number.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "{count} of {of} values of the gradient are not finite, the first {value} at {index}: \
     training diverged, lower the learning rate"
)]
pub struct NonFinite {
    /// How many values are not finite.
    pub count: usize,
    /// How many values there are.
    pub of: usize,
    /// Where the first one is.
    pub index: usize,
    /// The first one.
    pub value: f32,
}

/// Scales the gradient down to a Euclidean norm of `limit` where it is longer. Returns its norm before.
///
/// Source: Pascanu, Mikolov and Bengio, *On the difficulty of training recurrent neural networks*, 2013.
///
/// # Errors
/// [`NonFinite`]; the gradient is left as it was.
pub fn clip(gradient: &mut [f32], limit: f32) -> Result<f32, NonFinite> {
    let norm = crate::arithmetic::sums::dot(gradient, gradient).sqrt();
    // A sum of squares of f32 cannot overflow f64, so it is finite if and only if all values are.
    if !norm.is_finite() {
        return Err(non_finite(gradient));
    }
    let scale = shortening(norm, limit);
    if scale < 1.0 {
        gradient.iter_mut().for_each(|value| *value = (f64::from(*value) * scale) as f32);
    }
    Ok(norm as f32)
}

/// What a gradient of a norm is multiplied by, so that its norm is at most `limit`.
pub(crate) fn shortening(norm: f64, limit: f32) -> f64 {
    let limit = f64::from(limit);
    if norm > limit { limit / norm } else { 1.0 }
}

fn non_finite(gradient: &[f32]) -> NonFinite {
    let mut found = gradient.iter().copied().enumerate().filter(|(_, value)| !value.is_finite());
    let (index, value) = found.next().unwrap_or((gradient.len(), 0.0));
    NonFinite { count: 1 + found.count(), of: gradient.len(), index, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_gradient_is_scaled_and_a_short_one_is_not() {
        let mut gradient = [3.0, 0.0, -4.0];
        assert_eq!(clip(&mut gradient, 5.0), Ok(5.0));
        assert_eq!(gradient, [3.0, 0.0, -4.0]);
        assert_eq!(clip(&mut gradient, 1.0), Ok(5.0));
        assert_eq!(gradient, [0.6, 0.0, -0.8]);
        assert_eq!(clip(&mut [], 1.0), Ok(0.0));
        assert_eq!(clip(&mut [0.0], 0.0), Ok(0.0));
    }

    #[test]
    fn the_largest_values_do_not_overflow() {
        let mut gradient = [f32::MAX; 4];
        // The norm itself exceeds an f32 and is reported as infinite; the gradient is clipped all the same.
        assert_eq!(clip(&mut gradient, 1.0), Ok(f32::INFINITY));
        assert_eq!(gradient, [0.5; 4]);
    }

    /// In f64, from the two moments of a gradient of 2 and of 0: √v̂ is 2 and 0 after any number of steps.
    #[test]
    fn an_element_is_held_to_three_deviations_and_a_tenth() {
        let second = [4.0, 4.0, 4.0, 0.0, 0.0, 0.0].map(|square: f64| (square * (1.0 - 0.99f64.powi(3))) as f32);
        let mut gradient = [7.0, -6.0, -6.5, 0.09, 0.5, -1e30];
        by_second_moment(&mut gradient, &second, (1.0 / (1.0 - 0.99f64.powi(3))) as f32);
        for (found, expected) in gradient.iter().zip([6.1, -6.0, -6.1, 0.09, 0.1, -0.1]) {
            // Of six roundings.
            assert!((f64::from(*found) - expected).abs() <= 4e-7 * f64::abs(expected), "{found} is not {expected}");
        }
    }

    #[test]
    fn what_is_not_finite_is_reported_and_left() {
        let mut gradient = [1.0, f32::NEG_INFINITY, 2.0, f32::NAN];
        let error = clip(&mut gradient, 0.5).unwrap_err();
        assert_eq!(error, NonFinite { count: 2, of: 4, index: 1, value: f32::NEG_INFINITY });
        assert_eq!(gradient[..3], [1.0, f32::NEG_INFINITY, 2.0]);
    }
}
