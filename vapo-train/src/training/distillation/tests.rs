use super::{Distiller, Drawn, drifts};
use crate::arithmetic::random::generator;
use crate::dataset::{Dataset, Files, Source, Split};
use crate::potential::parameters::Layout;
use crate::potential::{Potential, Samples};
use crate::run::config::{Choices, Config};
use crate::run::distillation::{Distillation, way};
use crate::run::preset::Preset;
use crate::training::host::HostWeights;
use crate::training::weights::{Moved, Moving};
use crate::training::{Trainer, TrainingError};
use dfdx::prelude::Cpu;
use vapo_format::Homotopy;
use vapo_sampler::Noise;

fn digits() -> Dataset {
    Dataset::load(Source::Digits, Split::Train, None).unwrap()
}

fn config(dataset: &Dataset, choices: Choices) -> Config {
    let choices = Choices { int8_part: Some(0.0), classes: Some(choices.classes.unwrap_or(false)), ..choices };
    Config::new(Source::Digits, dataset, &Files::default(), &Preset::named("tiny").unwrap(), &choices)
}

/// A run of the student of a teacher.
fn distilled(config: &Config, evaluations: u16) -> Config {
    let taught = Distillation { teacher: "teacher".into(), sha256: "1".into(), evaluations };
    Config { distillation: Some(taught), learning_rate: 5e-4, ..config.clone() }
}

fn trained(config: &Config, dataset: &Dataset, teacher: Option<Vec<f32>>, steps: u32) -> Vec<f32> {
    let mut trainer = Trainer::taught(config, dataset, teacher).unwrap();
    for step in 0..steps {
        trainer.advance(f64::from(step) / f64::from(steps)).unwrap();
    }
    trainer.average().unwrap()
}

/// Mean and standard deviation of each pixel.
fn moments(images: &[f32], pixels: usize) -> Vec<[f32; 2]> {
    let count = (images.len() / pixels) as f32;
    let of_pixel = |pixel| {
        let values = || images.iter().skip(pixel).step_by(pixels);
        let mean = values().sum::<f32>() / count;
        [mean, (values().map(|value| (value - mean).powi(2)).sum::<f32>() / count).sqrt()]
    };
    (0..pixels).map(of_pixel).collect()
}

/// How far the pixels' moments of samples in so many evaluations are from those of the data: root mean square.
fn distance(config: &Config, parameters: &[f32], dataset: &Dataset, evaluations: u16) -> f32 {
    let (count, pixels) = (1000, dataset.shape().elements());
    let potential = Potential::new(&config.architecture, parameters, &Cpu::default());
    let mut x = vec![0.0; count * pixels];
    Noise::new(generator(9)).fill(&mut x);
    for step in way(evaluations).1.steps() {
        let drift =
            drifts(&potential, Samples { images: &x, times: &vec![step.start; count], classes: &[], dropout: None });
        x.iter_mut().zip(drift).for_each(|(x, drift)| *x += (step.end - step.start) * drift);
    }
    let mut data = Vec::new();
    dataset.fill(&(0..dataset.len()).collect::<Vec<_>>(), &mut data);
    let pairs = moments(&x, pixels).into_iter().zip(moments(&data, pixels));
    let squares = pairs.map(|(one, other)| (one[0] - other[0]).powi(2) + (one[1] - other[1]).powi(2));
    (squares.sum::<f32>() / (2 * pixels) as f32).sqrt()
}

#[test]
fn a_student_draws_in_few_evaluations_what_the_teacher_draws_in_many() {
    let dataset = digits();
    let teacher_config = config(&dataset, Choices::default());
    let teacher = trained(&teacher_config, &dataset, None, 600);
    let many = distance(&teacher_config, &teacher, &dataset, 20);
    for (evaluations, less) in [(1, 0.6), (2, 0.5), (4, 0.8)] {
        let student_config = distilled(&teacher_config, evaluations);
        let student = trained(&student_config, &dataset, Some(teacher.clone()), 600);
        let before = distance(&teacher_config, &teacher, &dataset, evaluations);
        let after = distance(&teacher_config, &student, &dataset, evaluations);
        println!("{evaluations} evaluations: {before} before, {after} after; the teacher's twenty: {many}");
        assert!(after < less * before, "{evaluations} evaluations: {before} before, {after} after");
        // As near as twenty evaluations of the teacher, or nearly.
        assert!(after < 1.4 * many, "{evaluations} evaluations of the student: {after}, twenty of the teacher: {many}");
    }
}

