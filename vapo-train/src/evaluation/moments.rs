//! Mean and covariance, and the Fréchet distance between two Gaussians of these moments.
//!
//! ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2(C₁C₂)^½). Source: Dowson and Landau, *The Fréchet distance between multivariate normal
//! distributions*, 1982; Heusel et al., *GANs trained by a two time-scale update rule*, 2017, take it between features
//! of a network.

use crate::evaluation::EvaluationError;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Features of which a covariance is still taken apart in minutes.
pub const MOST_FEATURES: usize = 4096;
/// Rows that are summed at a time.
const BLOCK: usize = 4096;

/// Mean and covariance of samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
    count: Option<usize>,
}

impl Moments {
    /// Of samples of `dimension` values each, one after another. The covariance is that over their number less one.
    ///
    /// # Errors
    /// Fewer than two samples, or more than [`MOST_FEATURES`] values a sample.
    pub fn of(samples: &[f32], dimension: usize) -> Result<Self, EvaluationError> {
        check_dimension(dimension)?;
        let count = samples.len() / dimension;
        if count < 2 {
            return Err(EvaluationError::Few { expected: 2, found: count });
        }
        let mut mean = DVector::zeros(dimension);
        for sample in samples.chunks_exact(dimension) {
            mean.iter_mut().zip(sample).for_each(|(mean, &value): (&mut f64, _)| *mean += f64::from(value));
        }
        mean /= count as f64;
        let mut covariance = DMatrix::zeros(dimension, dimension);
        for block in samples.chunks(BLOCK * dimension) {
            let values = block.iter().map(|&value| f64::from(value));
            let mut table = DMatrix::from_iterator(dimension, block.len() / dimension, values);
            table.column_iter_mut().for_each(|mut column| column -= &mean);
            covariance.gemm(1.0 / (count - 1) as f64, &table, &table.transpose(), 1.0);
        }
        Ok(Moments { mean, covariance, count: Some(count) })
    }

    /// From a mean (D,) and a covariance (D, D).
    ///
    /// # Errors
    /// Their extents do not fit, or there are more than [`MOST_FEATURES`] features.
    pub fn new(mean: Vec<f64>, covariance: Vec<f64>) -> Result<Self, EvaluationError> {
        let dimension = mean.len();
        check_dimension(dimension)?;
        if covariance.len() != dimension * dimension {
            let (expected, found) = (format!("{} values", dimension * dimension), covariance.len().to_string());
            return Err(EvaluationError::Extent { what: "a covariance", of: "the mean says", expected, found });
        }
        let covariance = DMatrix::from_row_slice(dimension, dimension, &covariance);
        Ok(Moments { mean: mean.into(), covariance, count: None })
    }

    /// Refuses moments of another number of features than samples have.
    ///
    /// # Errors
    /// [`EvaluationError::Extent`].
    pub fn matches(&self, dimension: usize) -> Result<(), EvaluationError> {
        let found = self.dimension();
        if found == dimension {
            return Ok(());
        }
        let (expected, found) = (format!("{dimension} features"), found.to_string());
        Err(EvaluationError::Extent { what: "moments", of: "the samples have", expected, found })
    }

    /// Whether both are of the very same samples, but for rounding: other programs sum in another order, or keep float32.
    /// Those of other samples differ by about 1 / √N, which is far more.
    pub fn same(&self, other: &Moments) -> bool {
        const ROUNDING: f64 = 1e-6;
        self.dimension() == other.dimension()
            && (&self.mean - &other.mean).norm_squared() <= ROUNDING.powi(2) * self.covariance.trace()
            && (&self.covariance - &other.covariance).norm() <= ROUNDING * self.covariance.norm()
    }

    /// The mean.
    pub fn mean(&self) -> &[f64] {
        self.mean.as_slice()
    }

    /// The covariance, symmetric.
    pub fn covariance(&self) -> &[f64] {
        self.covariance.as_slice()
    }

    /// Number of features.
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }

    /// Whether there were too few samples for a covariance of full rank: the distance then says more of their number
    /// than of the samples. Moments from a file do not tell.
    pub fn is_singular(&self) -> bool {
        self.count.is_some_and(|count| count <= self.dimension())
    }

    /// The Fréchet distance (its square, as everybody reports it), at least 0.
    ///
    /// # Errors
    /// Another number of features.
    pub fn distance(&self, other: &Moments) -> Result<f64, EvaluationError> {
        other.matches(self.dimension())?;
        // tr (C₁C₂)^½ = Σ √λ(C₁^½ C₂ C₁^½), of a symmetric matrix, which needs no full rank.
        let root = root(&self.covariance);
        let product = &root * &other.covariance * &root;
        let trace: f64 = product.symmetric_eigenvalues().iter().map(|&value| not_negative(value).sqrt()).sum();
        let traces = self.covariance.trace() + other.covariance.trace();
        Ok(not_negative((&self.mean - &other.mean).norm_squared() + traces - 2.0 * trace))
    }
}

