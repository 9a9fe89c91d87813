//! The scale of every column of a matrix.
//!
//! Weights are (rows, columns), row-major; `most` is the largest integer.

/// The least scales by which nothing exceeds the largest integer.
pub(super) fn of_largest(weights: &[f32], columns: usize, most: f32) -> Vec<f32> {
    largest(weights, columns).into_iter().map(|largest| of_17_bits(largest / most)).collect()
}

/// Parts of the largest magnitude that are tried for the largest integer. Few columns reach as far as their largest weight
/// says: of few levels, a finer step is worth more than a weight or two that are clamped.
const PARTS: [f32; 12] = [1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45];

/// Scales of the least squared error, near to it: for each part of the largest magnitude the weights are rounded, and the scale
/// that suits these integers best is found; the best of them is taken.
pub(super) fn of_least_error(weights: &[f32], columns: usize, most: f32) -> Vec<f32> {
    let largest = largest(weights, columns);
    let mut best = vec![(f32::INFINITY, 0.0); columns];
    for part in PARTS {
        let tried: Vec<f32> = largest.iter().map(|largest| largest * part / most).collect();
        for (best, (products, squares)) in best.iter_mut().zip(suited(weights, &tried, most)) {
            // Of the integers q, Σ(w − s·q)² is least for s = Σw·q / Σq²; all but Σw² of it is then −s·Σw·q.
            let scale = products / squares;
            let error = -scale * products;
            if error < best.0 {
                *best = (error, scale);
            }
        }
    }
    let of_column = |(column, (largest, (_, scale))): (usize, (f32, (f32, f32)))| {
        // What is not finite is left for the writer to refuse.
        let known = || held(weights.iter().skip(column).step_by(columns), largest, most);
        if largest > 0.0 && largest.is_finite() { known().unwrap_or_else(|| of_17_bits(scale)) } else { largest }
    };
    largest.into_iter().zip(best).enumerate().map(of_column).collect()
}

/// Of each column, Σw·q and Σq² of the integers q that these scales make.
fn suited(weights: &[f32], scales: &[f32], most: f32) -> Vec<(f32, f32)> {
    // So much more than an integer of few bits that adding it rounds, and taking it away gives the integer.
    const WHOLE: f32 = (3 << 22) as f32;
    let inverse: Vec<f32> = scales.iter().map(|scale| if *scale > 0.0 { 1.0 / scale } else { 0.0 }).collect();
    let mut sums = vec![(0.0, 0.0); scales.len()];
    for row in weights.chunks_exact(scales.len()) {
        for ((products, squares), (weight, inverse)) in sums.iter_mut().zip(row.iter().zip(&inverse)) {
            let integer = ((weight * inverse).clamp(-most, most) + WHOLE) - WHOLE;
            *products += weight * integer;
            *squares += integer * integer;
        }
    }
    sums
}

/// The scale of a column that some scale holds exactly, and that was rounded before. None of another.
fn held<'w>(column: impl Iterator<Item = &'w f32> + Clone, largest: f32, most: f32) -> Option<f32> {
    let integers = (1..=most as u8).rev().map(f32::from);
    let mut scales = integers.map(|integer| largest / integer).filter(|scale| of_17_bits(*scale) == *scale);
    scales.find(|scale| column.clone().all(|weight| (weight / scale).round() * scale == *weight))
}

/// The largest magnitude of every column.
fn largest(weights: &[f32], columns: usize) -> Vec<f32> {
    let mut largest = vec![0.0f32; columns];
    for row in weights.chunks_exact(columns) {
        for (largest, weight) in largest.iter_mut().zip(row) {
            // Not `max`, which would hide a weight that is not a number from the writer's check. Nothing exceeds one.
            if weight.abs() > *largest || weight.is_nan() {
                *largest = weight.abs();
            }
        }
    }
    largest
}

/// The next number up whose last seven bits are zero; itself, if it is not finite.
fn of_17_bits(scale: f32) -> f32 {
    const REST: u32 = (1 << 7) - 1;
    if scale.is_finite() { f32::from_bits((scale.to_bits() + REST) & !REST) } else { scale }
}
