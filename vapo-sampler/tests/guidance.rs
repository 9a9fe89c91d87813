//! Samples of a class, and guidance.

mod common;

use common::{conditional, generator, integer_model, plan, random_model};
use vapo_format::writer::replace_classifier;
use vapo_format::{Classifier, Encoding, Model};
use vapo_sampler::solver::{Drift, Sde};
use vapo_sampler::{Condition, Error, Noise, Potential, Sampler, Schedule, Solver};

/// The model with three classes, in floats and in integers.
fn files() -> [Vec<u8>; 2] {
    let float = random_model(&conditional(), Encoding::Int8, 5);
    let integer = integer_model(&Model::parse(&float).unwrap(), 2.0, 0.1).unwrap();
    [float, integer]
}

/// (1 + w)·∇Φ(·, c) − w·∇Φ(·, ∅), each by a potential of its own.
struct Formula<'a> {
    model: &'a Model<'a>,
    condition: Condition,
    evaluations: u32,
}

impl Formula<'_> {
    fn of(&mut self, class: Option<u16>, x: &[f32], time: f32) -> (f32, Vec<f32>) {
        let (mut memory, mut drift) = (vec![f32::NAN; plan(self.model).elements()], vec![f32::NAN; x.len()]);
        let mut potential = Potential::new(self.model, plan(self.model), &mut memory).unwrap();
        potential.set_class(class).unwrap();
        self.evaluations += 1;
        (potential.drift(x, time, &mut drift).unwrap(), drift)
    }
}

impl Drift for Formula<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        let Condition { class, guidance } = self.condition;
        let (_, of_class) = self.of(class, x, time);
        drift.copy_from_slice(&of_class);
        if guidance != 0.0 {
            let (_, null) = self.of(None, x, time);
            drift.iter_mut().zip(null).for_each(|(drift, null)| *drift += guidance * (*drift - null));
        }
        Ok(())
    }
}

