//! The images nearest to others, by the Euclidean distance between their features.

use crate::evaluation::{EvaluationError, Features};
use nalgebra::{DMatrix, DMatrixView};
use rayon::prelude::*;

/// Images that are compared at a time: their products fit the caches.
const QUERIES: usize = 64;
const CANDIDATES: usize = 1024;
/// Candidates beyond those asked for whose distances are computed exactly: the first pass, in f32, may swap close ones.
const SPARE: usize = 8;

/// One image near another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its position in the set, from 0.
    pub index: usize,
    /// Euclidean distance of the features.
    pub distance: f64,
}

/// The `k` nearest of `set` (or all, where there are fewer) to every image of `queries`, the nearest first, on the
/// threads of the current pool.
///
/// # Errors
/// Another number of features.
pub fn nearest(queries: &Features, set: &Features, k: usize) -> Result<Vec<Vec<Neighbour>>, EvaluationError> {
    let dimension = queries.dimension();
    if dimension != set.dimension() {
        let (expected, found) = (format!("{dimension} features"), set.dimension().to_string());
        return Err(EvaluationError::Extent { what: "a set", of: "the samples have", expected, found });
    }
    let norms: Vec<f32> = (0..set.count()).into_par_iter().map(|row| squared_norm(set.row(row))).collect();
    let kept = (k + SPARE).min(set.count());
    let blocks: Vec<usize> = (0..queries.count()).step_by(QUERIES).collect();
    let found: Vec<Vec<Vec<Neighbour>>> = blocks
        .into_par_iter()
        .map(|first| {
            let rows = first..(first + QUERIES).min(queries.count());
            let values = &queries.values()[rows.start * dimension..rows.end * dimension];
            let block = DMatrixView::from_slice(values, dimension, rows.len());
            let candidates = candidates(block, set, &norms, kept);
            rows.zip(candidates).map(|(row, candidates)| exact(queries.row(row), set, &candidates, k)).collect()
        })
        .collect();
    Ok(found.into_iter().flatten().collect())
}

/// For each column of `queries`, the `kept` rows of `set` with the least ‖s‖² − 2 q·s, which orders them as their
/// distances do.
fn candidates(queries: DMatrixView<'_, f32>, set: &Features, norms: &[f32], kept: usize) -> Vec<Vec<(f32, usize)>> {
    let dimension = set.dimension();
    let mut best: Vec<Vec<(f32, usize)>> = vec![Vec::new(); queries.ncols()];
    for (block, values) in set.values().chunks(CANDIDATES * dimension).enumerate() {
        let rows = values.len() / dimension;
        let products: DMatrix<f32> = DMatrixView::from_slice(values, dimension, rows).transpose() * queries;
        let first = block * CANDIDATES;
        for (best, products) in best.iter_mut().zip(products.column_iter()) {
            let scores =
                products.iter().enumerate().map(|(row, product)| (norms[first + row] - 2.0 * product, first + row));
            best.extend(scores);
            if best.len() > kept {
                best.select_nth_unstable_by(kept - 1, order);
                best.truncate(kept);
            }
        }
    }
    best
}

/// By score, and by position among equals: the answer does not depend on the order of the search.
fn order(a: &(f32, usize), b: &(f32, usize)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

fn exact(query: &[f32], set: &Features, candidates: &[(f32, usize)], k: usize) -> Vec<Neighbour> {
    let mut found: Vec<Neighbour> = candidates
        .iter()
        .map(|&(_, index)| {
            let pairs = query.iter().zip(set.row(index));
            let squares: f64 = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
            Neighbour { index, distance: squares.sqrt() }
        })
        .collect();
    found.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.index.cmp(&b.index)));
    found.truncate(k);
    found
}

fn squared_norm(values: &[f32]) -> f32 {
    values.iter().map(|value| value * value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::generator;
    use vapo_sampler::Noise;

    fn gaussian(count: usize, seed: u64) -> Features {
        let mut values = vec![0.0; count * 5];
        Noise::new(generator(seed)).fill(&mut values);
        Features::new(5, values).unwrap()
    }

    #[test]
    fn blocks_find_what_a_plain_search_finds() {
        let (queries, set) = (gaussian(150, 1), gaussian(2500, 2));
        let found = nearest(&queries, &set, 3).unwrap();
        assert_eq!(found.len(), 150);
        for (row, found) in found.iter().enumerate() {
            let all: Vec<(f32, usize)> = (0..2500).map(|index| (0.0, index)).collect();
            assert_eq!(*found, exact(queries.row(row), &set, &all, 3), "{row}");
        }
    }

    #[test]
    fn an_image_is_its_own_nearest() {
        let set = gaussian(200, 1);
        for (row, found) in nearest(&set, &set, 1).unwrap().iter().enumerate() {
            assert_eq!(found[..], [Neighbour { index: row, distance: 0.0 }]);
        }
    }

    #[test]
    fn small_sets_are_taken_whole() {
        let found = nearest(&gaussian(2, 1), &gaussian(3, 2), 10).unwrap();
        assert!(found.iter().all(|found| found.len() == 3 && found.is_sorted_by(|a, b| a.distance <= b.distance)));
        assert!(nearest(&gaussian(2, 1), &Features::new(4, vec![0.0; 4]).unwrap(), 1).is_err());
    }
}
