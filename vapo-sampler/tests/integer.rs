//! Integer arithmetic: as near to float arithmetic on the same weights as its roundings let it be, for every kind of network.

mod common;

use common::{generator, graph, integer_model, plan, random_model};
use vapo_format::{Arithmetic, Encoding, Model};
use vapo_sampler::{Noise, Potential, arena};

/// Mean and largest 1 − cosine between the drifts of two models, along a path of the first.
fn errors(float: &Model<'_>, integer: &Model<'_>, step_length: f32) -> (f64, f64) {
    let plans = [float, integer].map(plan);
    let elements = |model: &Model<'_>| arena::potential_elements(&model.architecture(), model.arithmetic());
    let (mut of_float, mut of_integer) = (vec![f32::NAN; elements(float)], vec![f32::NAN; elements(integer)]);
    let mut float = Potential::new(float, plans[0], &mut of_float).unwrap();
    let mut integer = Potential::new(integer, plans[1], &mut of_integer).unwrap();
    let length = float.signal().elements();
    let (mut a, mut b) = (vec![0.0; length], vec![f32::NAN; length]);
    let mut all = Vec::new();
    for seed in 100..116 {
        let mut x = vec![0.0; length];
        Noise::new(generator(seed)).fill(&mut x);
        for step in 0..10_u8 {
            let time = f32::from(step) / 10.0;
            float.drift(&x, time, &mut a).unwrap();
            integer.drift(&x, time, &mut b).unwrap();
            let dot =
                |x: &[f32], y: &[f32]| -> f64 { x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum() };
            all.push(1.0 - dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt());
            x.iter_mut().zip(&a).for_each(|(x, drift)| *x += step_length * drift);
        }
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    (mean, all.into_iter().fold(0.0, f64::max))
}

#[test]
fn trained_models_have_the_drift_of_float_arithmetic() {
    for (name, bytes) in [
        ("digits", &include_bytes!("../firmware/models/digits-int8.vapo")[..]),
        ("fashion", &include_bytes!("../firmware/models/fashion-70000-int8.vapo")[..]),
    ] {
        let float = Model::parse(bytes).unwrap();
        let integer = integer_model(&float, 2.0, 0.1).unwrap();
        let (mean, most) = errors(&float, &Model::parse(&integer).unwrap(), 0.1);
        println!("{name}: mean {mean:.2e}, most {most:.2e}");
        assert!(mean < 8e-6 && most < 5e-5, "{name}: {mean:e}, {most:e}");
    }
}

/// Some have activations so large that little of them is left in 16 bits, and some none at all.
#[test]
fn random_graphs_have_the_drift_of_float_arithmetic() {
    let mut means: Vec<f64> = Vec::new();
    for seed in 0..150 {
        let float = random_model(&graph(seed), Encoding::Int8, seed);
        let float = Model::parse(&float).unwrap();
        let Some(integer) = integer_model(&float, 2.0, 0.0) else { continue };
        let integer = Model::parse(&integer).unwrap();
        assert_eq!(integer.arithmetic(), Arithmetic::Integer);
        let (mean, most) = errors(&float, &integer, 0.0);
        println!("{seed}: mean {mean:.2e}, most {most:.2e}");
        means.push(mean);
    }
    means.sort_by(f64::total_cmp);
    let at = |part: f64| means[(part * means.len() as f64) as usize];
    println!("{} graphs: median {:.1e}, 9 of 10 {:.1e}", means.len(), at(0.5), at(0.9));
    assert!(means.len() > 140 && at(0.5) < 5e-5 && at(0.9) < 2e-3, "{means:?}");
}

/// By the kernels of devices and by the widest vectors of this processor.
#[cfg(feature = "wide")]
#[test]
fn random_graphs_have_the_same_bits_by_vectors() {
    use vapo_sampler::kernel::wide::Unpacked;
    for seed in 0..150 {
        let float = random_model(&graph(seed), Encoding::Int8, seed);
        let Some(integer) = integer_model(&Model::parse(&float).unwrap(), 2.0, 0.0) else { continue };
        let model = Model::parse(&integer).unwrap();
        let unpacked = Unpacked::new(&model);
        let elements = arena::potential_elements(&model.architecture(), Arithmetic::Integer);
        let [mut narrow, mut wide] = [(); 2].map(|()| vec![f32::NAN; elements]);
        let mut narrow = Potential::new(&model, plan(&model), &mut narrow).unwrap();
        let mut wide = Potential::new(&model, plan(&model), &mut wide).unwrap().unpacked(&unpacked);
        let length = model.signal().elements();
        let (mut x, mut a, mut b) = (vec![0.0; length], vec![0.0; length], vec![f32::NAN; length]);
        Noise::new(generator(seed)).fill(&mut x);
        for time in [0.0, 0.7] {
            let of_narrow = narrow.drift(&x, time, &mut a).unwrap();
            assert_eq!(of_narrow.to_bits(), wide.drift(&x, time, &mut b).unwrap().to_bits(), "graph {seed}");
            assert!(a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits()), "graph {seed}");
        }
    }
}
