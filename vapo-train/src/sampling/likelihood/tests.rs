//! Against Gaussians, whose density is known; against exact traces; and against the flow's own change of volume.

use super::*;
use crate::potential::parameters::Layout;
use crate::quantise::model_file;
use crate::run::preset::Preset;
use vapo_format::{Architecture, Encoding, Homotopy, Shape};
use vapo_sampler::Noise;

const SHAPE: Shape = Shape { channels: 1, height: 8, width: 8 };
const VALUES: usize = 64;

fn tiny() -> Architecture {
    Preset::named("tiny").unwrap().architecture(SHAPE, Homotopy::Linear)
}

/// Parameters of a potential q·|x|²/2 whose q is `slope` at all times.
fn quadratic(slope: f32) -> Vec<f32> {
    let layout = Layout::new(&tiny());
    let mut parameters = vec![0.0; layout.len()];
    parameters[layout.matrices.last().unwrap().bias().start] = slope;
    parameters
}

fn random(architecture: &Architecture, scale: f32) -> Vec<f32> {
    let mut noise = Noise::new(generator(1));
    (0..Layout::new(architecture).len()).map(|_| scale * noise.draw()).collect()
}

fn image(seed: u64) -> Vec<f64> {
    let mut noise = Noise::new(generator(seed));
    (0..VALUES).map(|_| 0.5 * f64::from(noise.draw())).collect()
}

/// √d times each unit vector: the mean of their εᵀ∇²Φε is the trace.
fn units(values: usize) -> Vec<f64> {
    let length = (values as f64).sqrt();
    (0..values * values).map(|place| if place / values == place % values { length } else { 0.0 }).collect()
}

/// x = x₀·exp(qT), so that p₁ is N(0, exp(2qT)·I).
#[test]
fn the_density_of_a_gaussian_is_its_formula() {
    for slope in [-1.5, 0.7_f32] {
        let flow = Flow::new(&tiny(), &quadratic(slope));
        let log_std = f64::from(slope) * (SPAN[1] - SPAN[0]);
        for seed in 0..3 {
            let x = image(seed);
            let squares: f64 = x.iter().map(|x| x * x).sum();
            let expected =
                -0.5 * squares * libm::exp(-2.0 * log_std) - 64.0 * (log_std + 0.5 * libm::log(std::f64::consts::TAU));
            let probes = signs(VALUES, &mut generator(seed));
            let (found, _) = log_density(&flow, x, &probes, 1e-8, &mut Memory::default()).unwrap();
            // Errors of the steps, each a part of 10⁻⁸.
            assert!((found - expected).abs() < 1e-5, "{slope} {seed}: {found} is not {expected}");
        }
    }
}

#[test]
fn one_probe_is_exact_where_the_hessian_is_a_multiple_of_the_identity() {
    let flow = Flow::new(&tiny(), &quadratic(-0.7));
    let (mut drift, x) = (vec![0.0; VALUES], image(3));
    for seed in 0..5 {
        let probes = signs(VALUES, &mut generator(seed));
        let found = flow.evaluate(&x, 0.4, &probes, &mut drift, &mut Memory::default());
        assert!((found - f64::from(-0.7_f32) * 64.0).abs() < 1e-9, "{found}");
        assert!(drift.iter().zip(&x).all(|(drift, x)| (drift - f64::from(-0.7_f32) * x).abs() < 1e-12));
    }
}

