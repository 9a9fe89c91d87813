//! Samples drawn a layer a call, against those drawn in one.

mod common;

use common::{conditional, digits, generator, graph, integer_model, plan, random_model, zoo};
use rand_xoshiro::Xoshiro256PlusPlus;
use vapo_format::{Encoding, Model};
use vapo_sampler::schedule::Step;
use vapo_sampler::solver::{Drift, Integration, Sde};
use vapo_sampler::{Composition, Condition, Error, Noise, Potential, Progress, Sampler, Schedule, Solver, arena};

fn schedule() -> Schedule {
    Schedule::graded(3, 0.8).unwrap().extrapolating(1.25).unwrap()
}

fn noise() -> Noise<Xoshiro256PlusPlus> {
    Noise::new(generator(8))
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The model in floats, and in integers where it has a calibration.
fn files(architecture: &vapo_format::Architecture) -> Vec<Vec<u8>> {
    let float = random_model(architecture, Encoding::Int8, 4);
    let integer = integer_model(&Model::parse(&float).unwrap(), 2.0, 0.1);
    std::iter::once(float).chain(integer).collect()
}

/// Times and drifts that an observer was told.
#[derive(Debug, Default, PartialEq)]
struct Seen(Vec<(u16, u32, Vec<u32>)>);

impl Seen {
    fn add(&mut self, step: Step, drift: &[f32]) {
        self.0.push((step.index, step.start.to_bits(), bits(drift)));
    }
}

/// Image, what was observed, and the next number of the noise.
type Drawn = (Vec<u32>, Seen, u32);

fn in_one_call(sampler: &mut Sampler<'_>, temperature: f32, known: impl Fn(usize) -> Option<f32>) -> Drawn {
    let (mut noise, mut seen) = (noise(), Seen::default());
    let mut image = vec![f32::NAN; sampler.potential().signal().elements()];
    noise.fill(&mut image);
    let observe = |step: Step, drift: &[f32]| seen.add(step, drift);
    sampler.integrate_known(schedule(), temperature, &mut noise, known, &mut image, observe).unwrap();
    (bits(&image), seen, noise.draw().to_bits())
}

/// `most` layers a call, and paused before each where it `pauses`.
fn in_calls(
    sampler: &mut Sampler<'_>,
    temperature: f32,
    known: impl Fn(usize) -> Option<f32>,
    most: u32,
    pauses: bool,
) -> (Drawn, u32) {
    let (mut noise, mut seen) = (noise(), Seen::default());
    let mut image = vec![f32::NAN; sampler.potential().signal().elements()];
    let mut sampling = sampler.start_inpaint(schedule(), temperature, &mut noise, &known, &mut image).unwrap();
    let (mut calls, mut expected) = (0, None);
    loop {
        if pauses {
            let (before, paused) = (sampling.progress(), sampling.pause());
            sampling = sampler.resume(paused, &mut noise, &known, &mut image).unwrap();
            assert_eq!(sampling.progress(), before);
        }
        assert_eq!(sampling.sample(), None);
        calls += 1;
        let Progress::Working { done, all } = sampling.advance(most, |step, drift| seen.add(step, drift)).unwrap()
        else {
            break;
        };
        assert_eq!(*expected.get_or_insert(all), all);
        assert!(done < all && (most > 1 || done == calls), "{done} of {all} after {calls} calls");
    }
    assert!(most > 1 || expected.is_none_or(|all| all == calls), "{expected:?}, {calls} calls");
    // There is nothing left to do.
    let sample = bits(sampling.sample().unwrap());
    assert_eq!(sampling.step(), Ok(Progress::Done));
    assert_eq!(sampling.sample().map(bits), Some(sample));
    ((bits(&image), seen, noise.draw().to_bits()), calls)
}

#[test]
fn the_bytes_are_those_of_one_call() {
    let mut count = 0;
    for architecture in zoo().into_iter().chain([conditional()]).chain((0..8).map(graph)) {
        for file in files(&architecture) {
            let model = Model::parse(&file).unwrap();
            let elements = model.signal().elements();
            let last = model.classes().checked_sub(1);
            let guided = last.map(|class| Condition { class: Some(class), guidance: 1.5 });
            let conditions =
                [Condition::default()].into_iter().chain(last.map(|_| Condition::of(Some(0)))).chain(guided);
            for (solver, condition) in
                Solver::ALL.into_iter().flat_map(|solver| conditions.clone().map(move |c| (solver, c)))
            {
                let mut memory = vec![f32::NAN; plan(&model).elements_guided(solver)];
                let mut sampler = Sampler::new(&model, plan(&model), solver, &mut memory).unwrap();
                sampler.set_condition(condition).unwrap();
                for (temperature, rows) in [(0.0, 0), (0.7, 0), (0.7, elements / 2)] {
                    let known = |index: usize| (index < rows).then_some(0.5 - index as f32 / 9.0);
                    let expected = in_one_call(&mut sampler, temperature, known);
                    assert_eq!(expected.1.0.len(), 3);
                    let (found, calls) = in_calls(&mut sampler, temperature, known, 1, false);
                    assert_eq!(found, expected, "{solver:?} {condition:?} {temperature} {rows} {architecture:?}");
                    let nodes = plan(&model).steps().len() as u32;
                    let drifts = if condition.is_guided() { 2 } else { 1 };
                    // The prior and every evaluation: all nodes forward but the read-out, all in reverse, then 16 elements a call.
                    let groups = elements.div_ceil(16) as u32;
                    assert_eq!(calls, groups + solver.evaluations(3) * (drifts * (2 * nodes - 1) + groups));
                    for (most, pauses) in [(1, true), (2, false), (7, true), (u32::MAX, false)] {
                        let (found, fewer) = in_calls(&mut sampler, temperature, known, most, pauses);
                        assert!(found == expected, "{most}: {solver:?} {condition:?}");
                        assert!(most == 1 || fewer < calls);
                    }
                    count += 1;
                }
            }
        }
    }
    assert!(count > 200, "{count}");
}

/// By the potential's drift as a whole, and a solver that knows nothing of parts.
#[test]
fn the_bytes_are_those_of_whole_drifts() {
    struct Whole<'a>(Potential<'a>);
    impl Drift for Whole<'_> {
        fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
            self.0.drift(x, time, drift).map(|_| ())
        }
    }
    for file in files(&digits()) {
        let model = Model::parse(&file).unwrap();
        for solver in Solver::ALL {
            let mut memory = vec![f32::NAN; plan(&model).elements()];
            let mut whole = Whole(Potential::new(&model, plan(&model), &mut memory).unwrap());
            let (mut x, mut buffers) = (vec![0.0; 64], vec![f32::NAN; solver.buffers() * 64]);
            let mut noise = noise();
            noise.fill(&mut x);
            let sde = Sde { drift: &mut whole, homotopy: model.homotopy(), temperature: 0.7 };
            solver.integrate(sde, schedule(), &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();

            let mut memory = vec![f32::NAN; plan(&model).elements_with(solver)];
            let mut sampler = Sampler::new(&model, plan(&model), solver, &mut memory).unwrap();
            assert_eq!(in_calls(&mut sampler, 0.7, |_| None, 1, false).0.0, bits(&x), "{solver:?}");
        }
    }
}

