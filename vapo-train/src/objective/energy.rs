//! F = E[(1 − t)(½‖g‖² + Cov[Φ, γ | t])]/d.
//!
//! The variational form of the probabilistic Poisson equation ∂ₜρ = −∇·(ρ∇Φ), at every time by itself. Three things keep
//! its minimiser and take variance from its derivatives:
//!
//! * From the innovation γ of a sample the mean of those with the same time is subtracted, of others than its own unit: the samples that
//!   were drawn together, which are not independent of it. So Cov is the unbiased estimate, and a small group does not pull the drift
//!   towards zero. Samples that have a time for themselves make one group with those beside them, in which the mean is that of
//!   (1 − t)γ; a single unit joins the group before it. The groups beyond stay as they are.
//! * The weight 1 − t, by which the std of γ grows on either path, gives all times derivatives of one size.
//! * Samples of one image and one direction of the noise differ in what γ knows of: [`crate::path::Draws::Common`], the usual way to draw
//!   for this loss.
//!
//! d only makes losses of different extents comparable. ∂F/∂g = (1 − t)g/(B·d), ∂F/∂Φ = (1 − t)(γ − mean γ of other units)/(B·d).
//!
//! Source: Loo et al., *Variational Potential Flow*, the loss of the energy, which has weight 1.

use super::Cotangents;
use crate::path::Path;
use crate::potential::Evaluation;

pub(super) fn evaluate(evaluation: &Evaluation<f32>, path: &Path) -> Cotangents {
    let (samples, dimension) = (path.times().len(), path.dimension());
    let each = 1.0 / (samples * dimension) as f64;
    let weights: Vec<f64> = path.times().iter().map(|&time| each * (1.0 - f64::from(time))).collect();

    let rows = evaluation.drift.chunks_exact(dimension).zip(&weights);
    let drift: Vec<f32> = rows.flat_map(|(row, weight)| row.iter().map(|g| g * *weight as f32)).collect();
    let squares = evaluation.drift.iter().zip(&drift).map(|(&g, &of_drift)| f64::from(g) * f64::from(of_drift));
    let kinetic = 0.5 * squares.sum::<f64>();

    let mut potential = Vec::with_capacity(samples);
    let mut covariance = 0.0;
    let innovation: Vec<f64> = path.innovation().iter().zip(&weights).map(|(gamma, weight)| gamma * weight).collect();
    for group in groups(path.times(), path.unit()) {
        let innovation = &innovation[potential.len()..][..group];
        let all: f64 = innovation.iter().sum();
        for unit in innovation.chunks(path.unit()) {
            // One unit has no other: then its own mean is subtracted, so that a constant of the potential does not matter.
            let own: f64 = unit.iter().sum();
            let mean = if unit.len() < group { (all - own) / (group - unit.len()) as f64 } else { own / group as f64 };
            for gamma in unit {
                let seed = gamma - mean;
                covariance += f64::from(evaluation.potential[potential.len()]) * seed;
                potential.push(seed as f32);
            }
        }
    }
    Cotangents { loss: kinetic + covariance, drift, potential, time_rate: vec![0.0; samples] }
}

