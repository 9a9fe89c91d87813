//! Integer arithmetic of the sampler against the same arithmetic written a second time, from the specification: every bit.

mod common;

use common::integer::integer_potential;
use common::{SCALED, classes, generator, graph, integer_model, plan, random_model, shared_branch, zoo};
use vapo_format::{Arithmetic, Encoding, Model};
use vapo_sampler::{Noise, Potential, arena};

/// Noise, what saturates nearly everywhere, and what is the same everywhere.
fn signals(elements: usize, seed: u64) -> Vec<(&'static str, Vec<f32>)> {
    let mut noise = vec![0.0; elements];
    Noise::new(generator(seed)).fill(&mut noise);
    let wild = noise.iter().map(|x| 100.0 * x).collect();
    let constant = |value| vec![value; elements];
    vec![
        ("noise", noise),
        ("wild noise", wild),
        ("zeros", constant(0.0)),
        ("ones", constant(1.0)),
        ("-1e6", constant(-1e6)),
    ]
}

fn assert_bits(found: (f32, &[f32]), expected: (f32, &[f32]), what: &str) {
    assert_eq!(found.0.to_bits(), expected.0.to_bits(), "potential of {what}: {} is not {}", found.0, expected.0);
    for (element, (found, expected)) in found.1.iter().zip(expected.1).enumerate() {
        assert_eq!(found.to_bits(), expected.to_bits(), "element {element} of {what}: {found} is not {expected}");
    }
}

/// On all signals, at three times, by every kernel of this build.
fn check(file: &[u8], name: &str) {
    let model = Model::parse(file).unwrap();
    assert_eq!(model.arithmetic(), Arithmetic::Integer);
    let mut memory = vec![f32::NAN; arena::potential_elements(&model.architecture(), Arithmetic::Integer)];
    let mut potential = Potential::new(&model, plan(&model), &mut memory).unwrap();
    #[cfg(feature = "wide")]
    let unpacked = vapo_sampler::kernel::wide::Unpacked::new(&model);
    #[cfg(feature = "wide")]
    let mut wide_memory = vec![f32::NAN; plan(&model).elements()];
    #[cfg(feature = "wide")]
    let mut wide = Potential::new(&model, plan(&model), &mut wide_memory).unwrap().unpacked(&unpacked);
    for (kind, x) in signals(model.signal().elements(), 9) {
        for (time, class) in
            [0.0, 0.3, 0.95].into_iter().flat_map(|time| classes(&model).map(move |class| (time, class)))
        {
            let what = format!("{name}, {kind}, time {time}, class {class:?}");
            let expected = integer_potential(&model, &x, time, class);
            potential.set_class(class).unwrap();
            let expected = (expected.0, &expected.1[..]);
            let mut drift = vec![f32::NAN; x.len()];
            let found = potential.drift(&x, time, &mut drift).unwrap();
            assert_bits((found, &drift), expected, &what);
            assert_eq!(potential.potential(&x, time).unwrap().to_bits(), found.to_bits(), "{what}");
            #[cfg(feature = "wide")]
            {
                wide.set_class(class).unwrap();
                let found = wide.drift(&x, time, &mut drift).unwrap();
                assert_bits((found, &drift), expected, &format!("{what}, by vectors"));
            }
        }
    }
}

/// With room in 16 bits for twice what noise made, and with so little that most activations saturate.
const HEADROOMS: [f32; 2] = [2.0, 0.05];

#[test]
fn random_graphs_equal_the_definition() {
    let graphs = (0..300).map(|seed| (format!("graph {seed}"), graph(seed)));
    let others = zoo().into_iter().enumerate().map(|(index, architecture)| (format!("zoo {index}"), architecture));
    let mut checked = 0;
    for (name, architecture) in graphs.chain(others).chain([("shared branch".into(), shared_branch())]) {
        // Matrices of fewer bits are those of many channels, which random graphs have not.
        let encodings = if name.starts_with("zoo") { &SCALED[..] } else { &[Encoding::Int8] };
        for &encoding in encodings {
            let float = random_model(&architecture, encoding, 77);
            for headroom in HEADROOMS {
                let Some(file) = integer_model(&Model::parse(&float).unwrap(), headroom, 0.0) else { continue };
                check(&file, &format!("{name} in {encoding}, headroom {headroom}"));
                checked += 1;
            }
        }
    }
    println!("{checked} models");
    assert!(checked > 580, "{checked}");
}

#[test]
fn trained_models_equal_the_definition() {
    for (name, bytes) in [
        ("digits", &include_bytes!("../firmware/models/digits-int8.vapo")[..]),
        ("fashion", &include_bytes!("../firmware/models/fashion-70000-int8.vapo")[..]),
    ] {
        let float = Model::parse(bytes).unwrap();
        for headroom in HEADROOMS {
            check(&integer_model(&float, headroom, 0.1).unwrap(), &format!("{name}, headroom {headroom}"));
        }
    }
}
