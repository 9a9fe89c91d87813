//! Energies of images, and what a threshold makes of them.

mod common;

use common::{digits, generator, plan, random_model, uniform, zoo};
use vapo_format::writer::replace_threshold;
use vapo_format::{Arithmetic, Encoding, Homotopy, Model, Threshold, threshold};
use vapo_sampler::homotopy::coefficients;
use vapo_sampler::{Error, Noise, Potential, Sampler, Schedule, Solver, arena};

fn image(elements: usize) -> Vec<f32> {
    let mut generator = generator(31);
    (0..elements).map(|_| uniform(&mut generator)).collect()
}

/// The digits model with this threshold.
fn with_threshold(threshold: Threshold) -> Vec<u8> {
    let bytes = random_model(&digits(), Encoding::Int8, 4);
    let mut file = vec![0; bytes.len() + threshold::BYTES];
    replace_threshold(&Model::parse(&bytes).unwrap(), Some(threshold), &mut file).unwrap();
    file
}

#[test]
fn an_image_is_scored_on_the_mean_of_its_path() {
    for architecture in zoo() {
        let bytes = random_model(&architecture, Encoding::Int8, 4);
        let model = Model::parse(&bytes).unwrap();
        let image = image(architecture.signal.elements());
        for (solver, time) in Solver::ALL.into_iter().flat_map(|solver| [0.0, 0.3, 0.5, 1.0].map(|time| (solver, time)))
        {
            let mut memory = vec![f32::NAN; arena::elements(&architecture, Arithmetic::Float, solver)];
            let found =
                Sampler::new(&model, plan(&model), solver, &mut memory).unwrap().image_energy(&image, time).unwrap();
            let mean = coefficients(architecture.homotopy, time).mean;
            let x: Vec<f32> = image.iter().map(|value| mean * value).collect();
            let mut memory = vec![f32::NAN; arena::potential_elements(&architecture, Arithmetic::Float)];
            assert_eq!(found, Potential::new(&model, plan(&model), &mut memory).unwrap().energy(&x, time).unwrap());
            assert_eq!(found.is_none(), architecture.homotopy == Homotopy::Linear && time == 1.0);
        }
    }
}

#[test]
fn what_is_above_the_threshold_is_an_anomaly() {
    let image = image(64);
    let chosen = Threshold { energy: 0.0, time: 0.4, false_positive_rate: 0.05 };
    let file = with_threshold(chosen);
    let model = Model::parse(&file).unwrap();
    let mut memory = vec![f32::NAN; arena::elements(&model.architecture(), Arithmetic::Float, Solver::Euler)];
    let mut sampler = Sampler::new(&model, plan(&model), Solver::Euler, &mut memory).unwrap();
    let energy = sampler.image_energy(&image, 0.4).unwrap().unwrap();
    assert!(energy.is_finite());
    assert_eq!(sampler.verdict(&image).unwrap().unwrap().energy, energy);
    for (threshold, anomalous) in
        [(energy.next_down(), true), (energy, false), (energy.next_up(), false), (f32::MIN, true), (f32::MAX, false)]
    {
        let file = with_threshold(Threshold { energy: threshold, ..chosen });
        let model = Model::parse(&file).unwrap();
        let mut memory = vec![f32::NAN; arena::elements(&model.architecture(), Arithmetic::Float, Solver::Euler)];
        let verdict =
            Sampler::new(&model, plan(&model), Solver::Euler, &mut memory).unwrap().verdict(&image).unwrap().unwrap();
        assert_eq!((verdict.energy, verdict.anomalous), (energy, anomalous), "threshold {threshold}");
    }
}

#[test]
fn what_is_not_a_number_is_an_anomaly() {
    let file = with_threshold(Threshold { energy: f32::MAX, time: 0.4, false_positive_rate: 0.05 });
    let model = Model::parse(&file).unwrap();
    let mut memory = vec![f32::NAN; arena::elements(&model.architecture(), Arithmetic::Float, Solver::Ab2)];
    let mut sampler = Sampler::new(&model, plan(&model), Solver::Ab2, &mut memory).unwrap();
    for bad in [f32::NAN, f32::INFINITY] {
        let mut image = image(64);
        image[17] = bad;
        assert!(sampler.verdict(&image).unwrap().unwrap().anomalous, "{bad}");
    }
}

#[test]
fn without_a_threshold_there_is_no_verdict() {
    let bytes = random_model(&digits(), Encoding::Int8, 4);
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![f32::NAN; arena::elements(&model.architecture(), Arithmetic::Float, Solver::Ab2)];
    assert_eq!(Sampler::new(&model, plan(&model), Solver::Ab2, &mut memory).unwrap().verdict(&image(64)), Ok(None));
}

#[test]
fn lengths_are_checked_and_sampling_is_not_disturbed() {
    let file = with_threshold(Threshold { energy: 0.0, time: 0.4, false_positive_rate: 0.05 });
    let model = Model::parse(&file).unwrap();
    let mut memory = vec![f32::NAN; arena::elements(&model.architecture(), Arithmetic::Float, Solver::Ab2)];
    let mut sampler = Sampler::new(&model, plan(&model), Solver::Ab2, &mut memory).unwrap();
    let sample = |sampler: &mut Sampler<'_>| {
        let mut image = [0.0; 64];
        let schedule = Schedule::uniform(3).unwrap();
        sampler.sample(schedule, 1.0, &mut Noise::new(generator(1)), &mut image).unwrap();
        image
    };
    let before = sample(&mut sampler);
    for found in [0, 63, 65] {
        let refused = Error::Length { expected: 64, found };
        assert_eq!(sampler.verdict(&vec![0.0; found]), Err(refused));
        assert_eq!(sampler.image_energy(&vec![0.0; found], 0.5), Err(refused));
    }
    sampler.verdict(&image(64)).unwrap();
    assert_eq!(sample(&mut sampler), before);
}
