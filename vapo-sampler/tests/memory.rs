//! What the arena held before must not matter, and nothing beyond it may be touched.

mod common;

use common::{generator, graph, integer_model, plan, random_model, zoo};
use vapo_format::{Arithmetic, Encoding, Model};
use vapo_sampler::{Error, Noise, Potential, Sampler, Schedule, Solver, arena};

fn sample(model: &Model<'_>, solver: Solver, memory: &mut [f32]) -> Vec<f32> {
    let mut image = vec![f32::NAN; model.signal().elements()];
    let mut noise = Noise::new(generator(5));
    let mut sampler = Sampler::new(model, plan(model), solver, memory).unwrap();
    sampler.sample(Schedule::graded(4, 0.8).unwrap(), 0.5, &mut noise, &mut image).unwrap();
    image
}

#[test]
fn samples_do_not_depend_on_what_the_arena_held() {
    for architecture in zoo() {
        let bytes = random_model(&architecture, Encoding::Int8, 1);
        let model = Model::parse(&bytes).unwrap();
        for solver in Solver::ALL {
            let needed = arena::elements(&architecture, Arithmetic::Float, solver);
            let mut poisoned = vec![f32::NAN; needed];
            let expected = sample(&model, solver, &mut vec![0.0; needed]);
            assert!(expected.iter().all(|value| value.is_finite()), "{architecture:?}");
            assert_eq!(sample(&model, solver, &mut poisoned), expected, "{architecture:?} {solver:?}");
            // Not only NaN: what the run before left.
            assert_eq!(sample(&model, solver, &mut poisoned), expected, "{architecture:?} {solver:?}");
        }
    }
}

#[test]
fn nothing_beyond_the_needed_elements_is_touched() {
    for architecture in zoo() {
        let bytes = random_model(&architecture, Encoding::Int8, 2);
        let model = Model::parse(&bytes).unwrap();
        for solver in Solver::ALL {
            let needed = arena::elements(&architecture, Arithmetic::Float, solver);
            let mut memory = vec![12345.0; needed + 64];
            sample(&model, solver, &mut memory);
            assert!(memory[needed..].iter().all(|&value| value == 12345.0));
        }
    }
}

/// In integers: what the arena held does not matter, nothing beyond it is touched, and one element less is refused.
#[test]
fn the_arena_of_integers_is_as_large_as_it_says() {
    for architecture in zoo().into_iter().chain((0..40).map(graph)) {
        let floats = random_model(&architecture, Encoding::Int8, 2);
        let Some(bytes) = integer_model(&Model::parse(&floats).unwrap(), 2.0, 0.0) else { continue };
        let model = Model::parse(&bytes).unwrap();
        for solver in Solver::ALL {
            let needed = arena::elements(&architecture, Arithmetic::Integer, solver);
            let expected = sample(&model, solver, &mut vec![0.0; needed]);
            let mut memory = vec![12345.0; needed + 64];
            memory[..needed].fill(f32::NAN);
            assert_eq!(sample(&model, solver, &mut memory), expected, "{architecture:?} {solver:?}");
            assert_eq!(sample(&model, solver, &mut memory), expected, "{architecture:?} {solver:?}");
            assert!(memory[needed..].iter().all(|&value| value == 12345.0));
            let error = Sampler::new(&model, plan(&model), solver, &mut memory[..needed - 1]).unwrap_err();
            assert_eq!(error, Error::Arena { needed, given: needed - 1 });
        }
        let needed = arena::potential_elements(&architecture, Arithmetic::Integer);
        let error = Potential::new(&model, plan(&model), &mut vec![0.0; needed - 1]).unwrap_err();
        assert_eq!(error, Error::Arena { needed, given: needed - 1 });
    }
}

/// The plan is exact: every element it asks for is used, so none could be saved by asking for less.
#[test]
fn every_needed_element_is_used() {
    for architecture in zoo() {
        let bytes = random_model(&architecture, Encoding::Int8, 2);
        let model = Model::parse(&bytes).unwrap();
        for solver in Solver::ALL {
            let mut memory = vec![f32::NAN; arena::elements(&architecture, Arithmetic::Float, solver)];
            sample(&model, solver, &mut memory);
            let unused = memory.iter().filter(|value| value.is_nan()).count();
            assert_eq!(unused, 0, "{architecture:?} {solver:?}");
        }
    }
}

#[test]
fn one_element_less_is_refused_with_both_numbers() {
    for architecture in zoo() {
        let bytes = random_model(&architecture, Encoding::Int8, 2);
        let model = Model::parse(&bytes).unwrap();
        for solver in Solver::ALL {
            let needed = arena::elements(&architecture, Arithmetic::Float, solver);
            let error = Sampler::new(&model, plan(&model), solver, &mut vec![0.0; needed - 1]).unwrap_err();
            assert_eq!(error, Error::Arena { needed, given: needed - 1 });
        }
        let needed = arena::potential_elements(&architecture, Arithmetic::Float);
        let error = Potential::new(&model, plan(&model), &mut vec![0.0; needed - 1]).unwrap_err();
        assert_eq!(error, Error::Arena { needed, given: needed - 1 });
        let text = error.to_string();
        assert!(text.contains(&needed.to_string()) && text.contains(&(needed - 1).to_string()), "{text}");
    }
}

#[test]
fn wrong_lengths_and_temperatures_are_refused() {
    let architecture = common::digits();
    let bytes = random_model(&architecture, Encoding::Int8, 2);
    let model = Model::parse(&bytes).unwrap();
    let mut memory = vec![0.0; arena::elements(&architecture, Arithmetic::Float, Solver::Ab2)];
    let mut sampler = Sampler::new(&model, plan(&model), Solver::Ab2, &mut memory).unwrap();
    let schedule = Schedule::uniform(2).unwrap();
    let mut noise = Noise::new(generator(5));
    for found in [0, 63, 65] {
        let refused = Error::Length { expected: 64, found };
        let (mut wrong, mut right) = (vec![0.0; found], [0.0; 64]);
        assert_eq!(sampler.sample(schedule, 0.0, &mut noise, &mut wrong), Err(refused));
        assert_eq!(sampler.potential().potential(&wrong, 0.5), Err(refused));
        assert_eq!(sampler.potential().energy(&wrong, 0.5), Err(refused));
        assert_eq!(sampler.potential().drift(&right, 0.5, &mut wrong), Err(refused));
        assert_eq!(sampler.potential().drift(&wrong, 0.5, &mut right), Err(refused));
        let text = refused.to_string();
        assert!(text.contains("64") && text.contains(&found.to_string()), "{text}");
    }
    for found in [-1.0, f32::INFINITY] {
        let refused = Error::Temperature { found };
        assert_eq!(sampler.sample(schedule, found, &mut noise, &mut [0.0; 64]), Err(refused));
    }
    assert!(sampler.sample(schedule, f32::NAN, &mut noise, &mut [0.0; 64]).is_err());
}
