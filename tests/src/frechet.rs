//! The Fréchet distance between two sets of samples, as Gaussians in the space of their pixels.
//!
//! ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2(C₁C₂)^½). Source: Dowson and Landau, *The Fréchet distance between multivariate normal
//! distributions*, 1982; Heusel et al., 2017, take it between features of a network instead of pixels.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Mean and covariance of samples.
pub struct Moments {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Moments {
    /// Of samples of `dimension` values each, one after another.
    ///
    /// # Panics
    /// With fewer than two samples.
    pub fn of(samples: &[f32], dimension: usize) -> Self {
        let count = samples.len() / dimension;
        assert!(count >= 2, "a covariance needs two samples, found {count}");
        let mut table = DMatrix::from_iterator(dimension, count, samples.iter().map(|&value| f64::from(value)));
        let mean = table.column_mean();
        table.column_iter_mut().for_each(|mut column| column -= &mean);
        let covariance = &table * table.transpose() / (count - 1) as f64;
        Moments { mean, covariance }
    }

    /// The Fréchet distance (its square, as everybody reports it).
    pub fn distance(&self, other: &Moments) -> f64 {
        // tr (C₁C₂)^½ = Σ √λ(C₁^½ C₂ C₁^½), of a symmetric matrix.
        let root = root(&self.covariance);
        let product = SymmetricEigen::new(&root * &other.covariance * &root);
        let trace: f64 = product.eigenvalues.iter().map(|value| value.max(0.0).sqrt()).sum();
        (&self.mean - &other.mean).norm_squared() + self.covariance.trace() + other.covariance.trace() - 2.0 * trace
    }
}

/// The symmetric square root of a covariance.
fn root(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    let eigen = SymmetricEigen::new(covariance.clone());
    let roots = DMatrix::from_diagonal(&eigen.eigenvalues.map(|value| value.max(0.0).sqrt()));
    &eigen.eigenvectors * roots * eigen.eigenvectors.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mean: [f64; 2], covariance: [f64; 4]) -> Moments {
        Moments { mean: DVector::from_row_slice(&mean), covariance: DMatrix::from_row_slice(2, 2, &covariance) }
    }

    #[test]
    fn distance_of_gaussians_with_a_known_answer() {
        // Diagonal covariances commute: Σ (m₁ − m₂)² + (σ₁ − σ₂)².
        let (a, b) = (moments([1.0, 2.0], [4.0, 0.0, 0.0, 9.0]), moments([4.0, 2.0], [1.0, 0.0, 0.0, 25.0]));
        assert!((a.distance(&b) - (9.0 + 1.0 + 4.0)).abs() < 1e-9);
        // A rotation of both changes nothing, and a distribution is at no distance from itself.
        let turned = moments([0.0, 0.0], [6.5, 2.5, 2.5, 6.5]);
        let other = moments([0.0, 0.0], [13.0, -12.0, -12.0, 13.0]);
        assert!((turned.distance(&other) - (4.0 + 9.0)).abs() < 1e-9);
        assert!(turned.distance(&turned).abs() < 1e-9);
    }

    #[test]
    fn moments_of_three_samples() {
        let found = Moments::of(&[0.0, 1.0, 3.0, 1.0, 3.0, 4.0], 2);
        assert_eq!(found.mean.as_slice(), [2.0, 2.0]);
        assert_eq!(found.covariance.as_slice(), [3.0, 1.5, 1.5, 3.0]);
    }
}
