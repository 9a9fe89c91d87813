//! The published U-Net on a small scale against PyTorch: the trainer's double backward in f64, and the sampler in f32. See
//! `golden/torch_unet.py`.

use dfdx::prelude::Cpu;
use std::collections::HashMap;
use std::fs::File;
use vapo_format::architecture::MAX_NODES;
use vapo_format::unet::Unet;
use vapo_format::{Architecture, Encoding, Homotopy, Model, Shape};
use vapo_sampler::PlanFor;
use vapo_train::ops::fused::memory::Memory;
use vapo_train::ops::{Composite, Fused, Kernels};
use vapo_train::potential::parameters::Layout;
use vapo_train::potential::{Evaluation, Potential, Samples, Seeds};
use vapo_train::quantise::model_file;

/// Sums of a few hundred f64 terms in another order, relative to the largest element.
const TOLERANCE: f64 = 1e-11;

fn golden() -> HashMap<String, Vec<f64>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/unet-potential.npz");
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let count = archive.len();
    let mut read = |index| {
        let file = archive.by_index(index).unwrap();
        let name = file.name().trim_end_matches(".npy").to_owned();
        (name, npyz::NpyFile::new(file).unwrap().into_vec::<f64>().unwrap())
    };
    (0..count).map(&mut read).collect()
}

fn assert_equal(found: &[f64], exact: &[f64], what: &str) {
    assert_eq!(found.len(), exact.len(), "{what}");
    let scale = exact.iter().fold(0.0_f64, |scale, value| scale.max(value.abs()));
    assert!(scale > 0.0, "{what} is zero");
    for (i, (found, exact)) in found.iter().zip(exact).enumerate() {
        assert!((found - exact).abs() <= TOLERANCE * scale, "{what} {i}: {found} is not {exact}");
    }
}

fn small() -> Architecture {
    let unet = Unet { features: 6, embedding: 5, levels: &[4, 6], blocks: 1, attention: 1, heads: 2, groups: 2 };
    unet.architecture(Shape { channels: 2, height: 6, width: 4 }, Homotopy::Linear, 0).unwrap()
}

fn compare<K: Kernels<f64, Cpu>>(mut memory: K::Memory) {
    let golden = golden();
    let array = |name: &str| golden.get(name).unwrap_or_else(|| panic!("no array {name}")).as_slice();
    let architecture = small();
    assert_eq!(Layout::new(&architecture).len(), array("parameters").len());
    let potential = Potential::new(&architecture, array("parameters"), &Cpu::default());
    let samples = Samples { images: array("images"), times: array("times"), classes: &[], dropout: None };
    let Evaluation { potential: values, drift, time_rate } = potential.evaluate::<K>(samples, &mut memory);
    assert_equal(&values, array("potential"), "potential");
    assert_equal(&drift, array("drift"), "drift");
    assert_equal(&time_rate, array("time_rate"), "rate in time");
    let seeds =
        Seeds { potential: array("seed_potential"), drift: array("seed_drift"), time_rate: array("seed_time_rate") };
    let gradient = potential.gradient::<K>(samples, seeds, &mut memory);
    assert_equal(&gradient, array("gradient"), "gradient of parameter");
}

#[test]
fn fused_gradients_equal_pytorch() {
    compare::<Fused>(Memory::default());
}

#[test]
fn composite_gradients_equal_pytorch() {
    compare::<Composite>(());
}

/// Σ seeds · (Φ, ∇Φ, ∂Φ/∂t) at parameters, whose gradient [`Potential::gradient`] returns.
fn seeded(parameters: &[f64], samples: Samples<'_, f64>, seeds: Seeds<'_, f64>) -> f64 {
    let potential = Potential::new(&small(), parameters, &Cpu::default());
    let found = potential.evaluate::<Fused>(samples, &mut Memory::default());
    let product = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f64>();
    product(&found.potential, seeds.potential)
        + product(&found.drift, seeds.drift)
        + product(&found.time_rate, seeds.time_rate)
}

/// One parameter after the other: none is left out. The central difference errs by h² and by rounding over h.
#[test]
fn the_gradient_of_every_parameter_is_a_difference_quotient() {
    const STEP: f64 = 1e-5;
    let golden = golden();
    let array = |name: &str| golden[name].as_slice();
    let samples = Samples { images: array("images"), times: array("times"), classes: &[], dropout: None };
    let seeds =
        Seeds { potential: array("seed_potential"), drift: array("seed_drift"), time_rate: array("seed_time_rate") };
    let potential = Potential::new(&small(), array("parameters"), &Cpu::default());
    // The passes back go by what the passes forward kept.
    let mut memory = Memory::default();
    potential.evaluate::<Fused>(samples, &mut memory);
    let gradient = potential.gradient::<Fused>(samples, seeds, &mut memory);
    let scale = gradient.iter().fold(0.0_f64, |scale, value| scale.max(value.abs()));
    let mut parameters = array("parameters").to_vec();
    let mut largest = 0.0_f64;
    for (index, exact) in gradient.iter().enumerate() {
        let value = parameters[index];
        let mut at = |offset: f64| {
            parameters[index] = value + offset;
            seeded(&parameters, samples, seeds)
        };
        let quotient = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        parameters[index] = value;
        largest = largest.max((quotient - exact).abs());
        assert!((quotient - exact).abs() <= 1e-6 * scale, "parameter {index}: {quotient} is not {exact}");
    }
    println!("{} parameters, the largest difference is {:e} of the largest element", gradient.len(), largest / scale);
}

/// Through a file of float32 weights: sums of f32 through some thirty layers.
#[test]
fn the_sampler_equals_pytorch() {
    let golden = golden();
    let floats = |name: &str| golden[name].iter().map(|&value| value as f32).collect::<Vec<_>>();
    let architecture = small();
    let file = model_file(&architecture, &floats("parameters"), Encoding::Float32).unwrap();
    let model = Model::parse(&file).unwrap();
    let plan = PlanFor::<MAX_NODES>::new(&model).unwrap();
    let mut memory = vec![f32::NAN; plan.elements()];
    let mut sampler = vapo_sampler::Potential::new(&model, &plan, &mut memory).unwrap();
    let size = architecture.signal.elements();
    for (index, (image, time)) in floats("images").chunks_exact(size).zip(floats("times")).enumerate() {
        let mut drift = vec![0.0; size];
        let potential = f64::from(sampler.drift(image, time, &mut drift).unwrap());
        let exact = golden["potential"][index];
        assert!((potential - exact).abs() <= 1e-5 * exact.abs(), "{potential} is not {exact}");
        let expected = &golden["drift"][index * size..(index + 1) * size];
        let scale = expected.iter().fold(0.0_f64, |scale, value| scale.max(value.abs()));
        for (found, exact) in drift.iter().zip(expected) {
            assert!((f64::from(*found) - exact).abs() <= 1e-5 * scale, "{found} is not {exact}");
        }
    }
}
