//! The class of images by a model's energies: the offsets of the classes, learned from labelled images, and how often the class
//! is right.
//!
//! Training sees gradients of the potential alone, so each class has a number of its own that is added to its energies, and that
//! nothing fixes. These numbers are learned here: multinomial logistic regression of the class on the energies, with one slope for
//! all, the sharpness, and one intercept a class.

use crate::dataset::Dataset;
use crate::sampling::Prepared;
use crate::sampling::anomaly::ScoreError;
use rayon::prelude::*;
use vapo_format::{Classifier, Model};
use vapo_sampler::Solver;

/// Time at which classes are told if not said otherwise: garments and digits are told best at 0.5 to 0.7.
pub const TIME: f32 = 0.6;
/// Images that offsets are learned from, at most.
pub const IMAGES: usize = 2000;
/// Steps of the regression, and their size: below the reciprocal of the largest curvature, that of the slope, which is of the order
/// of 1 for energies of unit variance.
const STEPS: usize = 1000;
const STEP: f64 = 0.25;
/// Spread of the energies of classes that counts as none.
const LEAST_SPREAD: f64 = 1e-6;

/// The energies of images as those of each class at a time, (N, classes), without offsets. The same on any number of threads. `told` is
/// called after every image, from the thread that scored it.
///
/// # Errors
/// Images of another extent than the model's, a time without an energy, or one that is not finite.
pub fn class_energies(
    model: &Model<'_>,
    dataset: &Dataset,
    indices: &[usize],
    time: f32,
    told: impl Fn() + Sync,
) -> Result<Vec<f32>, ScoreError> {
    let (prepared, classes) = (Prepared::new(model)?, usize::from(model.classes()));
    let mut energies = vec![0.0; indices.len() * classes];
    let memory = || (prepared.arena(Solver::Euler), Vec::new());
    energies.par_chunks_mut(classes.max(1)).zip(indices).try_for_each_init(
        memory,
        |(arena, image), (row, &index)| {
            dataset.fill(&[index], image);
            let mut sampler = prepared.sampler(Solver::Euler, arena)?;
            for (class, energy) in (0..).zip(row) {
                sampler.potential().set_class(Some(class))?;
                *energy = sampler.image_energy(image, time)?.ok_or(ScoreError::Time { time })?;
            }
            told();
            Ok::<(), ScoreError>(())
        },
    )?;
    match energies.iter().position(|energy| !energy.is_finite()) {
        Some(place) => Err(ScoreError::NotFinite { image: indices[place / classes.max(1)] }),
        None => Ok(energies),
    }
}

/// Learns a classifier from labelled images of a data set, spread over all of it: the bytes of a [`Classifier`]. `told` is called
/// after every image, of which there are [`IMAGES`] at most.
///
/// # Errors
/// As [`class_energies`].
///
/// # Panics
/// The data set has no labels.
pub fn learn(model: &Model<'_>, dataset: &Dataset, time: f32, told: impl Fn() + Sync) -> Result<Vec<u8>, ScoreError> {
    let labels = dataset.labels().expect("labelled images");
    let indices = dataset.spread(IMAGES);
    let energies = class_energies(model, dataset, &indices, time, told)?;
    let labels: Vec<usize> = indices.iter().map(|&index| labels[index].into()).collect();
    let Fit { sharpness, offsets } = fit(&energies, &labels, model.classes().into());
    Ok([time, sharpness].into_iter().chain(offsets).flat_map(f32::to_le_bytes).collect())
}

/// The class of least energy, offset added: the first of those that have it.
pub fn class(energies: &[f32], classifier: &Classifier<'_>) -> usize {
    let mut best = (0, f32::INFINITY);
    for (class, energy) in energies.iter().zip(classifier.offsets()).map(|(energy, offset)| energy + offset).enumerate()
    {
        if energy < best.1 {
            best = (class, energy);
        }
    }
    best.0
}

/// p(c) ∝ e^(−sharpness·(energy + offset)).
#[derive(Clone, Debug, PartialEq)]
struct Fit {
    sharpness: f32,
    offsets: Vec<f32>,
}

/// Least mean cross-entropy of energies (N, classes) and labels, (N,). The problem is convex; Nesterov's method goes as far as
/// its steps allow, which bounds the sharpness where classes can be told apart without error.
fn fit(energies: &[f32], labels: &[usize], classes: usize) -> Fit {
    let Centred { rows, means, scale } = Centred::new(energies, classes);
    let count = rows.len().max(1) as f64;
    // The intercept of each class, then the slope of the energies.
    let mut now = vec![0.0; classes + 1];
    now[classes] = 1.0;
    let mut before = now.clone();
    for round in 0..STEPS {
        let momentum = round as f64 / (round as f64 + 3.0);
        let ahead: Vec<f64> = now.iter().zip(&before).map(|(now, before)| now + momentum * (now - before)).collect();
        let mut gradient = vec![0.0; classes + 1];
        for (row, &label) in rows.iter().zip(labels) {
            let scores: Vec<f64> =
                row.iter().zip(&ahead).map(|(energy, offset)| -ahead[classes] * energy - offset).collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|score| libm::exp(score - most)).sum();
            for (class, score) in scores.iter().enumerate() {
                let is = if class == label { 1.0 } else { 0.0 };
                let slope = (is - libm::exp(score - most) / sum) / count;
                gradient[class] += slope;
                gradient[classes] += slope * row[class];
            }
        }
        before = now;
        now = ahead.iter().zip(&gradient).map(|(ahead, gradient)| ahead - STEP * gradient).collect();
        // A slope that is not above 0 tells nothing; it is kept from there.
        now[classes] = now[classes].max(1e-3);
    }
    let slope = now[classes];
    let offsets: Vec<f64> = now.iter().zip(&means).map(|(offset, mean)| offset * scale / slope - mean).collect();
    let mean = offsets.iter().sum::<f64>() / classes as f64;
    Fit { sharpness: (slope / scale) as f32, offsets: offsets.iter().map(|offset| (offset - mean) as f32).collect() }
}

