//! Muon: steps along the orthogonalised moving average of a weight matrix's gradient.
//!
//! Adam's step has, in every element, about the learning rate as its size. Muon's has it on average: of the momentum
//! M = U·diag(s)·Vᵀ it keeps the singular vectors and makes all singular values about 1, so that directions which the
//! gradient shows weakly move as far as those it shows strongly. U·Vᵀ comes without a decomposition from five
//! iterations of a polynomial, which are products of matrices alone.
//!
//! Source: K. Jordan et al., *Muon: an optimizer for hidden layers in neural networks*, 2024 (iteration and coefficients);
//! J. Liu et al., *Muon is scalable for LLM training*, 2025, arXiv:2502.16982 (the size of a step, and that weights grow
//! without bounds unless they decay).

use crate::ops::kernel::panels::{Panels, transposed};
use crate::ops::kernel::product::{Product, contiguous, product};
use crate::ops::kernel::weight_gradient::{WeightGradient, weight_gradient};

/// Decay of the momentum.
pub(crate) const DECAY: f32 = 0.95;
/// Root mean square of a step's elements, in units of the learning rate: between 0.8 and 1.6, which train Fashion-MNIST
/// alike; 0.2 and 0.6 are worse, with uniform times.
pub(crate) const SIZE: f32 = 1.2;
/// Times that the polynomial s ↦ a·s + b·s³ + c·s⁵ is applied to the singular values, and its coefficients: steep at
/// 0, and any s in (0, 1] ends between 0.7 and 1.2.
pub(crate) const ITERATIONS: usize = 5;
pub(crate) const COEFFICIENTS: [f32; 3] = [3.4445, -4.775, 2.0315];

/// Moves a weight matrix (rows, columns) by one step against its gradient, after it lost the part `decay` of itself.
/// `momentum` is the moving average of the gradient, zero at first.
pub(super) fn update(
    weights: &mut [f32],
    momentum: &mut [f32],
    gradient: &[f32],
    columns: usize,
    (learning_rate, decay): (f32, f32),
) {
    momentum
        .iter_mut()
        .zip(gradient)
        .for_each(|(momentum, gradient)| *momentum += (1.0 - DECAY) * (gradient - *momentum));
    // Nesterov's: where the momentum will be if the gradient stays.
    let ahead = momentum.iter().zip(gradient).map(|(momentum, gradient)| DECAY * momentum + (1.0 - DECAY) * gradient);
    let rows = weights.len() / columns;
    let direction = orthogonalised(ahead.collect(), columns);
    let scale = SIZE * (rows.max(columns) as f32).sqrt() * learning_rate;
    weights
        .iter_mut()
        .zip(direction)
        .for_each(|(weight, direction)| *weight = (1.0 - decay) * *weight - scale * direction);
}

/// Multiply-accumulates of an update of a matrix (rows, columns).
pub(super) fn multiply_accumulates(rows: usize, columns: usize) -> u64 {
    let (long, short) = (rows.max(columns) as u64, rows.min(columns) as u64);
    ITERATIONS as u64 * (2 * long + short) * short * short
}

/// A matrix of the same singular vectors whose singular values are about 1, or zero for zero.
fn orthogonalised(matrix: Vec<f32>, columns: usize) -> Vec<f32> {
    let rows = matrix.len() / columns;
    if rows < columns {
        return transposed(&orthogonalised(transposed(&matrix, columns), rows), rows);
    }
    let norm = crate::arithmetic::sums::dot(&matrix, &matrix).sqrt();
    if norm == 0.0 {
        return matrix;
    }
    let mut x: Vec<f32> = matrix.iter().map(|&value| (f64::from(value) / norm) as f32).collect();
    let [a, b, c] = COEFFICIENTS;
    for _ in 0..ITERATIONS {
        let gram = gram(&x, columns);
        let square = times(&gram, &gram, columns);
        let mut factor: Vec<f32> = gram.iter().zip(&square).map(|(gram, square)| b * gram + c * square).collect();
        factor.iter_mut().step_by(columns + 1).for_each(|diagonal| *diagonal += a);
        x = times(&x, &factor, columns);
    }
    x
}

