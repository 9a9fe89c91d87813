//! The potential and its drift against an independent f64 reference: the first rung of the ladder of equivalence.

mod common;

use common::{SCALED, classes, dequantised, generator, graph, plan, random_model, shared_branch, unets, uniform, zoo};
use vapo_format::writer::{Values, file_bytes};
use vapo_format::{Arithmetic, Block, Encoding, Homotopy, Model, Writer};
use vapo_sampler::homotopy::coefficients;
use vapo_sampler::{Potential, arena};

/// f32 against f64: about 100 sums of rounding 6e-8 each, relative to the largest element.
const TOLERANCE: f64 = 1e-4;

fn evaluate(bytes: &[u8], x: &[f32], time: f32) -> (f32, Vec<f32>) {
    evaluate_of(bytes, x, time, None)
}

fn evaluate_of(bytes: &[u8], x: &[f32], time: f32, class: Option<u16>) -> (f32, Vec<f32>) {
    let model = Model::parse(bytes).unwrap();
    let mut memory = vec![f32::NAN; arena::potential_elements(&model.architecture(), Arithmetic::Float)];
    let mut drift = vec![f32::NAN; x.len()];
    let mut potential = Potential::new(&model, plan(&model), &mut memory).unwrap();
    potential.set_class(class).unwrap();
    let value = potential.drift(x, time, &mut drift).unwrap();
    (value, drift)
}

fn sample(elements: usize, seed: u64) -> Vec<f32> {
    let mut generator = generator(seed);
    (0..elements).map(|_| 2.0 * uniform(&mut generator)).collect()
}

#[test]
fn equals_the_f64_reference() {
    for (seed, architecture) in
        (0..).zip(zoo().into_iter().chain([shared_branch()]).chain((0..120).map(graph)).chain(unets()))
    {
        for encoding in [Encoding::Float32].into_iter().chain(SCALED) {
            let bytes = random_model(&architecture, encoding, seed);
            let model = Model::parse(&bytes).unwrap();
            for (time, class) in
                [0.0, 0.37, 1.0].into_iter().flat_map(|time| classes(&model).map(move |class| (time, class)))
            {
                let x = sample(architecture.signal.elements(), 100 + seed);
                let (potential, drift) = evaluate_of(&bytes, &x, time, class);
                let exact: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
                let expected = common::potential_of(&model, &exact, f64::from(time), class);
                let error = (f64::from(potential) - expected).abs() / expected.abs().max(1.0);
                assert!(error < TOLERANCE, "{architecture:?} {encoding:?} at {time}: {potential} is not {expected}");

                let expected = common::drift_of(&model, &exact, f64::from(time), class);
                let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
                for (found, expected) in drift.iter().zip(expected) {
                    let error = (f64::from(*found) - expected).abs() / largest;
                    assert!(error < TOLERANCE, "{architecture:?} {encoding:?} at {time}: {found} is not {expected}");
                }
            }
        }
    }
}

/// Weights are multiplied by their scales before anything else, so the encodings agree in every bit.
#[test]
fn scaled_weights_equal_their_products_exactly() {
    for (seed, architecture) in (0..).zip(zoo()) {
        for encoding in SCALED {
            let bytes = random_model(&architecture, encoding, seed);
            let floats = dequantised(&Model::parse(&bytes).unwrap());
            let x = sample(architecture.signal.elements(), seed);
            assert_eq!(evaluate(&bytes, &x, 0.6), evaluate(&floats, &x, 0.6), "{encoding} {architecture:?}");
        }
    }
}

