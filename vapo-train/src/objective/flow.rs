//! F = mean over batch and pixels of (g − u)².
//!
//! The conditional velocity u is unbiased for the drift given x, so this is a plain regression, and the covariance of
//! [`super::energy`] integrated by parts. ∂F/∂g = 2(g − u)/(B·d).

use super::Cotangents;
use crate::path::Path;
use crate::potential::Evaluation;
use std::ops::Range;

/// What the samples of a range add to F, from their evaluation.
pub(super) fn evaluate(evaluation: &Evaluation<f32>, path: &Path, range: Range<usize>) -> Cotangents {
    let velocity = &path.velocity()[range.start * path.dimension()..range.end * path.dimension()];
    let residuals = || {
        let pairs = evaluation.drift.iter().zip(velocity);
        pairs.map(|(&g, &u)| f64::from(g) - f64::from(u))
    };
    let weight = 1.0 / path.velocity().len() as f64;
    let loss = residuals().map(|residual| residual * residual).sum::<f64>() * weight;
    let drift = residuals().map(|residual| (2.0 * weight * residual) as f32).collect();
    let none = vec![0.0; range.len()];
    Cotangents { loss, drift, potential: none.clone(), time_rate: none }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vapo_format::Homotopy;

    #[test]
    fn literal_values() {
        // At t = ½ of the straight path u = x̄ − ε.
        let path = Path::new(Homotopy::Linear, &[1.0, 2.0, 0.0, 0.0], &[0.0, 1.0, 0.0, 0.0], &[0.5; 2]).unwrap();
        let evaluation = Evaluation { drift: vec![3.0, 1.0, 0.0, -4.0], ..Evaluation::default() };
        let found = evaluate(&evaluation, &path, 0..2);
        assert_eq!(found.loss, 5.0);
        assert_eq!(found.drift, [1.0, 0.0, 0.0, -2.0]);
        assert_eq!((found.potential, found.time_rate), (vec![0.0; 2], vec![0.0; 2]));
    }
}
