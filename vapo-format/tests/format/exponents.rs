//! Which exponents nodes of integer arithmetic may have.

use crate::integer::at;
use crate::models::{random_numbers, write_integer};
use crate::rules::{graph, node};
use vapo_format::fixed_point::MAX_EXPONENT;
use vapo_format::layer::{Add, Concat, Conv, Readout, Signal, Silu, SpaceToDepth, Time, Up};
use vapo_format::writer::{Writer, renew};
use vapo_format::{Architecture, ArchitectureError, Calibration, Encoding, Error, Exponents, Fault, Model, Node};

/// A graph of every kind that has a rule, and exponents that it may have. One pixel, so that what depends on the signal is added
/// to what does not.
fn ruled() -> (Architecture, Vec<Exponents>) {
    let (nodes, exponents): (Vec<Node>, Vec<Exponents>) = [
        (node(Signal, &[]), at(12, 3)),
        (node(Time { features: 2 }, &[]), at(14, 0)),
        (node(Conv::linear(1), &[]), at(9, 0)),
        (node(Silu, &[]), at(8, 0)),
        (node(Conv::linear(2), &[]), at(10, 0)),
        (node(Silu, &[3, 4]), at(9, 0)),
        (node(Conv::linear(1), &[0]), at(10, 4)),
        (node(Silu, &[6, 4]), at(9, 1)),
        (node(Conv::linear(1), &[0]), at(10, 4)),
        (node(Silu, &[]), at(8, 1)),
        (node(Add, &[9, 5]), at(7, 1)),
        (node(Add, &[10, 7]), at(6, 1)),
        (node(Conv::linear(2), &[3]), at(11, 0)),
        (node(Readout, &[11, 12, 0]), at(0, 0)),
    ]
    .into_iter()
    .unzip();
    (graph((1, 1, 1), &nodes), exponents)
}