/// Refuses a number of features that no covariance is taken apart in.
///
/// # Errors
/// [`EvaluationError::Dimension`] for more than [`MOST_FEATURES`], or none.
pub fn check_dimension(found: usize) -> Result<(), EvaluationError> {
    if (1..=MOST_FEATURES).contains(&found) {
        return Ok(());
    }
    Err(EvaluationError::Dimension { most: MOST_FEATURES, found })
}

/// Zero for what rounding took below it. What is not a number stays so: `max` would call it zero, the best of distances.
fn not_negative(value: f64) -> f64 {
    if value < 0.0 { 0.0 } else { value }
}

/// The symmetric square root of a covariance.
fn root(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    let eigen = SymmetricEigen::new(covariance.clone());
    let roots = DMatrix::from_diagonal(&eigen.eigenvalues.map(|value| not_negative(value).sqrt()));
    &eigen.eigenvectors * roots * eigen.eigenvectors.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mean: [f64; 2], covariance: [f64; 4]) -> Moments {
        Moments::new(mean.to_vec(), covariance.to_vec()).unwrap()
    }

    #[test]
    fn a_distance_that_overflows_is_not_zero() {
        assert_eq!([not_negative(-1e-9), not_negative(2.0)], [0.0, 2.0]);
        assert!(not_negative(f64::NAN).is_nan());
        let far = moments([1e200, 0.0], [1.0, 0.0, 0.0, 1.0]);
        let found = far.distance(&moments([-1e200, 0.0], [1.0, 0.0, 0.0, 1.0])).unwrap();
        assert!(found == f64::INFINITY, "{found}");
    }

    #[test]
    fn distance_of_gaussians_with_a_known_answer() {
        // Diagonal covariances commute: Σ (m₁ − m₂)² + (σ₁ − σ₂)².
        let (a, b) = (moments([1.0, 2.0], [4.0, 0.0, 0.0, 9.0]), moments([4.0, 2.0], [1.0, 0.0, 0.0, 25.0]));
        assert!((a.distance(&b).unwrap() - (9.0 + 1.0 + 4.0)).abs() < 1e-9);
        // A rotation of both changes nothing, and a distribution is at no distance from itself.
        let turned = moments([0.0, 0.0], [6.5, 2.5, 2.5, 6.5]);
        let other = moments([0.0, 0.0], [13.0, -12.0, -12.0, 13.0]);
        assert!((turned.distance(&other).unwrap() - (4.0 + 9.0)).abs() < 1e-9);
        assert!(turned.distance(&turned).unwrap().abs() < 1e-9);
    }

    #[test]
    fn moments_are_the_same_but_for_rounding() {
        let one = moments([1.0, 2.0], [4.0, 1.0, 1.0, 9.0]);
        assert!(one.same(&one) && one.same(&moments([1.0 + 1e-8, 2.0], [4.0, 1.0 - 1e-8, 1.0, 9.0 + 1e-7])));
        for other in [moments([1.0 + 1e-5, 2.0], [4.0, 1.0, 1.0, 9.0]), moments([1.0, 2.0], [4.0, 1.0, 1.0, 9.0001])] {
            assert!(!one.same(&other) && !other.same(&one));
        }
        assert!(!one.same(&Moments::new(vec![1.0], vec![4.0]).unwrap()));
    }

    #[test]
    fn moments_of_three_samples() {
        let found = Moments::of(&[0.0, 1.0, 3.0, 1.0, 3.0, 4.0], 2).unwrap();
        assert_eq!(found.mean(), [2.0, 2.0]);
        assert_eq!(found.covariance(), [3.0, 1.5, 1.5, 3.0]);
        assert!(!found.is_singular() && Moments::of(&[0.0, 1.0, 3.0, 1.0], 2).unwrap().is_singular());
    }

    #[test]
    fn blocks_add_up() {
        // 10,000 samples of one feature, ±1 in turn: variance 10,000 / 9,999.
        let samples: Vec<f32> = (0..10_000).map(|index| if index % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let found = Moments::of(&samples, 1).unwrap();
        assert!(found.mean()[0].abs() < 1e-12 && (found.covariance()[0] - 10_000.0 / 9_999.0).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_moments_is_refused() {
        assert!(matches!(Moments::of(&[1.0; 3], 3), Err(EvaluationError::Few { expected: 2, found: 1 })));
        assert!(matches!(Moments::of(&[1.0; 10_000], 5000), Err(EvaluationError::Dimension { found: 5000, .. })));
        assert!(Moments::new(vec![0.0; 2], vec![0.0; 3]).is_err());
        let one = Moments::new(vec![0.0], vec![1.0]).unwrap();
        assert!(one.distance(&moments([0.0; 2], [1.0, 0.0, 0.0, 1.0])).is_err());
    }
}