/// The same check without the reference: the sampler's own potential, by differences in f32.
#[test]
fn drift_is_the_gradient_of_the_potential() {
    for (seed, architecture) in (0..).zip(zoo().into_iter().chain(unets())) {
        let bytes = random_model(&architecture, Encoding::Float32, seed);
        let x = sample(architecture.signal.elements(), seed);
        let (potential, drift) = evaluate(&bytes, &x, 0.2);
        let size = drift.iter().fold(0.0_f32, |size, value| size.max(value.abs()));
        let width = 1.0 / 128.0;
        // Rounding of two potentials over the difference of arguments, and the difference's own error.
        let tolerance = 64.0 * f32::EPSILON * potential.abs().max(1.0) / width + 5e-3 * size;
        for (i, found) in drift.iter().enumerate() {
            let (mut low, mut high) = (x.clone(), x.clone());
            low[i] -= width;
            high[i] += width;
            let expected = (evaluate(&bytes, &high, 0.2).0 - evaluate(&bytes, &low, 0.2).0) / (2.0 * width);
            assert!((found - expected).abs() < tolerance, "{architecture:?}, element {i}: {found} is not {expected}");
        }
    }
}

/// A model without weights but a readout's first bias `quadratic`: Φ = ½·quadratic·‖x‖² at every time.
fn quadratic_model(homotopy: Homotopy, quadratic: f32) -> Vec<u8> {
    let architecture = common::architecture(homotopy, (1, 2, 3), 4, &[Block::Head { channels: 2 }]);
    let mut bytes = vec![0; file_bytes(&architecture, Encoding::Float32).unwrap()];
    let mut writer = Writer::new(&mut bytes, &architecture, Encoding::Float32).unwrap();
    let factors = architecture.matrices().last().unwrap();
    for shape in architecture.matrices() {
        let mut biases = vec![0.0; shape.columns];
        if shape == factors {
            biases[0] = quadratic;
        }
        writer.matrix(&biases, Values::Float32(&vec![0.0; shape.rows * shape.columns])).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// For data N(0, s²I) the density at any time is N(0, vI) with v = μ²s² + σ², and the optimal potential
/// ½·(μ'μs² + σ'σ)/v·‖x‖²: its energy must be ‖x‖²/2v.
#[test]
fn energy_of_gaussian_data_is_their_negative_log_density() {
    for homotopy in [Homotopy::Linear, Homotopy::Bayes] {
        for time in [0.0, 0.3, 0.9] {
            let (at, square) = (coefficients(homotopy, time), 0.4 * 0.4);
            let variance = at.mean * at.mean * square + at.std * at.std;
            let slope = (at.mean_rate * at.mean * square + at.std_rate * at.std) / variance;
            let bytes = quadratic_model(homotopy, slope);
            let model = Model::parse(&bytes).unwrap();
            let mut memory = vec![0.0; arena::potential_elements(&model.architecture(), Arithmetic::Float)];
            let mut potential = Potential::new(&model, plan(&model), &mut memory).unwrap();
            let (x, mut drift) = (sample(6, 8), [0.0; 6]);
            potential.drift(&x, time, &mut drift).unwrap();
            assert!(drift.iter().zip(&x).all(|(drift, x)| (drift - slope * x).abs() < 1e-5));
            let expected = x.iter().map(|x| x * x).sum::<f32>() / (2.0 * variance);
            let found = potential.energy(&x, time).unwrap().unwrap();
            assert!((found / expected - 1.0).abs() < 1e-4, "{homotopy:?} at {time}: {found} is not {expected}");
        }
    }
}

#[test]
fn energy_follows_its_formula() {
    for architecture in zoo() {
        let bytes = random_model(&architecture, Encoding::Int8, 3);
        let model = Model::parse(&bytes).unwrap();
        let mut memory = vec![0.0; arena::potential_elements(&architecture, Arithmetic::Float)];
        let mut potential = Potential::new(&model, plan(&model), &mut memory).unwrap();
        let x = sample(architecture.signal.elements(), 4);
        let half = 0.5 * x.iter().map(|x| x * x).sum::<f32>();
        let value = potential.potential(&x, 0.25).unwrap();
        let expected = match architecture.homotopy {
            Homotopy::Linear => (half - 0.25 * value) / 0.75,
            Homotopy::Bayes => 2.0 * (half - 0.25 * value) / 1.75,
        };
        assert_eq!(potential.energy(&x, 0.25).unwrap(), Some(expected));
        assert_eq!(potential.energy(&x, 1.0).unwrap().is_none(), architecture.homotopy == Homotopy::Linear);
    }
}