/// From what the caller has drawn, there is as much less to do.
#[test]
fn a_sample_may_begin_with_the_callers_noise() {
    let file = &files(&digits())[0];
    let model = Model::parse(file).unwrap();
    let mut memory = vec![f32::NAN; plan(&model).elements_with(Solver::Ab2)];
    let mut sampler = Sampler::new(&model, plan(&model), Solver::Ab2, &mut memory).unwrap();
    let expected = in_one_call(&mut sampler, 0.7, |_| None);
    let (_, calls) = in_calls(&mut sampler, 0.7, |_| None, 1, false);
    let (mut noise, mut image) = (noise(), vec![f32::NAN; 64]);
    noise.fill(&mut image);
    let mut sampling = sampler.start_integrate_known(schedule(), 0.7, &mut noise, |_| None, &mut image).unwrap();
    let all = calls - 4;
    for done in 1..all {
        assert_eq!(sampling.step(), Ok(Progress::Working { done, all }));
    }
    assert_eq!(sampling.step(), Ok(Progress::Done));
    assert_eq!(bits(&image), expected.0);
}

/// Whatever call comes last, the next sample is what it would have been.
#[test]
fn a_sample_may_be_dropped_on_its_way() {
    let file = &files(&conditional())[1];
    let model = Model::parse(file).unwrap();
    for solver in Solver::ALL {
        let mut memory = vec![f32::NAN; plan(&model).elements_guided(solver)];
        let mut sampler = Sampler::new(&model, plan(&model), solver, &mut memory).unwrap();
        sampler.set_condition(Condition { class: Some(2), guidance: 1.5 }).unwrap();
        sampler.potential().set_class(Some(1)).unwrap();
        let expected = in_one_call(&mut sampler, 0.7, |_| None);
        let (_, calls) = in_calls(&mut sampler, 0.7, |_| None, 1, false);
        for dropped in (0..calls).step_by(5) {
            let (mut noise, mut image) = (Noise::new(generator(1)), vec![0.0; model.signal().elements()]);
            let mut sampling = sampler.start(schedule(), 0.7, &mut noise, &mut image).unwrap();
            for _ in 0..dropped {
                assert!(matches!(sampling.step(), Ok(Progress::Working { .. })));
            }
            assert_eq!(sampler.potential().class(), Some(1), "what the potential is evaluated for by itself");
            assert_eq!(in_calls(&mut sampler, 0.7, |_| None, 1, false).0, expected, "{solver:?} {dropped}");
        }
    }
}