#[test]
fn samples_follow_the_formula_with_every_solver() {
    for file in files() {
        let model = Model::parse(&file).unwrap();
        let elements = model.signal().elements();
        let mut seen = Vec::new();
        for (class, guidance) in [(None, 0.0), (Some(0), 0.0), (Some(2), 0.0), (Some(2), 1.5), (Some(2), -0.5)] {
            let condition = Condition { class, guidance };
            for solver in Solver::ALL {
                let schedule = Schedule::graded(4, 0.8).unwrap();
                let (mut x, mut buffers) = (vec![0.0; elements], vec![0.0; solver.buffers() * elements]);
                let mut noise = Noise::new(generator(3));
                noise.fill(&mut x);
                let mut formula = Formula { model: &model, condition, evaluations: 0 };
                let sde = Sde { drift: &mut formula, homotopy: model.homotopy(), temperature: 0.3 };
                solver.integrate(sde, schedule, &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();
                assert_eq!(formula.evaluations, solver.evaluations(4) * if guidance == 0.0 { 1 } else { 2 });

                let mut arena = vec![f32::NAN; plan(&model).elements_guided(solver)];
                let mut sampler = Sampler::new(&model, plan(&model), solver, &mut arena).unwrap();
                sampler.set_condition(condition).unwrap();
                let mut image = vec![f32::NAN; elements];
                sampler.sample(schedule, 0.3, &mut Noise::new(generator(3)), &mut image).unwrap();
                assert_eq!(image, x, "{condition:?} {solver:?}");
                sampler.inpaint(schedule, 0.3, &mut Noise::new(generator(3)), |_| None, &mut image).unwrap();
                assert_eq!(image, x, "{condition:?} {solver:?}");
                seen.push(image);
            }
        }
        seen.dedup();
        assert_eq!(seen.len(), 5 * Solver::ALL.len(), "conditions and solvers all matter");
    }
}

#[test]
fn without_guidance_no_further_memory_is_needed() {
    let [file, _] = files();
    let model = Model::parse(&file).unwrap();
    let (plan, elements) = (plan(&model), model.signal().elements());
    let needed = plan.elements_with(Solver::Etd2);
    for (further, refused) in [(0, true), (elements - 1, true), (elements, false)] {
        let mut arena = vec![0.0; needed + further];
        let mut sampler = Sampler::new(&model, plan, Solver::Etd2, &mut arena).unwrap();
        assert_eq!(sampler.set_condition(Condition::of(Some(1))), Ok(()));
        let error = Error::Arena { needed: needed + elements, given: needed + further };
        let expected = if refused { Err(error) } else { Ok(()) };
        assert_eq!(sampler.set_condition(Condition { class: Some(1), guidance: 1.0 }), expected);
    }
}

#[test]
fn classes_and_guidance_that_there_are_not_are_refused() {
    let [file, _] = files();
    let without = random_model(&common::digits(), Encoding::Int8, 5);
    for (file, classes) in [(&file, 3), (&without, 0)] {
        let model = Model::parse(file).unwrap();
        let mut arena = vec![0.0; 100_000];
        let mut sampler = Sampler::new(&model, plan(&model), Solver::Euler, &mut arena).unwrap();
        assert_eq!(sampler.potential().classes(), classes);
        let mut ask = |class, guidance| sampler.set_condition(Condition { class, guidance });
        assert_eq!(ask(None, 0.0), Ok(()));
        assert_eq!(ask(Some(classes), 0.0), Err(Error::Class { classes, found: classes }));
        assert_eq!(ask(None, 1.0), Err(Error::Guidance { found: 1.0 }));
        assert!(ask(Some(0), f32::NAN).is_err() && ask(Some(0), f32::INFINITY).is_err());
        assert_eq!(sampler.potential().set_class(Some(7)), Err(Error::Class { classes, found: 7 }));
    }
    let text = |classes| Error::Class { classes, found: 7 }.to_string();
    assert_eq!(text(3), "the model has the classes 0 to 2, found class 7");
    assert_eq!(text(0), "the model has no classes, found class 7: ask for none, or train with classes");
}

/// The least energy, offset added, by the potential's own energies.
#[test]
fn the_class_of_samples_is_not_that_of_energies() {
    let file = &files()[0];
    let model = Model::parse(file).unwrap();
    let mut arena = vec![0.0; plan(&model).elements_guided(Solver::Etd2)];
    let mut sampler = Sampler::new(&model, plan(&model), Solver::Etd2, &mut arena).unwrap();
    let mut image = vec![0.0; model.signal().elements()];
    for (own, guidance) in [(None, 0.0), (Some(1), 0.0), (Some(1), 2.0)] {
        sampler.potential().set_class(own).unwrap();
        Noise::new(generator(8)).fill(&mut image);
        let before = sampler.potential().energy(&image, 0.7).unwrap();
        let x = image.clone();
        sampler.set_condition(Condition { class: Some(2), guidance }).unwrap();
        sampler.sample(Schedule::usual(2).unwrap(), 0.0, &mut Noise::new(generator(3)), &mut image).unwrap();
        assert_eq!((sampler.potential().class(), sampler.potential().energy(&x, 0.7).unwrap()), (own, before));
    }
}

#[test]
fn the_class_is_that_of_the_least_energy_with_its_offset() {
    for file in files() {
        let plain = Model::parse(&file).unwrap();
        let mut energies = Vec::new();
        let mut image = vec![0.0; plain.signal().elements()];
        Noise::new(generator(8)).fill(&mut image);
        let x: Vec<f32> = image.iter().map(|value| 0.7 * value).collect();
        for class in 0..3 {
            let mut memory = vec![0.0; plan(&plain).elements()];
            let mut potential = Potential::new(&plain, plan(&plain), &mut memory).unwrap();
            potential.set_class(Some(class)).unwrap();
            energies.push(potential.energy(&x, 0.7).unwrap().unwrap());
        }
        for winner in 0..3_u16 {
            // Offsets that let each class win once, by 1 and by 3.
            let offsets = (0..3_u16).map(|class| {
                let lead = [0.0, 1.0, 3.0][usize::from((class + 3 - winner) % 3)];
                lead - energies[usize::from(class)]
            });
            let section: Vec<u8> = [0.7, 1.0].into_iter().chain(offsets).flat_map(f32::to_le_bytes).collect();
            let mut judging = vec![0; file.len() + section.len()];
            replace_classifier(&plain, Classifier::new(&section), &mut judging).unwrap();
            let model = Model::parse(&judging).unwrap();
            let mut arena = vec![0.0; plan(&model).elements_with(Solver::Euler)];
            let mut sampler = Sampler::new(&model, plan(&model), Solver::Euler, &mut arena).unwrap();
            sampler.potential().set_class(Some(1)).unwrap();
            let found = sampler.classify(&image).unwrap().unwrap();
            assert_eq!((found.class, sampler.potential().class()), (winner, Some(1)));
            assert!(found.energy.abs() < 1e-4 && (found.margin - 1.0).abs() < 1e-4, "{found:?}");
        }
        let mut arena = vec![0.0; plan(&plain).elements_with(Solver::Euler)];
        let mut sampler = Sampler::new(&plain, plan(&plain), Solver::Euler, &mut arena).unwrap();
        assert_eq!(sampler.classify(&image), Ok(None));
    }
}