/// What the writer and the reader say to exponents for an architecture of which the others are good.
fn refused(architecture: &Architecture, good: &[Exponents], exponents: &[Exponents]) -> Option<u16> {
    let matrices = random_numbers(architecture, Encoding::Integer, 1);
    let calibration = |exponents| Calibration { exponents, digest: 7 };
    let file = write_integer(architecture, calibration(good), None, &matrices).expect("good");
    // The same file with the other exponents in place of the good ones.
    let bytes = |exponents: &[Exponents]| postcard::to_slice(exponents, &mut [0; 400]).expect("exponents").to_vec();
    let [old, new] = [bytes(good), bytes(exponents)];
    let start = file.windows(old.len()).position(|window| window == old).expect("exponents");
    let header = &mut file[..start].to_vec();
    header.extend(new);
    header.resize(header.len().next_multiple_of(4), 0);
    let length = header.len() as u16 - 8;
    header[6..8].copy_from_slice(&length.to_le_bytes());
    let weights = Model::parse(&file).expect("good").weights();
    let mut other = [&header[..], weights, &[0; 4]].concat();
    crate::corruption::fix_checksum(&mut other);

    let [mut buffer, mut same] = [vec![0; file.len() + 1024], vec![0; other.len()]];
    let written = Writer::integer(&mut buffer, architecture, Encoding::Integer, calibration(exponents), None).map(drop);
    let read = Model::parse(&other).map(|model| {
        assert!(model.exponents().eq(exponents.iter().copied()));
        assert_eq!(renew(&model, &mut same), Ok(other.len()));
        assert_eq!(same, other);
    });
    assert_eq!(written, read, "{exponents:?}");
    match read {
        Ok(()) => None,
        Err(Error::Architecture(ArchitectureError { node, fault: Fault::Exponents })) => Some(node),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn exponents_of_every_kind() {
    let (architecture, good) = ruled();
    let check = |changes: &[(usize, Exponents)], expected: Option<u16>| {
        let mut exponents = good.clone();
        changes.iter().for_each(|&(node, other)| exponents[node] = other);
        assert_eq!(refused(&architecture, &good, &exponents), expected, "{changes:?}");
    };
    check(&[], None);
    // The range of all.
    let end = MAX_EXPONENT + 1;
    for beyond in [at(end, 0), at(-end, 0), at(0, end), at(0, -end), at(i8::MIN, 0), at(0, i8::MAX)] {
        check(&[(0, beyond)], Some(0));
    }
    for within in [at(MAX_EXPONENT, MAX_EXPONENT), at(-MAX_EXPONENT, -MAX_EXPONENT)] {
        check(&[(0, within)], None);
    }
    // Cotangents of what does not depend on the signal, and of the read-out.
    for (node, own) in [1, 2, 3, 4, 5, 12, 13].map(|node| (node, good[node])) {
        for cotangent in [-1, 1] {
            check(&[(node, Exponents { cotangent, ..own })], Some(node as u16));
        }
    }
    for value in [-1, 1] {
        check(&[(13, at(value, 0))], Some(13));
    }
    // SiLU: a table of 16 knots a unit, and shifts from the input's exponent to its own.
    check(&[(3, at(4, 0))], None);
    check(&[(3, at(3, 0))], Some(3));
    check(&[(2, at(20, 0)), (3, at(15, 0))], None);
    check(&[(2, at(20, 0)), (3, at(16, 0))], Some(3));
    check(&[(3, at(9, 0))], None);
    check(&[(3, at(10, 0))], Some(3));
    check(&[(2, at(35, 0)), (3, at(4, 0))], None);
    check(&[(2, at(36, 0)), (3, at(4, 0))], Some(3));
    // Its cotangent.
    check(&[(8, at(10, 11))], None);
    check(&[(8, at(10, 12))], Some(9));
    check(&[(8, at(10, -20))], None);
    check(&[(8, at(10, -21))], Some(9));
    // FiLM.
    check(&[(4, at(14, 0))], None);
    check(&[(4, at(15, 0))], Some(5));
    check(&[(4, at(0, 0)), (5, at(8, 0)), (6, at(10, 0))], None);
    check(&[(4, at(-1, 0)), (5, at(7, 0)), (6, at(10, -1))], Some(5));
    check(&[(7, at(4, 1))], None);
    check(&[(7, at(3, 1))], Some(7));
    check(&[(7, at(15, 1))], None);
    check(&[(7, at(16, 1))], Some(7));
    check(&[(6, at(-1, 4))], None);
    check(&[(6, at(-2, 4))], Some(7));
    check(&[(6, at(30, 4))], None);
    check(&[(6, at(31, 4))], Some(7));
    check(&[(6, at(10, 10))], None);
    check(&[(6, at(10, 11))], Some(7));
    check(&[(6, at(10, -21))], None);
    check(&[(6, at(10, -22))], Some(7));
    // A sum's cotangent is that of its inputs, where they have one.
    check(&[(9, at(8, 0))], Some(10));
    check(&[(10, at(7, 0))], Some(10));
    check(&[(7, at(9, 0))], Some(11));
    check(&[(11, at(6, 2))], Some(11));
    check(&[(10, at(-40, 1)), (11, at(40, 1))], None);
}

/// What is only moved, and what is multiplied by weights, may have any exponents.
#[test]
fn exponents_of_other_kinds() {
    let nodes = [
        node(Signal, &[]),
        node(Time { features: 2 }, &[]),
        node(Conv::linear(6), &[]),
        node(SpaceToDepth, &[0]),
        node(Up::BOTH, &[]),
        node(Conv::down2x2(1), &[]),
        node(Concat, &[3, 5]),
        node(Readout, &[6, 2, 0]),
    ];
    let architecture = graph((1, 2, 2), &nodes);
    let good = [at(9, 2), at(9, 0), at(9, 0), at(9, 2), at(9, 2), at(9, 2), at(9, 2), at(0, 0)];
    let [low, high] = [-MAX_EXPONENT, MAX_EXPONENT];
    for (a, b) in [(low, high), (high, low)] {
        let exponents = [at(a, b), at(b, 0), at(a, 0), at(b, a), at(a, b), at(b, a), at(a, b), at(0, 0)];
        assert_eq!(refused(&architecture, &good, &exponents), None);
    }
}

#[test]
fn number_of_exponents() {
    let (architecture, good) = ruled();
    let last = good.len() as u16 - 1;
    for count in 0..good.len() {
        assert_eq!(refused(&architecture, &good, &good[..count]), Some(count as u16));
    }
    assert_eq!(refused(&architecture, &good, &[&good[..], &[at(0, 0)]].concat()), Some(last));
    assert_eq!(refused(&architecture, &good, &[at(0, 0); 160]), Some(3));
}