/// Energies without what all classes of an image and all images of a class have in common, and of unit variance: the numbers that
/// training does not fix may be far larger than what tells classes apart.
struct Centred {
    /// (N, classes).
    rows: Vec<Vec<f64>>,
    /// The mean of each class, relative to the mean of all.
    means: Vec<f64>,
    scale: f64,
}

impl Centred {
    fn new(energies: &[f32], classes: usize) -> Self {
        let mut rows: Vec<Vec<f64>> = energies
            .chunks_exact(classes)
            .map(|row| {
                let mean = row.iter().map(|&energy| f64::from(energy)).sum::<f64>() / classes as f64;
                row.iter().map(|&energy| f64::from(energy) - mean).collect()
            })
            .collect();
        let count = rows.len().max(1) as f64;
        let means: Vec<f64> =
            (0..classes).map(|class| rows.iter().map(|row| row[class]).sum::<f64>() / count).collect();
        rows.iter_mut().for_each(|row| row.iter_mut().zip(&means).for_each(|(energy, mean)| *energy -= mean));
        let squares: f64 = rows.iter().flatten().map(|energy| energy * energy).sum();
        // At first a training has not told classes apart, and their energies are the same.
        let scale = (squares / energies.len().max(1) as f64).sqrt().max(LEAST_SPREAD);
        rows.iter_mut().flatten().for_each(|energy| *energy /= scale);
        Centred { rows, means, scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::random::{generator, uniform};

    /// Energies that are the class's own but for a number a class, which the fit must find.
    #[test]
    fn offsets_make_up_for_what_is_added_to_each_class() {
        let mut generator = generator(3);
        let (classes, hidden) = (4, [3000.0, -2.0, 0.5, 7.0]);
        let labels: Vec<usize> = (0..800).map(|image| image % classes).collect();
        let mut noise = || 2.0 * uniform(&mut generator) - 1.0;
        let energies: Vec<f32> = labels
            .iter()
            .flat_map(|&label| (0..classes).map(move |class| (class, label)))
            .map(|(class, label)| 20.0 + hidden[class] + noise() * 2.0 - if class == label { 1.5 } else { 0.0 })
            .collect();
        let Fit { sharpness, offsets } = fit(&energies, &labels, classes);
        let mean = hidden.iter().sum::<f32>() / 4.0;
        for (offset, hidden) in offsets.iter().zip(hidden) {
            assert!((offset + hidden - mean).abs() < 0.3, "{offsets:?}");
        }
        assert!((0.2..5.0).contains(&sharpness), "{sharpness}");
        let section: Vec<u8> = [0.5, sharpness].into_iter().chain(offsets).flat_map(f32::to_le_bytes).collect();
        let classifier = Classifier::new(&section).unwrap();
        let right = |with: &Classifier<'_>| {
            energies.chunks_exact(4).zip(&labels).filter(|(row, label)| class(row, with) == **label).count()
        };
        let none: Vec<u8> = [0.5, 1.0, 0.0, 0.0, 0.0, 0.0].into_iter().flat_map(f32::to_le_bytes).collect();
        // Without offsets the classes of the least numbers win always.
        let found = [right(&classifier), right(&Classifier::new(&none).unwrap())];
        assert!(found[0] > 450 && found[1] < 350, "{found:?}");
    }

    #[test]
    fn classes_of_the_same_energies_have_a_classifier_too() {
        let Fit { sharpness, offsets } = fit(&[5.0; 12], &[0, 1, 2, 0], 3);
        let section: Vec<u8> = [0.5, sharpness].into_iter().chain(offsets).flat_map(f32::to_le_bytes).collect();
        assert!(Classifier::new(&section).unwrap().is_valid(vapo_format::Homotopy::Linear, 3), "{sharpness}");
    }

    #[test]
    fn the_first_of_equal_energies_is_taken() {
        let section: Vec<u8> = [0.5_f32, 1.0, 1.0, 0.0, 0.0].into_iter().flat_map(f32::to_le_bytes).collect();
        let classifier = Classifier::new(&section).unwrap();
        assert_eq!(class(&[1.0, 2.0, 2.0], &classifier), 0);
        assert_eq!(class(&[1.5, 2.0, 2.0], &classifier), 1);
    }
}