#[test]
fn the_estimate_is_the_exact_trace_on_average() {
    let flow = Flow::new(&tiny(), &random(&tiny(), 0.3));
    let (mut drift, x, mut memory) = (vec![0.0; VALUES], image(4), Memory::default());
    let exact = flow.evaluate(&x, 0.6, &units(VALUES), &mut drift, &mut memory);
    // By second differences of the potential itself.
    let h = 1e-4;
    let potential = |index: usize, step: f64| {
        let mut x = x.clone();
        x[index] += step;
        let samples = crate::potential::Samples { images: &x, times: &[0.6], classes: &[], dropout: None };
        flow.potential.evaluate::<crate::ops::Fused>(samples, &mut Memory::default()).potential[0]
    };
    let by_values: f64 = (0..VALUES)
        .map(|index| (potential(index, h) - 2.0 * potential(index, 0.0) + potential(index, -h)) / (h * h))
        .sum();
    // Rounding of the potential, 10⁻¹⁵ / h², for each value.
    assert!((exact - by_values).abs() < 1e-4 * exact.abs().max(1.0), "{exact} is not {by_values}");
    let mut generator = generator(9);
    let mut estimates = Vec::new();
    for _ in 0..2000 {
        estimates.push(flow.evaluate(&x, 0.6, &signs(VALUES, &mut generator), &mut drift, &mut memory));
    }
    let mean = estimates.iter().sum::<f64>() / 2000.0;
    let variance = estimates.iter().map(|found| (found - mean).powi(2)).sum::<f64>() / 1999.0;
    assert!(variance > 1e-6, "off the diagonal there is something: {variance}");
    let error = (variance / 2000.0).sqrt();
    assert!((mean - exact).abs() < 4.0 * error, "{mean} ± {error} is not {exact}");
    // Several probes are the mean of each.
    let probes = signs(3 * VALUES, &mut generator);
    let all = flow.evaluate(&x, 0.6, &probes, &mut drift, &mut memory);
    let each = probes.chunks(VALUES).map(|probe| flow.evaluate(&x, 0.6, probe, &mut drift, &mut memory)).sum::<f64>();
    assert!((all - each / 3.0).abs() < 1e-9);
}

/// log p₁(x₁) = log N(x₀) + log |det ∂x₀/∂x₁|, the derivatives by differences of whole ways: two a pixel, so that
/// there are 16 pixels.
#[test]
fn the_density_is_that_of_the_change_of_volume() {
    const PIXELS: usize = 16;
    let shape = Shape { channels: 1, height: 4, width: 4 };
    let network = Preset::named("tiny").unwrap().architecture(shape, Homotopy::Linear);
    let flow = Flow::new(&network, &random(&network, 0.3));
    let mut memory = Memory::default();
    let x = image(5)[..PIXELS].to_vec();
    let (found, _) = log_density(&flow, x.clone(), &units(PIXELS), 1e-8, &mut memory).unwrap();
    let mut back = |x: &[f64]| {
        let mut y = x.to_vec();
        let control = Control { tolerance: 1e-9, least_step: LEAST_STEP, most_evaluations: MOST_EVALUATIONS };
        integrate(Method::Rk45, &control, [SPAN[1], SPAN[0]], &mut y, |time, y, slope| {
            flow.evaluate(y, time, &[], slope, &mut memory);
            Ok::<(), Infallible>(())
        })
        .unwrap();
        y
    };
    let mut jacobian = nalgebra::DMatrix::zeros(PIXELS, PIXELS);
    let h = 1e-3;
    for column in 0..PIXELS {
        let ends = [h, -h].map(|step| {
            let mut x = x.clone();
            x[column] += step;
            back(&x)
        });
        for row in 0..PIXELS {
            jacobian[(row, column)] = (ends[0][row] - ends[1][row]) / (2.0 * h);
        }
    }
    let squares: f64 = back(&x).iter().map(|x| x * x).sum();
    let prior = -0.5 * squares - PIXELS as f64 / 2.0 * libm::log(std::f64::consts::TAU);
    let volume = libm::log(jacobian.determinant().abs());
    assert!(volume.abs() > 0.1, "{volume}");
    // Of the differences, their step's square, 10⁻⁶, a derivative.
    assert!((found - prior - volume).abs() < 1e-3, "{} is not {volume}", found - prior);
}

