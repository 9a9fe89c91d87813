//! Larger scales where the sum of an output's weights could overflow 32 bits.
//!
//! The magnitudes of an output's weights sum to at most [`MOST_MAGNITUDE`], forward and in reverse. A column that exceeds it
//! takes a larger scale, and so smaller integers. In reverse an output is an input channel, to which every column
//! contributes: there all columns take larger scales.

use crate::calibration::{Scaled, file_of};
use serde::Serialize;
use vapo_format::fixed_point::MOST_MAGNITUDE;
use vapo_format::words::magnitudes;
use vapo_format::{MatrixShape, Model};

/// A matrix whose weights took larger scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Coarser {
    /// The node that it belongs to.
    pub node: u16,
    /// The largest sum of magnitudes that an output of it had.
    pub sum: u32,
    /// Columns whose scales are larger.
    pub columns: usize,
}

/// The file of a model of scaled weights whose sums do not overflow, and what was changed for that: nothing, as a rule.
///
/// # Errors
/// A scale beyond those of the format.
pub fn bounded(model: &Model<'_>) -> Result<(Vec<u8>, Vec<Coarser>), vapo_format::Error> {
    let mut coarser = Vec::new();
    let matrices = model.matrices().map(|(shape, matrix)| {
        let mut matrix = Scaled::of(&matrix);
        coarser.extend(bound(&shape, &mut matrix.values, &mut matrix.scales));
        matrix
    });
    let file = file_of(&model.architecture(), model.encoding(), None, matrices)?;
    Ok((file, coarser))
}

fn bound(shape: &MatrixShape, values: &mut [i8], scales: &mut [f32]) -> Option<Coarser> {
    let sum = largest(shape, values);
    if sum <= MOST_MAGNITUDE {
        return None;
    }
    let (exact, mut factors) = (values.to_vec(), vec![1.0; shape.columns]);
    // Rounding may leave a sum a little too large, so that it takes another turn.
    while largest(shape, values) > MOST_MAGNITUDE {
        let mut sums = magnitudes(shape, values);
        let forward: Vec<u32> = sums.by_ref().take(shape.columns).collect();
        let reverse = sums.max().unwrap_or_default();
        for (factor, forward) in factors.iter_mut().zip(forward) {
            let exceeds = f64::from(forward.max(reverse)) / f64::from(MOST_MAGNITUDE);
            if exceeds > 1.0 {
                // A little more, so that every turn gets on.
                *factor *= 1.001 * exceeds;
            }
        }
        for (value, (exact, factor)) in values.iter_mut().zip(exact.iter().zip(factors.iter().cycle())) {
            *value = (f64::from(*exact) / factor).round() as i8;
        }
    }
    scales.iter_mut().zip(&factors).for_each(|(scale, factor)| *scale = (f64::from(*scale) * factor) as f32);
    Some(Coarser { node: shape.node, sum, columns: factors.iter().filter(|factor| **factor > 1.0).count() })
}

fn largest(shape: &MatrixShape, values: &[i8]) -> u32 {
    magnitudes(shape, values).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(rows: usize, columns: usize) -> MatrixShape {
        MatrixShape { node: 7, window: [1, 1], rows, columns }
    }

    fn real(values: &[i8], scales: &[f32]) -> Vec<f32> {
        values.iter().enumerate().map(|(at, value)| f32::from(*value) * scales[at % scales.len()]).collect()
    }

    #[test]
    fn weights_that_fit_stay() {
        // 516 · 127 = 65,532.
        let (mut values, mut scales) = (vec![127; 516 * 2], vec![0.5, 0.25]);
        assert_eq!(bound(&shape(516, 2), &mut values, &mut scales), None);
        assert_eq!((values, scales), (vec![127; 516 * 2], vec![0.5, 0.25]));
    }

    #[test]
    fn a_column_that_exceeds_takes_a_larger_scale_alone() {
        let mut values: Vec<i8> = (0..2 * 600).map(|at| if at % 2 == 0 { 120 } else { -20 }).collect();
        let (mut scales, before) = (vec![0.5, 0.25], values.clone());
        let found = bound(&shape(600, 2), &mut values, &mut scales).unwrap();
        assert_eq!(found, Coarser { node: 7, sum: 72_000, columns: 1 });
        assert!(largest(&shape(600, 2), &values) <= MOST_MAGNITUDE && scales[0] > 0.5 && scales[1] == 0.25);
        for (found, expected) in real(&values, &scales).iter().zip(real(&before, &[0.5, 0.25])) {
            assert!((found - expected).abs() <= 0.51 * scales[0], "{found} is not {expected}");
        }
    }

    #[test]
    fn in_reverse_all_columns_take_larger_scales() {
        // Twelve inputs of which the sums forward are small.
        let (mut values, mut scales) = (vec![-128; 12 * 700], vec![1.0; 700]);
        let found = bound(&shape(12, 700), &mut values, &mut scales).unwrap();
        assert_eq!(found, Coarser { node: 7, sum: 89_600, columns: 700 });
        assert!(largest(&shape(12, 700), &values) <= MOST_MAGNITUDE);
        assert!(real(&values, &scales).iter().all(|weight| (weight + 128.0).abs() < 0.51 * scales[0]));
    }
}
