//! The kernel distance: the squared maximum mean discrepancy between two sets of features, under the kernel
//! (x·y/d + 1)³. Its estimate has no bias, so that few images do not make it larger, as they do the Fréchet distance.
//!
//! Source: Bińkowski et al., *Demystifying MMD GANs*, 2018. The subsets are those that torch-fidelity takes: 100 of
//! 1,000 images, drawn without replacement.

use crate::dataset::Batches;
use crate::evaluation::{EvaluationError, Features};
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::num::NonZeroUsize;

/// Subsets whose estimates are averaged.
pub const SUBSETS: usize = 100;
/// Images of a subset, where there are as many.
pub const SUBSET_SIZE: usize = 1000;

/// An estimate of the kernel distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelDistance {
    /// Mean over the subsets.
    pub mean: f64,
    /// Standard deviation over the subsets, what torch-fidelity reports. None of a single subset.
    pub std: Option<f64>,
    /// Standard error of the mean. Subsets overlap, so the true one is larger. None of a single subset.
    pub standard_error: Option<f64>,
    /// Number of subsets: one, where a subset is all there is.
    pub subsets: usize,
    /// Images of a subset.
    pub size: usize,
}

/// The kernel distance between two sets of images, on the threads of the current pool. The subsets follow from the
/// seed.
///
/// # Errors
/// Fewer than two images, or another number of features.
pub fn kernel_distance(a: &Features, b: &Features, seed: u64) -> Result<KernelDistance, EvaluationError> {
    if a.dimension() != b.dimension() {
        let (expected, found) = (format!("{} features", a.dimension()), b.dimension().to_string());
        return Err(EvaluationError::Extent { what: "a reference", of: "the samples have", expected, found });
    }
    let size = SUBSET_SIZE.min(a.count()).min(b.count());
    if size < 2 {
        return Err(EvaluationError::Few { expected: 2, found: size });
    }
    let subsets = if size == a.count() && size == b.count() { 1 } else { SUBSETS };
    // Two streams of permutations that have nothing to do with each other.
    let subset = |features: &Features, stream: u64, index: usize| -> DMatrix<f64> {
        let count = NonZeroUsize::new(features.count()).unwrap_or(NonZeroUsize::MIN);
        let mut order = Vec::new();
        Batches::new(count, count, seed.wrapping_mul(2).wrapping_add(stream)).indices(index as u64, &mut order);
        let values = order[..size].iter().flat_map(|&row| features.row(row)).map(|&value| f64::from(value));
        DMatrix::from_iterator(features.dimension(), size, values)
    };
    let distances: Vec<f64> =
        (0..subsets).into_par_iter().map(|index| discrepancy(&subset(a, 0, index), &subset(b, 1, index))).collect();
    let mean = distances.iter().sum::<f64>() / subsets as f64;
    let squares = distances.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let std = (subsets > 1).then(|| (squares / (subsets - 1) as f64).sqrt());
    let standard_error = std.map(|std| std / (subsets as f64).sqrt());
    Ok(KernelDistance { mean, std, standard_error, subsets, size })
}

/// The unbiased estimate of MMD² between as many columns of `x` and `y`.
fn discrepancy(x: &DMatrix<f64>, y: &DMatrix<f64>) -> f64 {
    let (dimension, size) = (x.nrows() as f64, x.ncols() as f64);
    let kernel = |product: f64| (product / dimension + 1.0).powi(3);
    let sum =
        |a: &DMatrix<f64>, b: &DMatrix<f64>| (a.transpose() * b).iter().map(|&product| kernel(product)).sum::<f64>();
    let diagonal = |a: &DMatrix<f64>| a.column_iter().map(|column| kernel(column.norm_squared())).sum::<f64>();
    let within = sum(x, x) - diagonal(x) + sum(y, y) - diagonal(y);
    within / (size * (size - 1.0)) - 2.0 * sum(x, y) / (size * size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::generator;
    use vapo_sampler::Noise;

    /// Gaussian features about a mean.
    fn gaussian(count: usize, dimension: usize, mean: f32, seed: u64) -> Features {
        let mut noise = Noise::new(generator(seed));
        Features::new(dimension, (0..count * dimension).map(|_| mean + noise.draw()).collect()).unwrap()
    }

    #[test]
    fn two_images_by_hand() {
        // One feature. k(1, 3) = 4³, k(0, 2) = 1, k(1, 0) = k(3, 0) = 1, k(1, 2) = 3³, k(3, 2) = 7³.
        let (x, y) = (DMatrix::from_row_slice(1, 2, &[1.0, 3.0]), DMatrix::from_row_slice(1, 2, &[0.0, 2.0]));
        let expected = (2.0 * 64.0 + 2.0 * 1.0) / 2.0 - 2.0 * (1.0 + 1.0 + 27.0 + 343.0) / 4.0;
        assert!((discrepancy(&x, &y) - expected).abs() < 1e-12);
    }

    #[test]
    fn it_is_zero_between_samples_of_one_distribution_and_not_between_others() {
        let (a, b) = (gaussian(1200, 8, 0.0, 1), gaussian(1500, 8, 0.0, 2));
        let same = kernel_distance(&a, &b, 0).unwrap();
        assert_eq!((same.subsets, same.size), (100, 1000));
        assert!(same.mean.abs() < 5e-3, "{same:?}");
        let other = kernel_distance(&a, &gaussian(1500, 8, 0.5, 3), 0).unwrap();
        assert!(other.mean > 0.5 && other.standard_error.unwrap() < 0.1 * other.mean, "{other:?}");
    }

    #[test]
    fn the_seed_decides_and_the_threads_do_not() {
        let (a, b) = (gaussian(300, 4, 0.0, 1), gaussian(200, 4, 0.1, 2));
        let on = |threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| kernel_distance(&a, &b, seed).unwrap())
        };
        assert_eq!(on(1, 7), on(3, 7));
        assert_ne!(on(1, 7).mean, on(1, 8).mean);
        assert_eq!(on(1, 7).size, 200);
    }

    #[test]
    fn few_images_are_one_subset_and_one_is_too_few() {
        let (a, b) = (gaussian(50, 4, 0.0, 1), gaussian(50, 4, 0.0, 2));
        let found = kernel_distance(&a, &b, 0).unwrap();
        assert_eq!((found.subsets, found.size, found.std), (1, 50, None));
        assert!(matches!(kernel_distance(&gaussian(1, 4, 0.0, 1), &b, 0), Err(EvaluationError::Few { found: 1, .. })));
        assert!(kernel_distance(&gaussian(9, 3, 0.0, 1), &b, 0).is_err());
    }
}