fn dataset() -> Dataset {
    Dataset::new("test", SHAPE, 255, (0..5 * 64).map(|place| (place * 37 % 256) as u8).collect(), None).unwrap()
}

#[test]
fn noise_fills_grey_levels_evenly_and_no_further() {
    let dataset = dataset();
    let (mut values, mut generator) = (Vec::new(), generator(2));
    dataset.fill(&[1], &mut values);
    let mut all = Vec::new();
    for _ in 0..200 {
        let noisy = dequantised(&dataset, 1, 2.0 / 255.0, &mut generator);
        all.extend(noisy.iter().zip(&values).map(|(noisy, value)| 127.5 * (noisy - f64::from(*value))));
    }
    assert!(all.iter().all(|noise| (-0.5..0.5).contains(noise)));
    let count = all.len() as f64;
    let (mean, variance) =
        (all.iter().sum::<f64>() / count, all.iter().map(|noise| noise * noise).sum::<f64>() / count);
    // Four standard errors of mean 0 and variance 1/12.
    assert!(mean.abs() < 4.0 * (1.0 / 12.0 / count).sqrt(), "{mean}");
    assert!((variance - 1.0 / 12.0).abs() < 4.0 * (1.0 / 180.0 / count).sqrt(), "{variance}");
}

/// A density that is even over all 256 grey levels has 8 bits a value, one over 17 levels log₂ 17.
#[test]
fn bits_are_those_of_grey_levels() {
    for levels in [256.0, 17.0] {
        let level = 2.0 / (levels - 1.0);
        let even = -64.0 * libm::log(levels * level);
        assert!((bits(even, 64, level) - libm::log2(levels)).abs() < 1e-12);
    }
    assert!((bits(0.0, 64, 2.0 / 255.0) - libm::log2(127.5)).abs() < 1e-12);
}

#[test]
fn an_image_has_the_same_numbers_alone_and_on_any_number_of_threads() {
    let file = model_file(&tiny(), &random(&tiny(), 0.3), Encoding::Int8).unwrap();
    let (model, dataset) = (Model::parse(&file).unwrap(), dataset());
    let settings = Settings { probes: 2, seed: 8, tolerance: 1e-3 };
    let on = |threads: usize, indices: &[usize]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| likelihoods(&model, &dataset, indices, &settings, || ())).unwrap()
    };
    let all = on(1, &[0, 1, 2, 3, 4]);
    assert_eq!(all, on(3, &[0, 1, 2, 3, 4]));
    assert_eq!(all[3..4], on(1, &[3]));
    assert!(all.iter().all(|found| found.bits == bits(found.log_density, 64, f64::from(2.0_f32 / 255.0))));
    let other = likelihoods(&model, &dataset, &[3], &Settings { seed: 9, ..settings }, || ()).unwrap();
    assert!(other[0].bits != all[3].bits, "another seed, other noise");
}

#[test]
fn models_without_derivatives_and_ways_without_end_are_refused() {
    let dataset = dataset();
    let settings = Settings { probes: 1, seed: 0, tolerance: 1e-3 };
    let file = model_file(&tiny(), &random(&tiny(), 1e15), Encoding::Float32).unwrap();
    let found = likelihoods(&Model::parse(&file).unwrap(), &dataset, &[2, 3], &settings, || ());
    // In f64 such drifts may be finite; no step is short enough for them.
    let is_refused =
        matches!(found, Err(LikelihoodError::NotFinite { image: 2 } | LikelihoodError::Step { image: 2, .. }));
    assert!(is_refused, "{found:?}");
    let integers = include_bytes!("../../../../vapo-sampler/firmware/models/digits.vapo");
    let model = Model::parse(integers).unwrap();
    let dataset = Dataset::new("test", model.signal(), 255, vec![0; 64], None).unwrap();
    assert_eq!(likelihoods(&model, &dataset, &[0], &settings, || ()), Err(LikelihoodError::Integers));
}