/// xᵀx of a matrix (rows, columns).
fn gram(x: &[f32], columns: usize) -> Vec<f32> {
    let starts = &*contiguous(x.len() / columns, columns);
    let mut gradient = vec![0.0; columns * columns];
    weight_gradient(WeightGradient {
        input: x,
        starts,
        rows: 1,
        run: columns,
        row_stride: 0,
        cotangent: x,
        places: starts,
        columns,
        gradient: &mut gradient,
    });
    gradient
}

/// x·w of matrices (rows, columns) and (columns, columns).
fn times(x: &[f32], w: &[f32], columns: usize) -> Vec<f32> {
    let starts = &*contiguous(x.len() / columns, columns);
    let mut output = vec![0.0; x.len()];
    product(Product {
        input: x,
        starts,
        rows: 1,
        run: columns,
        row_stride: 0,
        weights: &Panels::new(w, columns),
        bias: None,
        add: false,
        output: &mut output,
        places: starts,
    });
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::generator;
    use nalgebra::DMatrix;
    use vapo_sampler::Noise;

    fn random(count: usize) -> Vec<f32> {
        let mut values = vec![0.0; count];
        Noise::new(generator(7)).fill(&mut values);
        values
    }

    #[test]
    fn singular_vectors_stay_and_singular_values_become_about_one() {
        for (rows, columns) in [(40, 9), (9, 40), (17, 17), (1, 5), (5, 1)] {
            let matrix = random(rows * columns);
            let found = orthogonalised(matrix.clone(), columns);
            let found = DMatrix::from_row_slice(rows, columns, &found).cast::<f64>();
            let svd = DMatrix::from_row_slice(rows, columns, &matrix).cast::<f64>().svd(true, true);
            let diagonal = svd.u.unwrap().transpose() * found * svd.v_t.unwrap().transpose();
            for row in 0..diagonal.nrows() {
                for column in 0..diagonal.ncols() {
                    let value = diagonal[(row, column)];
                    // The polynomial's range for singular values that are not tiny beside the norm, as those of a random
                    // square matrix may be.
                    let bounds = if row != column {
                        -1e-4..1e-4
                    } else if rows == columns {
                        -0.1..1.25
                    } else {
                        0.6..1.25
                    };
                    assert!(bounds.contains(&value), "{rows}×{columns}: {value} at {row}, {column}");
                }
            }
        }
        assert_eq!(orthogonalised(vec![0.0; 6], 2), [0.0; 6]);
    }

    #[test]
    fn a_step_has_its_size_and_goes_against_the_gradient() {
        let gradient = random(40 * 9);
        let (mut weights, mut momentum) = (vec![0.0; 40 * 9], vec![0.0; 40 * 9]);
        update(&mut weights, &mut momentum, &gradient, 9, (0.01, 0.0));
        let size = (crate::arithmetic::sums::dot(&weights, &weights) / (40.0 * 9.0)).sqrt();
        assert!((size / (f64::from(SIZE) * 0.01) - 1.0).abs() < 0.25, "{size}");
        assert!(crate::arithmetic::sums::dot(&weights, &gradient) < 0.0);
        for (momentum, gradient) in momentum.iter().zip(&gradient) {
            assert!((momentum - (1.0 - DECAY) * gradient).abs() < 1e-6);
        }
        // The gradient's length does not matter.
        let longer: Vec<f32> = gradient.iter().map(|value| 1024.0 * value).collect();
        let mut others = vec![0.0; 40 * 9];
        update(&mut others, &mut vec![0.0; 40 * 9], &longer, 9, (0.01, 0.0));
        assert!(weights.iter().zip(&others).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn weights_without_a_gradient_decay() {
        let mut weights = vec![1.0, -2.0, 0.5, 4.0];
        update(&mut weights, &mut [0.0; 4], &[0.0; 4], 2, (0.1, 0.25));
        assert_eq!(weights, [0.75, -1.5, 0.375, 3.0]);
    }
}