/// Lengths of the groups whose innovations are compared: runs of equal times, and runs of times that stand alone. A group of one unit,
/// which has no other to compare with, is joined to the one before it, or after it where it is the first.
fn groups(times: &[f32], unit: usize) -> Vec<usize> {
    let runs: Vec<usize> = times.chunk_by(|one, next| one == next).map(<[f32]>::len).collect();
    let mut groups: Vec<usize> =
        runs.chunk_by(|one, next| (*one, *next) == (1, 1)).map(|lengths| lengths.iter().sum()).collect();
    while let (Some(place), true) = (groups.iter().position(|&group| group <= unit), groups.len() > 1) {
        let joined = place.saturating_sub(1);
        groups[joined] += groups.remove(joined + 1);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use vapo_format::Homotopy;

    #[test]
    fn literal_values() {
        // At t = 0 of the straight path γ = −ε·x̄ + ε² − 1: −1 and 4 here, centred ∓2.5.
        let path = Path::new(Homotopy::Linear, &[1.0, 0.5], &[0.0, -2.0], &[0.0; 2]).unwrap();
        assert_eq!(path.innovation(), [-1.0, 4.0]);
        let evaluation = Evaluation { drift: vec![2.0, 4.0], potential: vec![1.0, 3.0], ..Evaluation::default() };
        let found = evaluate(&evaluation, &path);
        // ½(4 + 16)/2 + (1·(−2.5) + 3·2.5)/1.
        assert_eq!(found.loss, 10.0);
        assert_eq!((found.drift, found.potential), (vec![1.0, 2.0], vec![-2.5, 2.5]));
    }

    #[test]
    fn a_time_that_samples_share_is_centred_by_itself() {
        let times = [0.0, 0.0, 0.5, 0.5];
        let path = Path::new(Homotopy::Linear, &[1.0, 0.5, 1.0, 0.5], &[0.0, -2.0, 0.0, -2.0], &times).unwrap();
        // γ = (−ε·x̄ + ε² − 1)/(1 − t).
        assert_eq!(path.innovation(), [-1.0, 4.0, -2.0, 8.0]);
        let potential = vec![1.0, 3.0, 1.0, 3.0];
        let found = evaluate(&Evaluation { drift: vec![2.0; 4], potential, ..Evaluation::default() }, &path);
        // A quarter of the batch, twice for a group of two, and half weight for γ of twice the size.
        assert_eq!(found.potential, [-1.25, 1.25, -1.25, 1.25]);
        assert_eq!(found.drift, [0.5, 0.5, 0.25, 0.25]);
        // ½·4·(2·1 + 2·½)/4 + 2·(3 − 1)·1.25.
        assert_eq!(found.loss, 6.5);
    }

    /// Of pairs: what is subtracted from each is the mean of the other pairs, and no part of its own.
    #[test]
    fn a_unit_is_compared_with_others_alone() {
        let noise = [0.0, -2.0, 1.0, 3.0, 2.0, 0.5];
        let path = Path::new(Homotopy::Linear, &[1.0; 6], &noise, &[0.0; 6]).unwrap().in_units_of(2);
        // γ = −ε + ε² − 1.
        let gamma = [-1.0, 5.0, -1.0, 5.0, 1.0, -1.25];
        assert_eq!(path.innovation(), gamma);
        let evaluation = Evaluation { drift: vec![0.0; 6], potential: vec![1.0; 6], ..Evaluation::default() };
        let found = evaluate(&evaluation, &path);
        let means = [0.9375, 0.9375, 0.9375, 0.9375, 2.0, 2.0];
        for ((found, gamma), mean) in found.potential.iter().zip(gamma).zip(means) {
            assert!((f64::from(*found) - (gamma - mean) / 6.0).abs() < 1e-7, "{found}");
        }
        // A constant of the potential matters in no group.
        assert!(found.loss.abs() < 1e-12, "{}", found.loss);
    }

    #[test]
    fn a_time_that_stands_alone_leaves_the_other_groups() {
        let of = |lengths: &[usize]| {
            let times = lengths.iter().enumerate().flat_map(|(time, &length)| vec![time as f32; length]);
            groups(&times.collect::<Vec<_>>(), 1)
        };
        assert_eq!(of(&[16, 16, 1]), [16, 17]);
        assert_eq!(of(&[1, 2]), [3]);
        assert_eq!(of(&[1, 2, 3, 1, 2]), [3, 4, 2]);
        // Of independent times each stands alone.
        assert_eq!(of(&[1, 1, 1, 1]), [4]);
        assert_eq!(of(&[2, 1, 1, 3]), [2, 2, 3]);
        assert_eq!((of(&[1]), of(&[4]), of(&[])), (vec![1], vec![4], vec![]));
        // Units of two: neither a pair nor a half has another to compare with.
        let times = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0];
        assert_eq!(
            (groups(&times, 2), groups(&times[..9], 2), groups(&times[8..], 2)),
            (vec![4, 6], vec![4, 5], vec![2])
        );
    }

    #[test]
    fn a_constant_of_the_potential_does_not_matter() {
        for times in [[0.0, 0.25, 0.5, 0.75], [0.25, 0.25, 0.5, 0.5]] {
            let path = Path::new(Homotopy::Bayes, &[1.0, 0.5, -0.5, 0.0], &[0.5, -2.0, 1.0, 0.25], &times).unwrap();
            let at = |constant: f32| {
                let potential = [0.5, -1.0, 2.0, 1.0].map(|phi| phi + constant).to_vec();
                evaluate(&Evaluation { drift: vec![0.0; 4], potential, ..Evaluation::default() }, &path)
            };
            assert!((at(64.0).loss - at(0.0).loss).abs() < 1e-12);
            assert_eq!(at(64.0).potential, at(0.0).potential);
        }
    }
}
