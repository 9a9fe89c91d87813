//! Which noise belongs to which image, the two ends of a path.

use lapjv::{Matrix, lapjv};
use serde::{Deserialize, Serialize};

/// How noise is assigned to images. Either way images have the density of the data, and noise is Gaussian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coupling {
    /// Each image has a random noise of its own
    #[default]
    Independent,
    /// Optimal transport: within a pool of images, noise is assigned so that the sum of squared distances is least, and paths cross
    /// less
    Ot,
}

/// The noise of each image, by its number: a permutation of all, of the least sum of squared distances |x̄ − ε|². `images` and `noise` are
/// (N, d). Images have noises of their own `groups`, (N,), alone, where there are some: image and noise of one number are of one group.
///
/// Samples of a class begin with any noise, so that a class must not have noises of its own: groups are the classes, where the potential
/// knows them.
///
/// Sources: Tong et al., *Improving and generalizing flow-based generative models with minibatch optimal transport*, 2024,
/// arXiv:2302.00482; the assignment, exact: Jonker and Volgenant, 1987; on classes: Cheng and Schwing, 2025, arXiv:2503.10636.
///
/// # Panics
/// A value is not finite, or there are not N of each.
pub(crate) fn assign(images: &[f32], noise: &[f32], size: usize, groups: &[u8]) -> Vec<usize> {
    let count = images.len() / size;
    assert!(images.len() == noise.len() && (groups.is_empty() || groups.len() == count), "of different pools");
    let mut assigned: Vec<usize> = (0..count).collect();
    let group_of = |index: &usize| groups.get(*index).copied().unwrap_or_default();
    for group in 0..=groups.iter().copied().max().unwrap_or_default() {
        let members: Vec<usize> = (0..count).filter(|index| group_of(index) == group).collect();
        // |x̄|² and |ε|² are in every sum, so that the inner product alone decides. One of a group has no choice.
        if members.len() > 1 {
            let row = |index: usize| index * size..(index + 1) * size;
            let cost = Matrix::from_shape_fn((members.len(), members.len()), |(image, other)| {
                -inner(&images[row(members[image])], &noise[row(members[other])])
            });
            let (of_images, _) = lapjv(&cost).expect("a square matrix of finite numbers");
            for (&image, other) in members.iter().zip(of_images) {
                assigned[image] = members[other];
            }
        }
    }
    assigned
}

/// The inner product, of eight sums at once.
fn inner(one: &[f32], other: &[f32]) -> f32 {
    let ((ones, rest), (others, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (one, other) in ones.iter().zip(others) {
        for (sum, (one, other)) in sums.iter_mut().zip(one.iter().zip(other)) {
            *sum += one * other;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().zip(other_rest).map(|(one, other)| one * other).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::{generator, uniform};

    fn drawn(count: usize, seed: u64) -> Vec<f32> {
        let mut generator = generator(seed);
        (0..count).map(|_| 2.0 * uniform(&mut generator) - 1.0).collect()
    }

    fn distance(images: &[f32], noise: &[f32], size: usize, assigned: &[usize]) -> f32 {
        let squares = |(image, &other): (usize, &usize)| {
            let pairs = images[image * size..].iter().zip(&noise[other * size..]).take(size);
            pairs.map(|(one, other)| (one - other).powi(2)).sum::<f32>()
        };
        assigned.iter().enumerate().map(squares).sum()
    }

    /// All permutations of a few numbers.
    fn permutations(count: usize) -> Vec<Vec<usize>> {
        if count == 0 {
            return vec![vec![]];
        }
        let shorter = permutations(count - 1);
        let longer = |order: &Vec<usize>, place: usize| {
            let mut order = order.clone();
            order.insert(place, count - 1);
            order
        };
        shorter.iter().flat_map(|order| (0..count).map(move |place| longer(order, place))).collect()
    }

    #[test]
    fn no_other_assignment_is_shorter() {
        let (count, size) = (6, 11);
        for seed in 0..20 {
            let (images, noise) = (drawn(count * size, seed), drawn(count * size, 100 + seed));
            let found = assign(&images, &noise, size, &[]);
            let best = permutations(count)
                .into_iter()
                .min_by(|one, other| {
                    let [one, other] = [one, other].map(|order| distance(&images, &noise, size, order));
                    one.total_cmp(&other)
                })
                .unwrap();
            assert_eq!(found, best, "seed {seed}");
        }
    }

    #[test]
    fn groups_keep_their_noise() {
        let (count, size) = (60, 5);
        let (images, noise) = (drawn(count * size, 3), drawn(count * size, 4));
        let groups: Vec<u8> = (0..count).map(|index| (index * index % 4) as u8).collect();
        let found = assign(&images, &noise, size, &groups);
        assert!(found.iter().enumerate().all(|(image, &other)| groups[image] == groups[other]));
        let mut sorted = found.clone();
        sorted.sort_unstable();
        let identity: Vec<usize> = (0..count).collect();
        assert_eq!(sorted, identity);
        let [of_groups, of_all, before] = [&found, &assign(&images, &noise, size, &[]), &identity]
            .map(|order| distance(&images, &noise, size, order));
        assert!(of_all < of_groups && of_groups < before, "{of_all}, {of_groups} and {before}");
    }
}
