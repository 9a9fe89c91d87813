//! The digits that boards hold: a sample that is asked for a class is of that class, and energies tell the class of an image.

use vapo_format::Model;
use vapo_sampler::{Schedule, Solver};
use vapo_train::dataset::{Dataset, Source, Split};
use vapo_train::sampling::classification::{class, class_energies};
use vapo_train::sampling::{Asked, Settings, sample};

const DIGITS: &[u8] = include_bytes!("../../vapo-sampler/firmware/models/digits.vapo");
const ELEMENTS: usize = 64;

/// The classes of images by the majority of their five nearest training images, of equal ones the nearest's: no part of this
/// project but the data has a say in it.
fn by_neighbours(images: &[f32]) -> Vec<usize> {
    let data = Dataset::load(Source::Digits, Split::Train, None).unwrap();
    let (labels, mut known) = (data.labels().unwrap(), Vec::new());
    data.fill(&(0..data.len()).collect::<Vec<_>>(), &mut known);
    let of_image = |image: &[f32]| {
        let distance = |other: &[f32]| image.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let mut distances: Vec<(f32, usize)> =
            known.chunks_exact(ELEMENTS).zip(labels).map(|(other, &label)| (distance(other), label.into())).collect();
        distances.sort_by(|a, b| a.0.total_cmp(&b.0));
        let nearest: Vec<usize> = distances[..5].iter().map(|(_, label)| *label).collect();
        let votes = |label: usize| nearest.iter().filter(|&&other| other == label).count();
        let most = nearest.iter().map(|&label| votes(label)).max().unwrap_or_default();
        nearest.iter().copied().find(|&label| votes(label) == most).unwrap()
    };
    images.chunks_exact(ELEMENTS).map(of_image).collect()
}

fn share(guidance: f32) -> f64 {
    let model = Model::parse(DIGITS).unwrap();
    let (count, solver) = (2000, Solver::default());
    let settings = Settings {
        count,
        solver,
        schedule: Schedule::usual(10).unwrap(),
        temperature: solver.usual_temperature(),
        seed: 1,
        asked: Asked { guidance, ..Asked::each(count / 10) },
    };
    let found = by_neighbours(&sample(&model, &settings).unwrap());
    let right = found.iter().enumerate().filter(|(index, class)| **class == index / (count / 10)).count();
    right as f64 / count as f64
}

#[test]
fn digits_are_of_the_class_that_was_asked_for() {
    let (plain, led) = (share(0.0), share(1.5));
    println!("of the class that was asked for: {plain}, with guidance 1.5 {led}");
    assert!(plain >= 0.95 && led >= plain, "{plain}, {led}");
}

#[test]
fn energies_tell_the_class_of_digits_that_training_never_saw() {
    let model = Model::parse(DIGITS).unwrap();
    let classifier = model.classifier().unwrap();
    let data = Dataset::load(Source::Digits, Split::Test, None).unwrap();
    let indices: Vec<usize> = (0..data.len()).collect();
    let energies = class_energies(&model, &data, &indices, classifier.time(), || ()).unwrap();
    let right = energies.chunks_exact(10).zip(data.labels().unwrap());
    let right = right.filter(|(row, label)| class(row, &classifier) == usize::from(**label)).count();
    let accuracy = right as f64 / data.len() as f64;
    println!("accuracy {accuracy}");
    assert!(accuracy >= 0.98, "{accuracy}");
}
