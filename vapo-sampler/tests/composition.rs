//! The weighted sum of two potentials.

mod common;

use common::{architecture, digits, generator, plan, random_model, uniform};
use vapo_format::{Arithmetic, Block, Encoding, Homotopy, Model};
use vapo_sampler::solver::Sde;
use vapo_sampler::{Composition, Error, Noise, Potential, Sampler, Schedule, Solver, arena};

/// Another network of the digits' images.
fn other() -> vapo_format::Architecture {
    architecture(Homotopy::Linear, (1, 8, 8), 5, &[Block::Conv { channels: 3 }, Block::Head { channels: 4 }])
}

fn image() -> Vec<f32> {
    let mut generator = generator(31);
    (0..64).map(|_| uniform(&mut generator)).collect()
}

/// Potential, drift and energy at time 0.6.
fn alone(model: &Model<'_>, x: &[f32]) -> (f32, Vec<f32>, f32) {
    let mut memory = vec![f32::NAN; arena::potential_elements(&model.architecture(), Arithmetic::Float)];
    let mut potential = Potential::new(model, plan(model), &mut memory).unwrap();
    let mut drift = vec![f32::NAN; x.len()];
    let value = potential.drift(x, 0.6, &mut drift).unwrap();
    (value, drift, potential.energy(x, 0.6).unwrap().unwrap())
}

fn composed(models: [&Model<'_>; 2], weights: [f32; 2], x: &[f32]) -> (f32, Vec<f32>, f32) {
    let [a, b] = models.map(Model::architecture);
    let mut memory = vec![f32::NAN; arena::composition_elements([&a, &b], [Arithmetic::Float; 2])];
    let mut sum = Composition::new(models, models.map(plan), weights, &mut memory).unwrap();
    let mut drift = vec![f32::NAN; x.len()];
    let value = sum.drift(x, 0.6, &mut drift).unwrap();
    let energy = sum.energy(x, 0.6).unwrap().unwrap();
    // Every element it asked for is used.
    assert!(memory.iter().all(|value| !value.is_nan()));
    (value, drift, energy)
}

#[test]
fn potentials_drifts_and_energies_add_with_the_weights() {
    let files = [(digits(), 1), (other(), 2)].map(|(of, seed)| random_model(&of, Encoding::Int8, seed));
    let models = [&files[0], &files[1]].map(|file| Model::parse(file).unwrap());
    let x = image();
    let [first, second] = [&models[0], &models[1]].map(|model| alone(model, &x));
    for weights in [[1.0, 0.0], [0.0, 1.0], [0.25, 0.75], [1.5, -0.5], [2.0, 3.0]] {
        let [a, b] = weights;
        let (value, drift, energy) = composed([&models[0], &models[1]], weights, &x);
        assert_eq!(value, a * first.0 + b * second.0);
        assert!(drift.iter().zip(first.1.iter().zip(&second.1)).all(|(sum, (of_a, of_b))| *sum == a * of_a + b * of_b));
        assert_eq!(energy, a * first.2 + b * second.2);
    }
}

#[test]
fn a_weight_of_one_beside_zero_samples_the_model_alone() {
    let files = [(digits(), 1), (other(), 2)].map(|(of, seed)| random_model(&of, Encoding::Int8, seed));
    let models = [&files[0], &files[1]].map(|file| Model::parse(file).unwrap());
    let schedule = Schedule::graded(4, 0.8).unwrap();
    for (solver, temperature) in Solver::ALL.into_iter().flat_map(|solver| [(solver, 0.0), (solver, 0.5)]) {
        let mut memory = vec![f32::NAN; arena::elements(&models[0].architecture(), Arithmetic::Float, solver)];
        let mut expected = [0.0; 64];
        let mut sampler = Sampler::new(&models[0], plan(&models[0]), solver, &mut memory).unwrap();
        sampler.sample(schedule, temperature, &mut Noise::new(generator(1)), &mut expected).unwrap();

        let mut memory = vec![f32::NAN; arena::composition_elements([&digits(), &other()], [Arithmetic::Float; 2])];
        let mut sum =
            Composition::new([&models[0], &models[1]], [&models[0], &models[1]].map(plan), [1.0, 0.0], &mut memory)
                .unwrap();
        let (mut noise, mut x, mut buffers) = (Noise::new(generator(1)), [0.0; 64], [0.0; 128]);
        noise.fill(&mut x);
        let homotopy = sum.homotopy();
        let sde = Sde { drift: &mut sum, homotopy, temperature };
        solver.integrate(sde, schedule, &mut noise, &mut x, &mut buffers, |_, _| ()).unwrap();
        assert_eq!(x, expected, "{solver:?} at temperature {temperature}");
    }
}

#[test]
fn what_has_no_sum_is_refused() {
    let layers = [Block::Head { channels: 2 }];
    let [eight, six, bayes] = [
        architecture(Homotopy::Linear, (1, 8, 8), 5, &layers),
        architecture(Homotopy::Linear, (1, 6, 8), 5, &layers),
        architecture(Homotopy::Bayes, (1, 8, 8), 5, &layers),
    ]
    .map(|architecture| random_model(&architecture, Encoding::Int8, 1));
    let [eight, six, bayes] = [&eight, &six, &bayes].map(|file| Model::parse(file).unwrap());
    let mut memory = vec![0.0; 4096];
    for other in [&six, &bayes] {
        let error = Composition::new([&eight, other], [&eight, other].map(plan), [0.5, 0.5], &mut memory).unwrap_err();
        let [a, b] = [&eight, other].map(|model| (model.signal(), model.homotopy()));
        assert_eq!(error, Error::Unlike { signals: [a.0, b.0], homotopies: [a.1, b.1] });
        let text = error.to_string();
        assert!(text.contains(&format!("8×8×1 linear and {} {}", b.0, b.1)), "{text}");
    }
    let error =
        Composition::new([&eight, &eight], [&eight, &eight].map(plan), [0.5, f32::INFINITY], &mut memory).unwrap_err();
    assert_eq!(error, Error::Weight { found: f32::INFINITY });
    assert!(matches!(
        Composition::new([&eight, &eight], [&eight, &eight].map(plan), [f32::NAN, 1.0], &mut memory),
        Err(Error::Weight { .. })
    ));
    let needed = arena::composition_elements([&eight.architecture(), &eight.architecture()], [Arithmetic::Float; 2]);
    let error = Composition::new([&eight, &eight], [&eight, &eight].map(plan), [0.5, 0.5], &mut memory[..needed - 1])
        .unwrap_err();
    assert_eq!(error, Error::Arena { needed, given: needed - 1 });
    let mut sum = Composition::new([&eight, &eight], [&eight, &eight].map(plan), [0.5, 0.5], &mut memory).unwrap();
    for found in [0, 63, 65] {
        let refused = Err(Error::Length { expected: 64, found });
        assert_eq!(sum.drift(&vec![0.0; found], 0.5, &mut [0.0; 64]), refused);
        assert_eq!(sum.energy(&vec![0.0; found], 0.5).map(|energy| energy.unwrap()), refused);
    }
    assert_eq!(sum.energy(&[0.0; 64], 1.0), Ok(None));
}
