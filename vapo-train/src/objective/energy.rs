//! F = (E[½‖g‖²] + Cov[Φ, γ])/d.
//!
//! The variational form of the probabilistic Poisson equation ∂ₜρ = −∇·(ρ∇Φ). E is the mean over the batch and Cov its
//! unbiased estimate, so that a small batch does not pull the drift towards zero; d only makes losses of different
//! extents comparable. ∂F/∂g = g/(B·d), ∂F/∂Φ = (γ − mean γ)/((B − 1)·d).
//!
//! Source: Loo et al., *Variational Potential Flow*, the loss of the energy.

use super::Cotangents;
use crate::homotopy::Path;
use crate::potential::Evaluation;
use crate::sums::{centred, dot};

pub(super) fn evaluate(evaluation: &Evaluation<f32>, path: &Path) -> Cotangents {
    let (samples, dimension) = (path.times().len(), path.dimension() as f64);
    let innovation = centred(path.innovation().to_vec());
    // One sample has no covariance: its centred innovation is zero, whatever it is divided by.
    let of_potential = 1.0 / ((samples - 1).max(1) as f64 * dimension);
    let of_drift = 1.0 / (samples as f64 * dimension);

    let kinetic = 0.5 * dot(&evaluation.drift, &evaluation.drift) * of_drift;
    let pairs = evaluation.potential.iter().zip(&innovation);
    let covariance = pairs.map(|(&phi, gamma)| f64::from(phi) * gamma).sum::<f64>() * of_potential;
    Cotangents {
        loss: kinetic + covariance,
        drift: evaluation.drift.iter().map(|g| g * of_drift as f32).collect(),
        potential: innovation.iter().map(|gamma| (gamma * of_potential) as f32).collect(),
        time_rate: vec![0.0; samples],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vapo_format::Homotopy;

    #[test]
    fn literal_values() {
        // At t = 0 of the straight path γ = −ε·x̄ + ε² − 1: −1 and 6 here, centred ∓3.5.
        let path = Path::new(Homotopy::Linear, &[1.0, 0.5], &[0.0, -2.0], &[0.0; 2]).unwrap();
        assert_eq!(path.innovation(), [-1.0, 4.0]);
        let evaluation = Evaluation { drift: vec![2.0, 4.0], potential: vec![1.0, 3.0], ..Evaluation::default() };
        let found = evaluate(&evaluation, &path);
        // ½(4 + 16)/2 + (1·(−2.5) + 3·2.5)/1.
        assert_eq!(found.loss, 10.0);
        assert_eq!((found.drift, found.potential), (vec![1.0, 2.0], vec![-2.5, 2.5]));
    }

    #[test]
    fn a_constant_of_the_potential_does_not_matter() {
        let path = Path::new(Homotopy::Bayes, &[1.0, 0.5, -0.5], &[0.5, -2.0, 1.0], &[0.0, 0.25, 0.5]).unwrap();
        let at = |constant: f32| {
            let potential = [0.5, -1.0, 2.0].map(|phi| phi + constant).to_vec();
            evaluate(&Evaluation { drift: vec![0.0; 3], potential, ..Evaluation::default() }, &path)
        };
        assert!((at(64.0).loss - at(0.0).loss).abs() < 1e-12);
        assert_eq!(at(64.0).potential, at(0.0).potential);
    }
}
