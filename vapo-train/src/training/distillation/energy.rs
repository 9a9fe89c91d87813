//! The energy distance of two sets of points: 2·E|x − y| − E|x − x′| − E|y − y′|, which is 0 where both have one density, and above it
//! elsewhere.
//!
//! Its gradient by a point x is twice the mean direction from points of the other set to x, less that from points of its own: a point goes
//! where the others are many, and away from its like.
//!
//! Source: Székely and Rizzo, *Energy statistics*, 2013, equation 5.

use nalgebra::DMatrix;

/// Points, a column each, and the class of each; no classes at all where none are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Points<'a> {
    pub(super) values: &'a DMatrix<f32>,
    pub(super) classes: &'a [Option<u16>],
}

/// What two points of different classes are further apart by, squared, where the usual distance of two points is 1. So densities are
/// those of points together with their classes. Points of no class are compared with the others of all classes.
const OTHER_CLASS: f32 = 4.0;
/// Least distance that a direction is told by.
const LEAST: f32 = 1e-3;

/// Half the gradient, by each point of `points`, of N times the energy distance from `others`; and that distance, but for what does not
/// depend on `points`.
pub(super) fn gradient(points: Points<'_>, others: Points<'_>) -> (DMatrix<f32>, f64) {
    let (towards, far) = directions(points, others, false);
    let (apart, near) = directions(points, points, true);
    (towards - apart, 2.0 * far - near)
}

/// The mean direction from the points of a set to each of `points`, of length 1 or less, and the mean distance. Of its own set a point is
/// no neighbour of itself.
fn directions(points: Points<'_>, from: Points<'_>, own: bool) -> (DMatrix<f32>, f64) {
    let squares =
        |points: Points<'_>| -> Vec<f32> { points.values.column_iter().map(|column| column.norm_squared()).collect() };
    let (of_points, of_from) = (squares(points), squares(from));
    let class = |points: Points<'_>, index: usize| points.classes.get(index).copied().flatten();
    // Inner products, a column for each of `points`; then the weight of each direction.
    let mut weights = from.values.transpose() * points.values;
    let mut sums = Vec::with_capacity(of_points.len());
    let mut distances = 0.0;
    for (index, mut column) in weights.column_iter_mut().enumerate() {
        let its = class(points, index);
        let (mut sum, mut distance, mut count) = (0.0, 0.0, 0u32);
        for (other, weight) in column.iter_mut().enumerate() {
            let theirs = class(from, other);
            // Points of no class are a density of their own.
            if own && (other == index || its.is_some() != theirs.is_some()) {
                *weight = 0.0;
                continue;
            }
            let apart = if its.is_some() && theirs.is_some() && its != theirs { OTHER_CLASS } else { 0.0 };
            let squared = of_points[index] + of_from[other] - 2.0 * *weight + apart;
            let length = squared.max(LEAST * LEAST).sqrt();
            distance += f64::from(length);
            count += 1;
            *weight = 1.0 / length;
            sum += *weight;
        }
        let share = 1.0 / count.max(1) as f32;
        column *= share;
        sums.push(sum * share);
        distances += distance * f64::from(share);
    }
    let mut directions = from.values * weights;
    for ((mut direction, point), sum) in directions.column_iter_mut().zip(points.values.column_iter()).zip(sums) {
        direction.zip_apply(&point, |direction, point| *direction = sum * point - *direction);
    }
    let count = of_points.len().max(1);
    (directions, distances / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::generator;
    use vapo_sampler::Noise;

    fn cloud(count: usize, seed: u64, shift: f32) -> DMatrix<f32> {
        let mut values = vec![0.0; 3 * count];
        Noise::new(generator(seed)).fill(&mut values);
        DMatrix::from_vec(3, count, values).add_scalar(shift)
    }

    fn points(values: &DMatrix<f32>) -> Points<'_> {
        Points { values, classes: &[] }
    }

    /// Σ over pairs, as the definition has it, without what depends on `others` alone.
    fn defined(points: &DMatrix<f32>, others: &DMatrix<f32>) -> f64 {
        let mean = |other: &DMatrix<f32>, pairs: f64| -> f64 {
            let pair = |a: usize, b: usize| f64::from((points.column(a) - other.column(b)).norm());
            let of = |a: usize| (0..other.ncols()).map(move |b| pair(a, b)).sum::<f64>();
            (0..points.ncols()).map(of).sum::<f64>() / pairs
        };
        let (n, m) = (points.ncols() as f64, others.ncols() as f64);
        2.0 * mean(others, n * m) - mean(points, n * (n - 1.0))
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let (mut x, y) = (cloud(7, 1, 0.5), cloud(9, 2, 0.0));
        let (gradient, distance) = gradient(points(&x), points(&y));
        assert!((distance - defined(&x, &y)).abs() < 1e-3);
        for at in [(0, 0), (2, 3), (1, 6)] {
            let step = 1e-2;
            let kept = x[at];
            let mut moved = |by: f32| {
                x[at] = kept + by;
                defined(&x, &y)
            };
            let slope = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            moved(0.0);
            let found = 2.0 * f64::from(gradient[at]) / 7.0;
            assert!((found - slope).abs() < 1e-3, "{found}, expected {slope}");
        }
    }

    #[test]
    fn points_of_one_density_rest_and_others_move_towards_it() {
        let (x, y) = (cloud(400, 1, 0.0), cloud(400, 2, 0.0));
        let mean = |x: &DMatrix<f32>| gradient(points(x), points(&y)).0.column_mean();
        assert!(mean(&x).norm() < 0.1, "{}", mean(&x));
        let away = mean(&x.add_scalar(2.0));
        assert!(away.iter().all(|slope| *slope > 0.3), "{away}");
    }

    /// Two clouds that exchanged their classes are one density, if classes are not looked at.
    #[test]
    fn classes_are_part_of_what_is_compared() {
        let (low, high) = (cloud(100, 1, -2.0), cloud(100, 2, 2.0));
        // As near to each other as images are usually.
        let y = 0.15 * DMatrix::from_columns(&low.column_iter().chain(high.column_iter()).collect::<Vec<_>>());
        let told = |first, second| [[Some(first); 100], [Some(second); 100]].concat();
        let (right, wrong) = (told(0, 1), told(1, 0));
        let slopes = |classes: &[Option<u16>]| {
            let (gradient, _) = gradient(Points { values: &y, classes }, Points { values: &y, classes: &right });
            gradient.columns(0, 100).column_mean().mean()
        };
        assert!(slopes(&right).abs() < 0.05, "{}", slopes(&right));
        // The low ones are said to be of the class of high ones, and go up: against the gradient.
        assert!(slopes(&wrong) < -0.1, "{}", slopes(&wrong));
        // Of no class, they may be any.
        assert!(slopes(&[None; 200]).abs() < 0.05, "{}", slopes(&[None; 200]));
        // Half of the low ones of no class, and all others of theirs: those of no class lack the high ones, and go up.
        let half = [vec![None; 50], told(0, 1)[50..].to_vec()].concat();
        let (gradient, _) = gradient(Points { values: &y, classes: &half }, Points { values: &y, classes: &right });
        let mean = |first: usize| gradient.columns(first, 50).column_mean().mean();
        assert!(mean(0) < -0.1 && mean(100).abs() < 0.1 && mean(150).abs() < 0.1, "{} {}", mean(0), mean(100));
    }
}
