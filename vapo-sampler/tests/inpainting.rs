//! Restoring what is missing, of real potentials.

mod common;

use common::{digits, generator, plan, random_model, zoo};
use vapo_format::{Arithmetic, Encoding, Model};
use vapo_sampler::{Error, Noise, Sampler, Schedule, Solver, arena};

fn schedule() -> Schedule {
    Schedule::graded(4, 0.8).unwrap()
}

/// The sample of a seed with these known elements, and the next number of its noise.
fn inpaint(
    model: &Model<'_>,
    solver: Solver,
    temperature: f32,
    known: impl Fn(usize) -> Option<f32>,
) -> (Vec<f32>, f32) {
    let mut memory = vec![f32::NAN; arena::elements(&model.architecture(), Arithmetic::Float, solver)];
    let mut sampler = Sampler::new(model, plan(model), solver, &mut memory).unwrap();
    let mut noise = Noise::new(generator(8));
    let mut image = vec![f32::NAN; model.signal().elements()];
    sampler.inpaint(schedule(), temperature, &mut noise, known, &mut image).unwrap();
    (image, noise.draw())
}

#[test]
fn without_known_elements_it_is_sampling() {
    for architecture in zoo() {
        let bytes = random_model(&architecture, Encoding::Int8, 4);
        let model = Model::parse(&bytes).unwrap();
        for (solver, temperature) in Solver::ALL.into_iter().flat_map(|solver| [(solver, 0.0), (solver, 0.7)]) {
            let mut memory = vec![f32::NAN; arena::elements(&architecture, Arithmetic::Float, solver)];
            let mut noise = Noise::new(generator(8));
            let mut image = vec![f32::NAN; architecture.signal.elements()];
            let mut sampler = Sampler::new(&model, plan(&model), solver, &mut memory).unwrap();
            sampler.sample(schedule(), temperature, &mut noise, &mut image).unwrap();
            assert_eq!(inpaint(&model, solver, temperature, |_| None), (image, noise.draw()), "{architecture:?}");
        }
    }
}

#[test]
fn known_elements_end_as_they_are_and_the_others_depend_on_them() {
    for architecture in zoo() {
        let bytes = random_model(&architecture, Encoding::Int8, 4);
        let model = Model::parse(&bytes).unwrap();
        let elements = architecture.signal.elements();
        for (solver, temperature) in Solver::ALL.into_iter().flat_map(|solver| [(solver, 0.0), (solver, 0.7)]) {
            let known = |index: usize, value: f32| (index < elements / 2).then_some(value - index as f32 / 9.0);
            let restored = |value| inpaint(&model, solver, temperature, |index| known(index, value));
            let ((one, next), (other, next_of_other)) = (restored(0.9), restored(-0.9));
            for index in 0..elements / 2 {
                assert_eq!((Some(one[index]), Some(other[index])), (known(index, 0.9), known(index, -0.9)));
            }
            if elements > 1 {
                assert!(one[elements / 2..] != other[elements / 2..], "{architecture:?} {solver:?}");
            }
            // However much is known, the noise is asked for the same numbers.
            assert_eq!(next, next_of_other);
            assert_eq!(next, inpaint(&model, solver, temperature, |_| None).1);
            assert_eq!(next, inpaint(&model, solver, temperature, |_| Some(0.0)).1);
        }
    }
}

#[test]
fn lengths_and_temperatures_are_checked() {
    let bytes = random_model(&digits(), Encoding::Int8, 4);
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0.0; arena::elements(&model.architecture(), Arithmetic::Float, Solver::Ab2)];
    let mut sampler = Sampler::new(&model, plan(&model), Solver::Ab2, &mut memory).unwrap();
    let mut noise = Noise::new(generator(5));
    for found in [0, 63, 65] {
        let refused = sampler.inpaint(schedule(), 0.0, &mut noise, |_| Some(0.5), &mut vec![0.0; found]);
        assert_eq!(refused, Err(Error::Length { expected: 64, found }));
    }
    let refused = sampler.inpaint(schedule(), -1.0, &mut noise, |_| Some(0.5), &mut [0.0; 64]);
    assert_eq!(refused, Err(Error::Temperature { found: -1.0 }));
}