/// What goes on with a sample that the sampler has forgotten draws another one, or is refused.
#[test]
fn a_sample_that_was_forgotten_does_no_harm() {
    let file = &files(&conditional())[1];
    let model = Model::parse(file).unwrap();
    for (solver, between) in Solver::ALL.into_iter().zip(Solver::ALL.into_iter().rev()) {
        let mut memory = vec![f32::NAN; plan(&model).elements_guided(Solver::Etd2)];
        let mut sampler = Sampler::new(&model, plan(&model), Solver::Etd2, &mut memory).unwrap();
        let (mut noise, mut image) = (noise(), vec![0.0; model.signal().elements()]);
        for done in (0..).step_by(5) {
            sampler.set_solver(solver).unwrap();
            sampler.set_condition(Condition { class: Some(2), guidance: 1.5 }).unwrap();
            let mut sampling = sampler.start(schedule(), 0.7, &mut noise, &mut image).unwrap();
            for _ in 0..done {
                sampling.step().unwrap();
            }
            let (whole, paused) = (sampling.sample().is_some(), sampling.pause());
            sampler.set_solver(between).unwrap();
            sampler.set_condition(Condition::default()).unwrap();
            sampler.sample(schedule(), 0.7, &mut noise, &mut image).unwrap();
            assert!(matches!(sampler.resume(paused, &mut noise, |_| None, &mut image[1..]), Err(Error::Length { .. })));
            let resumed = sampler.resume(paused, &mut noise, |_| None, &mut image).unwrap();
            assert_eq!(resumed.finish(|_, _| ()), Ok(()));
            if whole {
                break;
            }
        }
    }
}

