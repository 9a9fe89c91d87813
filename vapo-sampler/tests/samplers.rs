//! Samplers of integer arithmetic: what they make is what the definition of that arithmetic leads to.

mod common;

use common::integer::integer_potential;
use common::{digits, exponents, generator, graph, integer_model, plan, random_model, with_exponents};
use vapo_format::writer::replace_threshold;
use vapo_format::{Arithmetic, Encoding, Exponents, Model, Threshold, threshold};
use vapo_sampler::homotopy::coefficients;
use vapo_sampler::solver::{Drift, Sde};
use vapo_sampler::{Composition, Error, Noise, Potential, Sampler, Schedule, Solver, arena};

/// The definition's drift.
struct Definition<'a>(&'a Model<'a>);

impl Drift for Definition<'_> {
    fn drift(&mut self, x: &[f32], time: f32, drift: &mut [f32]) -> Result<(), Error> {
        let (_, found) = integer_potential(self.0, x, time, None);
        drift.copy_from_slice(&found);
        Ok(())
    }
}

fn schedule() -> Schedule {
    Schedule::graded(4, 0.8).unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The digits' network and some random ones.
fn files() -> Vec<Vec<u8>> {
    let architectures = [digits(), graph(0), graph(1), graph(2)];
    let files = architectures.iter().map(|architecture| random_model(architecture, Encoding::Int8, 4));
    files.map(|file| integer_model(&Model::parse(&file).unwrap(), 2.0, 0.0).unwrap()).collect()
}

fn memory(model: &Model<'_>, solver: Solver) -> Vec<f32> {
    vec![f32::NAN; arena::elements(&model.architecture(), model.arithmetic(), solver)]
}

#[test]
fn samples_are_those_of_the_definition() {
    for file in files() {
        let model = Model::parse(&file).unwrap();
        let elements = model.signal().elements();
        for (solver, temperature) in Solver::ALL.into_iter().flat_map(|solver| [(solver, 0.0), (solver, 0.7)]) {
            let (mut x, mut buffers) = (vec![0.0; elements], vec![0.0; solver.buffers() * elements]);
            let mut noise = Noise::new(generator(3));
            noise.fill(&mut x);
            let sde = Sde { drift: &mut Definition(&model), homotopy: model.homotopy(), temperature };
            solver.integrate(sde, schedule(), &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();

            let mut memory = memory(&model, solver);
            let mut sampler = Sampler::new(&model, plan(&model), solver, &mut memory).unwrap();
            for inpainted in [false, true] {
                let (mut noise, mut image) = (Noise::new(generator(3)), vec![f32::NAN; elements]);
                if inpainted {
                    sampler.inpaint(schedule(), temperature, &mut noise, |_| None, &mut image).unwrap();
                } else {
                    sampler.sample(schedule(), temperature, &mut noise, &mut image).unwrap();
                }
                assert!(image.iter().all(|value| value.is_finite()));
                assert_eq!(bits(&image), bits(&x), "{solver:?} at temperature {temperature}");
            }
        }
    }
}

#[test]
fn known_elements_end_as_they_are_and_the_others_depend_on_them() {
    for file in files() {
        let model = Model::parse(&file).unwrap();
        let elements = model.signal().elements();
        for solver in Solver::ALL {
            let [one, other] = [0.9, -0.9].map(|value| {
                let mut memory = memory(&model, solver);
                let mut sampler = Sampler::new(&model, plan(&model), solver, &mut memory).unwrap();
                let mut image = vec![f32::NAN; elements];
                let known = |index| (index < elements / 2).then_some(value);
                sampler.inpaint(schedule(), 0.7, &mut Noise::new(generator(3)), known, &mut image).unwrap();
                assert!(image[..elements / 2].iter().all(|&found| found == value));
                image
            });
            assert!(one[elements / 2..] != other[elements / 2..], "{solver:?}");
        }
    }
}

#[test]
fn a_trajectory_leads_to_the_same_sample_and_predicts_its_image() {
    for file in files() {
        let model = Model::parse(&file).unwrap();
        let elements = model.signal().elements();
        for (solver, half) in Solver::ALL.into_iter().flat_map(|solver| [(solver, false), (solver, true)]) {
            let known = |index: usize| (half && index < elements / 2).then_some(0.25);
            let mut memory = memory(&model, solver);
            let mut sampler = Sampler::new(&model, plan(&model), solver, &mut memory).unwrap();
            let (mut noise, mut image) = (Noise::new(generator(3)), vec![f32::NAN; elements]);
            sampler.inpaint(schedule(), 0.7, &mut noise, known, &mut image).unwrap();

            let (mut noise, mut x) = (Noise::new(generator(3)), vec![f32::NAN; elements]);
            noise.fill(&mut x);
            let (start, mut moments) = (x.clone(), Vec::new());
            sampler
                .trajectory(schedule(), 0.7, &mut noise, known, &mut x, |moment| {
                    let predicted: Vec<f32> = moment.predicted().collect();
                    moments.push((moment.step, moment.x.to_vec(), moment.drift.to_vec(), predicted));
                })
                .unwrap();
            assert_eq!(bits(&x), bits(&image), "{solver:?} {half}");
            assert_eq!(moments.len(), 4);
            assert_eq!(moments[0].1, start);
            for (index, (step, x, drift, predicted)) in moments.iter().enumerate() {
                assert_eq!(usize::from(step.index), index);
                let mut expected = vec![0.0; elements];
                sampler.potential().drift(x, step.start, &mut expected).unwrap();
                assert_eq!(bits(drift), bits(&expected), "{solver:?} {index}");
                // x = μD + σE and ∇Φ = μ′D + σ′E, so that D and E give both again.
                let at = coefficients(model.homotopy(), step.start);
                for ((x, drift), image) in x.iter().zip(drift).zip(predicted) {
                    let noise = (x - at.mean * image) / at.std;
                    let again = at.mean_rate * image + at.std_rate * noise;
                    assert!((again - drift).abs() < 1e-4 * (1.0 + drift.abs()), "{again} is not {drift}");
                }
            }
        }
    }
}

#[test]
fn verdicts_are_those_of_the_definition() {
    let time = 0.4;
    for file in files() {
        let model = Model::parse(&file).unwrap();
        let mut image = vec![0.0; model.signal().elements()];
        Noise::new(generator(5)).fill(&mut image);
        let mut energies = Vec::new();
        for energy in [f32::MIN, f32::MAX] {
            let mut judging = vec![0; file.len() + threshold::BYTES];
            let chosen = Threshold { energy, time, false_positive_rate: 0.05 };
            replace_threshold(&model, Some(chosen), &mut judging).unwrap();
            let judging = Model::parse(&judging).unwrap();
            assert_eq!(judging.arithmetic(), Arithmetic::Integer);
            let mut memory = memory(&judging, Solver::Euler);
            let mut sampler = Sampler::new(&judging, plan(&judging), Solver::Euler, &mut memory).unwrap();
            let verdict = sampler.verdict(&image).unwrap().unwrap();
            assert_eq!(verdict.anomalous, energy == f32::MIN);
            energies.push(verdict.energy);
        }
        let mean = coefficients(model.homotopy(), time).mean;
        let x: Vec<f32> = image.iter().map(|value| mean * value).collect();
        let half = 0.5 * x.iter().map(|x| x * x).sum::<f32>();
        let rest = half - time * integer_potential(&model, &x, time, None).0;
        let expected = match model.homotopy() {
            vapo_format::Homotopy::Linear => rest / (1.0 - time),
            vapo_format::Homotopy::Bayes => 2.0 * rest / (2.0 - time),
        };
        assert_eq!(bits(&energies), bits(&[expected; 2]));
    }
}

#[test]
fn potentials_of_both_arithmetics_add_with_their_weights() {
    let floats = random_model(&digits(), Encoding::Int8, 1);
    let floats = Model::parse(&floats).unwrap();
    let integers = integer_model(&floats, 2.0, 0.1).unwrap();
    let integers = Model::parse(&integers).unwrap();
    let mut x = [0.0; 64];
    Noise::new(generator(9)).fill(&mut x);
    for models in [[&floats, &integers], [&integers, &floats], [&integers, &integers]] {
        let alone = models.map(|model| {
            let mut memory = vec![f32::NAN; plan(model).elements()];
            let mut drift = [f32::NAN; 64];
            let mut potential = Potential::new(model, plan(model), &mut memory).unwrap();
            (potential.drift(&x, 0.6, &mut drift).unwrap(), drift)
        });
        let [a, b] = [1.5, -0.25];
        let architectures = models.map(Model::architecture);
        let needed = arena::composition_elements(architectures.each_ref(), models.map(Model::arithmetic));
        let mut memory = vec![f32::NAN; needed];
        let error = Composition::new(models, models.map(plan), [a, b], &mut memory[1..]).unwrap_err();
        assert_eq!(error, Error::Arena { needed, given: needed - 1 });
        let mut sum = Composition::new(models, models.map(plan), [a, b], &mut memory).unwrap();
        let mut drift = [f32::NAN; 64];
        let value = sum.drift(&x, 0.6, &mut drift).unwrap();
        let [first, second] = alone;
        assert_eq!(value, a * first.0 + b * second.0);
        assert!(drift.iter().zip(first.1.iter().zip(&second.1)).all(|(sum, (of_a, of_b))| *sum == a * of_a + b * of_b));
        // They differ, or it could not be told which was taken.
        if models[0].arithmetic() != models[1].arithmetic() {
            assert_ne!(first, second);
        }
    }
}

/// Addresses do not tell such models apart: the exponents do.
#[test]
fn a_plan_is_refused_for_other_exponents_and_for_another_arithmetic() {
    let floats = random_model(&digits(), Encoding::Int8, 1);
    let floats = Model::parse(&floats).unwrap();
    let one = exponents(&floats, Exponents { value: 10, cotangent: 3 });
    let mut other = one.clone();
    // That of the signal.
    other[0].value = 11;
    let mut third = one.clone();
    third[0].cotangent = 2;
    let files = [one, other, third].map(|exponents| with_exponents(&floats, &exponents));
    let [one, other, third] = files.each_ref().map(|file| Model::parse(file).unwrap());
    let mut memory = vec![0.0; 10_000];
    assert!(Potential::new(&one, plan(&one), &mut memory).is_ok());
    for wrong in [&other, &third, &floats] {
        assert_eq!(Potential::new(&one, plan(wrong), &mut memory).unwrap_err(), Error::Plan);
        assert_eq!(Potential::new(wrong, plan(&one), &mut memory).unwrap_err(), Error::Plan);
        assert_eq!(Sampler::new(&one, plan(wrong), Solver::Etd2, &mut memory).unwrap_err(), Error::Plan);
    }
}

#[test]
fn another_solver_draws_what_a_sampler_of_its_own_does() {
    let file = random_model(&digits(), Encoding::Int8, 3);
    let model = Model::parse(&file).unwrap();
    let plan = plan(&model);
    let draw = |made: Solver, set: Option<Solver>| {
        let mut memory = vec![f32::NAN; plan.elements_with(made)];
        let mut sampler = Sampler::new(&model, plan, made, &mut memory)?;
        set.map_or(Ok(()), |solver| sampler.set_solver(solver))?;
        let mut image = vec![0.0; model.signal().elements()];
        sampler.sample(Schedule::usual(3).unwrap(), 0.2, &mut Noise::new(generator(5)), &mut image)?;
        Ok::<_, Error>(image)
    };
    for solver in Solver::ALL {
        assert_eq!(draw(Solver::Etd2, Some(solver)), draw(solver, None));
        assert_eq!(draw(Solver::Etd2, Some(solver)) == draw(Solver::Etd2, None), solver == Solver::Etd2);
    }
    let needed = plan.elements_with(Solver::Heun);
    let given = plan.elements_with(Solver::Euler);
    assert_eq!(draw(Solver::Euler, Some(Solver::Heun)), Err(Error::Arena { needed, given }));
}