#[test]
fn a_restored_distillation_goes_on_to_the_same_bytes_on_any_number_of_threads() {
    let dataset = digits();
    for classes in [false, true] {
        let choices = Choices { batch: Some(8), threads: Some(1), classes: Some(classes), ..Choices::default() };
        let teacher_config = config(&dataset, choices);
        let teacher = trained(&teacher_config, &dataset, None, 3);
        let student = distilled(&teacher_config, 2);
        let student = Config { int8_part: 0.3, ..student };
        let advance = |trainer: &mut Trainer<'_>, steps: std::ops::Range<u32>| {
            for step in steps {
                trainer.advance(f64::from(step) / 10.0).unwrap();
            }
        };
        let mut whole = Trainer::taught(&student, &dataset, Some(teacher.clone())).unwrap();
        advance(&mut whole, 0..10);
        let mut first = Trainer::taught(&student, &dataset, Some(teacher.clone())).unwrap();
        advance(&mut first, 0..4);
        let checkpoint = first.checkpoint().unwrap();
        let two = Config { threads: 2, ..student.clone() };
        let mut rest = Trainer::restore_taught(&two, &dataset, Some(teacher.clone()), checkpoint).unwrap();
        advance(&mut rest, 4..10);
        let [whole, rest] = [whole, rest].map(|trainer| trainer.checkpoint().unwrap());
        assert!(whole == rest && whole.before_rest.is_some(), "classes {classes}");
    }
}

/// The gradient through three steps is that of the distance, by each of some weights.
#[test]
fn the_gradient_goes_back_through_all_steps() {
    let dataset = digits();
    let config = config(&dataset, Choices { batch: Some(6), threads: Some(1), ..Choices::default() });
    let teacher = trained(&config, &dataset, None, 30);
    let student = distilled(&config, 3);
    let settings = student.distillation.as_ref().unwrap();
    let distiller = Distiller::new(&student, settings, &dataset, &teacher).unwrap();
    let mut data = Vec::new();
    dataset.fill(&[0, 1, 2, 3, 4, 5], &mut data);
    let drawn = Drawn { data, of_data: vec![], classes: vec![] };
    let layout = Layout::new(&config.architecture);
    let differentiated = |parameters: Vec<f32>| {
        let mut weights = HostWeights::new(&student, &layout, &Moved::fresh(parameters), Moving::All).unwrap();
        let distance = distiller.differentiate(&mut weights, None, &drawn, &mut generator(4)).unwrap();
        (distance, weights.gradient().to_vec())
    };
    let (_, gradient) = differentiated(teacher.clone());
    // Along the gradient, over a step so short that it is a straight line and so long that rounding does not show.
    let length = gradient.iter().map(|value| value * value).sum::<f32>().sqrt();
    let moved = |by: f32| {
        let parameters = teacher.iter().zip(&gradient).map(|(value, slope)| value + by * slope / length).collect();
        differentiated(parameters).0
    };
    let slope = (moved(0.02) - moved(-0.02)) / 0.04;
    // What is differentiated is half of the distance.
    let expected = f64::from(2.0 * length);
    assert!((slope - expected).abs() < 0.03 * expected, "{slope}, expected {expected}");
}

#[test]
fn what_cannot_be_distilled_is_refused() {
    let dataset = digits();
    let learner = config(&dataset, Choices::default());
    let parameters = vec![0.0; learner.architecture.parameters()];
    let told = |config: &Config, teacher| match Trainer::taught(config, &dataset, teacher).err() {
        Some(TrainingError::Distillation { cause }) => cause,
        other => panic!("not refused: {other:?}"),
    };
    assert!(told(&distilled(&learner, 1), None).contains("missing"));
    assert!(told(&learner, Some(parameters.clone())).contains("no teacher"));
    let lone = distilled(&config(&dataset, Choices { batch: Some(1), ..Choices::default() }), 1);
    assert!(told(&lone, Some(parameters.clone())).contains("--batch 2"));
    let bayes = distilled(&config(&dataset, Choices { homotopy: Some(Homotopy::Bayes), ..Choices::default() }), 1);
    assert!(told(&bayes, Some(parameters)).contains("linear"));
}