#[test]
fn the_rest_may_be_one_call() {
    let file = &files(&digits())[0];
    let model = Model::parse(file).unwrap();
    let mut memory = vec![f32::NAN; plan(&model).elements_with(Solver::Heun)];
    let mut sampler = Sampler::new(&model, plan(&model), Solver::Heun, &mut memory).unwrap();
    let expected = in_one_call(&mut sampler, 0.7, |_| None);
    let (mut noise, mut image, mut seen) = (noise(), vec![f32::NAN; 64], Seen::default());
    let mut sampling = sampler.start(schedule(), 0.7, &mut noise, &mut image).unwrap();
    for _ in 0..9 {
        sampling.step().unwrap();
    }
    sampling.finish(|step, drift| seen.add(step, drift)).unwrap();
    assert_eq!((bits(&image), seen, noise.draw().to_bits()), expected);
}

/// Before the first number of the noise.
#[test]
fn what_can_be_refused_is_refused_at_the_start() {
    let file = &files(&digits())[0];
    let model = Model::parse(file).unwrap();
    let mut memory = vec![0.0; plan(&model).elements_with(Solver::Euler)];
    let mut sampler = Sampler::new(&model, plan(&model), Solver::Euler, &mut memory).unwrap();
    let (mut noise, mut image) = (noise(), [7.0; 65]);
    let refused = sampler.start(schedule(), 0.0, &mut noise, &mut image).err();
    assert_eq!(refused, Some(Error::Length { expected: 64, found: 65 }));
    for found in [-1.0, f32::INFINITY] {
        let refused = sampler.start(schedule(), found, &mut noise, &mut image[..64]).err();
        assert_eq!(refused, Some(Error::Temperature { found }));
        assert_eq!(sampler.sample(schedule(), found, &mut noise, &mut image[..64]), Err(Error::Temperature { found }));
    }
    assert!(sampler.start(schedule(), f32::NAN, &mut noise, &mut image[..64]).is_err());
    assert_eq!(image, [7.0; 65]);
    assert_eq!(noise.draw(), self::noise().draw());
}

/// The sum of two potentials, which a sampler does not have: by the integration itself.
#[test]
fn a_composition_goes_a_layer_a_call_too() {
    let [a, b] = [&files(&digits())[0], &files(&digits())[1]];
    let (a, b) = (Model::parse(a).unwrap(), Model::parse(b).unwrap());
    let architectures = [a.architecture(), b.architecture()];
    let elements = arena::composition_elements(architectures.each_ref(), [a.arithmetic(), b.arithmetic()]);
    for solver in Solver::ALL {
        let mut drawn = Vec::new();
        for most in [u32::MAX, 1, 3] {
            let mut memory = vec![f32::NAN; elements];
            let mut sum = Composition::new([&a, &b], [plan(&a), plan(&b)], [0.6, 0.4], &mut memory).unwrap();
            let (mut x, mut buffers, mut noise) = (vec![0.0; 64], vec![f32::NAN; solver.buffers() * 64], noise());
            noise.fill(&mut x);
            let mut integration = Integration::new(solver, schedule(), a.homotopy(), 0.7).unwrap();
            while !integration.is_done() {
                integration.advance(most, &mut sum, &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();
            }
            assert_eq!(integration.progress(sum.parts(), x.len()), Progress::Done);
            drawn.push(bits(&x));
        }
        let mut memory = vec![f32::NAN; elements];
        let sum = Composition::new([&a, &b], [plan(&a), plan(&b)], [0.6, 0.4], &mut memory).unwrap();
        struct Whole<'a>(Composition<'a>);
        impl Drift for Whole<'_> {
            fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
                self.0.drift(x, time, drift).map(|_| ())
            }
        }
        let (mut x, mut buffers, mut noise) = (vec![0.0; 64], vec![f32::NAN; solver.buffers() * 64], noise());
        noise.fill(&mut x);
        let sde = Sde { drift: &mut Whole(sum), homotopy: a.homotopy(), temperature: 0.7 };
        solver.integrate(sde, schedule(), &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();
        assert!(drawn.iter().all(|other| *other == bits(&x)), "{solver:?}");
    }
}
